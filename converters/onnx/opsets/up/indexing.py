"""The bounds of Slice were attributes before opset 10; ScatterElements was called Scatter before 11."""

from __future__ import annotations

from mgeconvert.ir.builder import Builder

from .table import Form, attributes_to_inputs, upgrade

upgrade("Slice", since=10)(attributes_to_inputs("starts", "ends", "axes"))


@upgrade("Scatter", since=11)
def scatter(_: Builder, form: Form) -> Form:
    """Scatter(x, i, updates) -> ScatterElements(x, i, updates)"""
    return Form("ScatterElements", form.inputs, form.attrs)
