"""Which operator rows Caffe refuses or computes otherwise, and why; every other row must agree with MegEngine.

A row must be refused where its graph has an operator of the backend's table of refusals, or one of these forms of an
operator that is otherwise written.
"""

from __future__ import annotations

import re

FORMS = {
    "Cast": "Caffe has no layer that rounds, so a real number cannot become an integer",
    "Conv": "its w is computed; Caffe needs a constant",
    "Div": "Caffe has no layer that rounds, so integers cannot be divided",
    "Pow": "Caffe's Power has a constant exponent and its Exp a constant base; neither is one number here",
}
"""Operator to the reason against one form of it."""

OPEN = "Caffe's shapes are fixed"
"""The end of the reason against what follows a refused operator whose result's size is known only at run time."""

ROUNDED = (
    r"quantization/(qat|quantized)-.*",
    r"quantization/FakeQuant-3x5-scalar-scalar-qmin=(-128-qmax=127|0-qmax=255)",
    r"quantization/(TQT|LSQ)-.*",
)
"""Rows whose result is rounded to the steps of a quantized type, which float32 does not do: Caffe's differs."""


def is_rounded(row: str) -> bool:
    """Whether the row, ``family/id``, is one of ROUNDED."""
    return any(re.fullmatch(pattern, row) for pattern in ROUNDED)
