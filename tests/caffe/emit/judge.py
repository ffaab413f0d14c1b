"""Which operator rows Caffe refuses, and why; every other row must agree with MegEngine.

A row must be refused where its graph has an operator of the backend's table of refusals, or one of these forms of an
operator that is otherwise written.
"""

from __future__ import annotations

FORMS = {
    ("Cast", "Caffe has no layer that rounds, so a real number cannot become an integer"),
    ("Conv", "its w is computed; Caffe needs a constant"),
    ("Div", "Caffe has no layer that rounds, so integers cannot be divided"),
    ("Expand", "its shape is computed; Caffe needs a constant"),
    ("Pow", "Caffe's Power has a constant exponent and its Exp a constant base; neither is one number here"),
    ("Slice", "its starts is computed; Caffe needs a constant"),
    ("TopK", "its k is computed; Caffe needs a constant"),
    ("Slice", "its ends is computed; Caffe needs a constant"),
}
"""Operators and the reason against one form of them."""
