"""Shapes and what only moves elements: reshape, transpose, concat, split, pad, constants made by rule.

Source: measured on dumps of MegEngine 1.13.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from mgeconvert.tracedmodule.lower.operands import INT32, cast
from mgeconvert.tracedmodule.lower.shapes import pack, sizes_of

from .layouts import StaticBuilder, concat_in_nchw, from_nchw, packed, to_nchw
from .matmul import in_one
from .relayouts import put_together, taken_apart
from .table import lower, opdef, value_of

opdef("Broadcast", "Broadcast")
opdef("Eye", "Eye")
opdef("Padding", "Padding")
opdef("Split", "Split")


@lower("Concat")
def concat(b: Builder, *inputs: Value, axis: int) -> Value:
    assert isinstance(b, StaticBuilder)
    if all(part.dtype == INT32 and (part in b.elements or part.shape == (1,)) for part in inputs):
        return pack(b, [size for part in inputs for size in sizes_of(b, part)])
    joined = concat_in_nchw(b, inputs, axis)
    return value_of(b, "Concat", *inputs, axis=axis) if joined is None else joined


@lower("ReshapeV1")
def reshape(b: Builder, inp: Value, shape: Value, *, axis: int) -> Value:
    assert isinstance(b, StaticBuilder)
    inp = b.apart.get(inp, inp)
    result = value_of(b, "Reshape", inp, shape, axis=axis)
    if result.shape == inp.shape and inp.shape is not None:
        return inp
    product = in_one(b, inp, result.shape)
    if product is not None:
        return product
    b.reshaped.setdefault(result, inp)
    return result


@lower("Dimshuffle")
def dimshuffle(b: Builder, inp: Value, *, pattern: Sequence[int]) -> Value:
    """Also how optimize_for_inference moves between layouts, together with a Reshape before or after it."""
    assert isinstance(b, StaticBuilder)
    back = taken_apart(b, inp, pattern)
    if back is not None:
        return back
    result = value_of(b, "Dimshuffle", inp, pattern=pattern)
    put_together(b, inp, pattern, result)
    return result


@lower("GetVarShapeV1")
def get_var_shape(b: Builder, inp: Value, *others: Value, axis: int) -> Value:
    """The shape of the input, of several that of their broadcast result."""
    for other in others:
        inp = b.op("Add", cast(b, inp, "float32"), cast(b, other, "float32"))
    return value_of(b, "GetVarShape", inp, axis=axis)


@lower("AxisAddRemove")
def axis_add_remove(b: Builder, inp: Value, *, desc: Sequence[dict[str, Any]]) -> Value:
    """One after the other, each position in the shape so far."""
    assert isinstance(b, StaticBuilder)
    result = inp
    for step in desc:
        result = b.op("Unsqueeze" if step["method"] == "ADD_1" else "Squeeze", result, [step["axis"]])
    b.reshaped.setdefault(result, inp)
    return result


@lower("Linspace")
def linspace(b: Builder, start: Value, stop: Value, num: Value, *, endpoint: bool) -> Value:
    """Ends of two types are floats; how many numbers there are may be said as a float."""
    ends = [start, stop] if start.dtype == stop.dtype else [cast(b, start, "float32"), cast(b, stop, "float32")]
    return value_of(b, "Linspace", *ends, cast(b, num, "int32"), endpoint=endpoint)


@lower("Alloc")
def alloc(b: Builder, shape: Value, *, dtype: Any) -> Value:
    """Memory of a shape, whose content nobody reads: zeros."""
    return value_of(b, "Fill", shape, value=0.0, dtype=dtype)


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
"""Mode of RelayoutFormat to the layouts of activations before and after. Source: MegEngine's description of the
operator; a mode ``A_B`` moves activations, the others weights."""
_WEIGHTS: Mapping[str, tuple[str, str, Mapping[str, int]]] = {
    "INTER_WEIGHT_DENSE": ("O I H W", "O/ H W I o", {"O": 4}),
    "INTER_WEIGHT_DENSEI": ("O I H W", "O/ H W I o", {"O": 4}),
    "INTER_WEIGHT_GROUP": ("G O I H W", "G O/ H W I o", {"O": 4}),
    "INTER_WEIGHT_GROUPI": ("G O I H W", "G O/ H W I o", {"O": 4}),
    "NCHW_NCHW88_CONV_DENSE_WEIGHT": ("O I H W", "O/ I/ H W i o", {"O": 8, "I": 8}),
    "NCHW_NCHW88_CONV_CHAN_WEIGHT": ("G O I H W", "G/ O I H W g", {"G": 8}),
    "NCHW_NCHW88_CONV_GROUP_WEIGHT": ("G O I H W", "G O/ I/ H W i o", {"O": 8, "I": 8}),
}
"""Mode to the axes of a weight before and after, and the sizes of its blocks."""


@lower("RelayoutFormatV1")
def relayout_format(b: Builder, inp: Value, *, mode: str, oc: int, group: int) -> Value:
    """From one memory layout to another. `oc` is how many channels are left where blocks end, 0 for all."""
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
