"""RelayoutFormat: from one layout to another, by modes that name both.

Source: MegEngine's description of RelayoutFormat. A mode ``A_B`` moves activations, the others weights.
"""

from __future__ import annotations

from collections.abc import Mapping

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .layouts import from_nchw, packed, to_nchw
from .table import lower

_ACTIVATIONS: Mapping[str, tuple[str, str]] = {
    "NHWC_NHWCD4": ("NHWC", "NHWCD4"),
    "NHWCD4_NHWC": ("NHWCD4", "NHWC"),
    "NHWC_NHWCD4I": ("NHWC", "NHWCD4"),
    "NHWCD4I_NHWC": ("NHWCD4", "NHWC"),
    "NCHW_NHWCD4": ("NCHW", "NHWCD4"),
    "NCHW_NHWCD4I": ("NCHW", "NHWCD4"),
    "NHWCD4_NCHW": ("NHWCD4", "NCHW"),
    "NHWCD4I_NCHW": ("NHWCD4", "NCHW"),
    "NCHW4_CHWN4": ("NCHW4", "CHWN4"),
    "CHWN4_NCHW4": ("CHWN4", "NCHW4"),
    "NCHW_NCHW88": ("NCHW", "NCHW88"),
    "NCHW88_NCHW": ("NCHW88", "NCHW"),
    "NCHW_NCHW4_IC_SMALL": ("NCHW", "NCHW4"),
    "NCHW_NCHW4": ("NCHW", "NCHW4"),
    "NCHW4_NCHW": ("NCHW4", "NCHW"),
    "NCHW_NCHW64": ("NCHW", "NCHW64"),
    "NCHW64_NCHW": ("NCHW64", "NCHW"),
    "NCHW_NHWC": ("NCHW", "NHWC"),
    "NHWC_NCHW": ("NHWC", "NCHW"),
}
_WEIGHTS: Mapping[str, tuple[str, str, Mapping[str, int]]] = {
    "INTER_WEIGHT_DENSE": ("O I H W", "O/ H W I o", {"O": 4}),
    "INTER_WEIGHT_DENSEI": ("O I H W", "O/ H W I o", {"O": 4}),
    "INTER_WEIGHT_GROUP": ("G O I H W", "G O/ H W I o", {"O": 4}),
    "INTER_WEIGHT_GROUPI": ("G O I H W", "G O/ H W I o", {"O": 4}),
    "NCHW_NCHW88_CONV_DENSE_WEIGHT": ("O I H W", "O/ I/ H W i o", {"O": 8, "I": 8}),
    "NCHW_NCHW88_CONV_CHAN_WEIGHT": ("G O I H W", "G/ O I H W g", {"G": 8}),
    "NCHW_NCHW88_CONV_GROUP_WEIGHT": ("G O I H W", "G O/ I/ H W i o", {"O": 8, "I": 8}),
}


@lower("RelayoutFormatV1")
def relayout_format(b: Builder, inp: Value, *, mode: str, oc: int, group: int) -> Value:
    """`oc` is how many channels are left where blocks end, 0 for all."""
    if mode in _WEIGHTS:
        order, layout, blocks = _WEIGHTS[mode]
        return packed(b, inp, layout, order, blocks)
    if mode not in _ACTIVATIONS or group != 1:
        refuse(f"the relayout {mode} of {group} groups")
    source, target = _ACTIVATIONS[mode]
    x = to_nchw(b, inp, source)
    if oc and target == "NCHW":
        x = b.op("Slice", x, [0], [oc], [1])
    return from_nchw(b, x, target)
