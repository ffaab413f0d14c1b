"""The bounds of Clip were attributes before opset 11."""

from __future__ import annotations

import numpy as np

from mgeconvert.ir.builder import Builder

from .table import Form, upgrade


@upgrade("Clip", since=11)
def clip_bounds(b: Builder, form: Form) -> Form:
    """Clip(x, min=, max=) -> Clip(x, low, high)"""
    x = form.data()
    bounds = [form.attrs.pop("min", None), form.attrs.pop("max", None)]
    form.inputs[1:] = [None if bound is None else b.constant(np.asarray(bound, x.dtype)) for bound in bounds]
    return form
