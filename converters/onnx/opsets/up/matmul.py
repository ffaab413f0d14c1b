"""The axis of DFT was an attribute before opset 20; Gemm was told to broadcast before 7."""

from __future__ import annotations

import numpy as np

from mgeconvert.ir.builder import Builder

from .table import Form, upgrade, without_attributes

upgrade("Gemm", since=7)(without_attributes("broadcast"))


@upgrade("DFT", since=20)
def dft_axis(b: Builder, form: Form) -> Form:
    """DFT(x, length, axis=) -> DFT(x, length, axis)"""
    axis = b.constant(np.asarray(form.attrs.pop("axis", 1), np.int64))
    form.inputs = [form.data(), form.input(1), axis]
    return form
