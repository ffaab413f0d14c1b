"""The exponent of LpPool was a float before opset 2."""

from __future__ import annotations

from mgeconvert.errors import refuse
from mgeconvert.ir.builder import Builder

from .table import Form, upgrade


@upgrade("GlobalLpPool", "LpPool", since=2)
def whole_exponent(_: Builder, form: Form) -> Form:
    """LpPool(x, p=2.0) -> LpPool(x, p=2)"""
    exponent = form.attrs.get("p", 2.0)
    if not isinstance(exponent, float | int) or exponent != int(exponent):
        refuse(f"p {exponent}, which is no whole number")
    form.attrs["p"] = int(exponent)
    return form
