"""What convolutions and pools share: sizes, windows, padding by name, one spatial axis as two."""

from __future__ import annotations

import math
from typing import Any

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value

from .attributes import numbers
from .builder import EmitBuilder, again


def spatial_sizes(x: Value | None) -> tuple[int, ...]:
    """The sizes of the spatial axes, which padding depends on."""
    if x is None or x.shape is None or any(isinstance(size, str) for size in x.shape[2:]):
        refuse("padding that depends on a size which is only known at run time")
    return tuple(int(size) for size in x.shape[2:])


def kernel_of(node: Node) -> tuple[int, ...]:
    """The window; a convolution may leave it to its weight."""
    given = numbers(node, "kernel_shape", ())
    weight = node.inputs[1] if len(node.inputs) > 1 else None
    if not given and (weight is None or weight.static_shape is None):
        refuse("a window whose size is only known at run time")
    return given if given or weight is None or weight.static_shape is None else weight.static_shape[2:]


def explicit_pads(node: Node) -> tuple[int, ...]:
    """The padding before and after each axis, with auto_pad worked out."""
    kernel = kernel_of(node)
    dims = len(kernel)
    mode = str(node.attrs.get("auto_pad", "NOTSET"))
    if not mode.startswith("SAME"):
        return (0,) * 2 * dims if mode == "VALID" else numbers(node, "pads", (0,) * 2 * dims)
    strides, dilations = (numbers(node, name, (1,) * dims) for name in ("strides", "dilations"))
    before, after = [], []
    for size, window, stride, dilation in zip(spatial_sizes(node.inputs[0]), kernel, strides, dilations, strict=True):
        total = max((math.ceil(size / stride) - 1) * stride + (window - 1) * dilation + 1 - size, 0)
        less, more = total // 2, total - total // 2
        before.append(less if mode == "SAME_UPPER" else more)
        after.append(more if mode == "SAME_UPPER" else less)
    return (*before, *after)


def padded(b: EmitBuilder, x: Value | None, pads: tuple[int, ...], fill: float) -> Value:
    """`x` with its spatial axes padded."""
    assert x is not None
    dims = len(pads) // 2
    return b.op("Pad", x, [0, 0, *pads[:dims], 0, 0, *pads[dims:]], b.constant(fill, x.dtype), mode="constant")


_UNIT = {"kernel_shape": 1, "strides": 1, "dilations": 1, "output_padding": 0}
"""What a window has along an axis of size 1."""


def with_unit_axis(b: EmitBuilder, node: Node) -> Value:
    """A node of one spatial axis as one of two, the second of size 1."""
    changes: dict[str, Any] = {
        name: (*numbers(node, name, ()), unit) for name, unit in _UNIT.items() if name in node.attrs
    }
    if "output_shape" in node.attrs:
        changes["output_shape"] = (numbers(node, "output_shape", ())[-1], 1)
    if "pads" in node.attrs:
        before, after = numbers(node, "pads", ())
        changes["pads"] = (before, 0, after, 0)
    operands = list(node.inputs[1:])
    if operands and operands[0] is not None:
        operands[0] = b.op("Unsqueeze", operands[0], [3])
    return b.op("Squeeze", again(b, node, b.op("Unsqueeze", node.inputs[0], [3]), operands, **changes), [3])
