"""Normalizations.

Source: l2norm.cc, local_response_norm.cc of tensorflow/lite/kernels/.
"""

from __future__ import annotations

from mgeconvert.ir import Value

from ..layout.wants import CHANNELS_FIRST, FOLLOW
from .table import lower
from .translation import Translation


@lower("L2_NORMALIZATION", wants=FOLLOW)
def l2_normalization(t: Translation, x: Value) -> Value:
    """x / max(sqrt(sum(x * x)), 1e-6) along the last axis, the kernel's own bound."""
    norm = t.b.op("ReduceL2", x, [t.axis(-1)], keepdims=1)
    return t.b.op("Div", x, t.b.op("Max", norm, 1e-6))


@lower("LOCAL_RESPONSE_NORMALIZATION", wants=CHANNELS_FIRST)
def local_response_normalization(t: Translation, x: Value) -> Value:
    """ONNX divides alpha by the number of channels in the window, TFLite does not."""
    size = 2 * t.option("Radius") + 1
    return t.b.op("LRN", x, size=size, alpha=t.option("Alpha") * size, beta=t.option("Beta"), bias=t.option("Bias"))
