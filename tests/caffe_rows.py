"""Which operator rows Caffe refuses or computes otherwise, and why; every other row must agree with MegEngine."""

from __future__ import annotations

import re

REFUSED = {
    r"elemwise/(sin|cos|tan|asin|acos|atan|atan2)-.*": "Caffe has no trigonometric layer",
    r"elemwise/(floor|ceil|round|mod|fmod|floor_div)-.*": "Caffe has no layer that rounds",
    r"elemwise/__[ir]?(floor|ceil|round|mod|floordiv|divmod|trunc)__-.*": "Caffe has no layer that rounds",
    r"elemwise/(__i?pow__|pow)-2x3-2x3": "Caffe's Power has a constant exponent and its Exp a constant base",
    r"opdef/TypeCvt-2x3-dtype=int32|tensor/astype-2x3-int32": "a real number cannot become an integer",
    r"selection/one_hot-2x3.int32-5": "a real number cannot become an integer",
    r"math/isnan|opdef/ElemwiseMultiType-2x3-mode=isnan-dtype=bool": "tests for infinity or NaN",
    r"nn/conv2d-1x3x6x6-4x3x3x3": "its w is computed; Caffe needs a constant",
    r"sampling/remap-.*border_mode=wrap.*": "Caffe has no layer that rounds",
    r"sampling/([Rr]emap|warp_affine|warp_perspective|WarpAffine|WarpPerspective)-.*": "Caffe has no sampling layer",
    r"sampling/(deformable_conv2d|DeformableConv2d|roi_pooling|roi_align)-.*": "Caffe has no sampling layer",
    r"sampling/nms-.*": "BVLC Caffe has no detection layers",
    r"selection/(cond_take|CondTake)-.*": "a Caffe blob's shape is fixed when the net is loaded",
    r"quantization/FakeQuant-.*qmin=-8-qmax=7": "Caffe has no layer that rounds",
}
"""Row, as ``family/id``, to a part of the reason that the refusal must give."""

ROUNDED = (
    r"quantization/(qat|quantized)-.*",
    r"quantization/FakeQuant-3x5-scalar-scalar-qmin=(-128-qmax=127|0-qmax=255)",
    r"quantization/(TQT|LSQ)-.*",
)
"""Rows whose result is rounded to the steps of a quantized type, which float32 does not do: Caffe's differs."""


def refusal(row: str) -> str | None:
    """Part of the reason with which Caffe must refuse the row ``family/id``; None: it must not."""
    return next((reason for pattern, reason in REFUSED.items() if re.fullmatch(pattern, row)), None)


def is_rounded(row: str) -> bool:
    return any(re.fullmatch(pattern, row) for pattern in ROUNDED)
