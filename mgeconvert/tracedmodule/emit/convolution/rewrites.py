"""Rewrites of convolutions: computed weights, padding that differs by side, other ranks."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value, table_size

from ..attributes import integer, numbers
from ..builder import EmitBuilder, again
from ..operands import rank, tensor_of
from ..quantization.functional import in_shape
from ..scopes import origin
from ..table import rewrite
from ..windows import explicit_pads, kernel_of, padded, spatial_sizes, with_unit_axis


@rewrite("Conv")
def grouped_over_one_axis(b: EmitBuilder, node: Node) -> Value | None:
    """``Conv(x, w, group) -> Squeeze(Conv(Unsqueeze(x), Unsqueeze(w), group))``: MegEngine's conv1d has one group."""
    return with_unit_axis(b, node) if rank(node.inputs[0]) == 3 and integer(node, "group", 1) > 1 else None


@rewrite("Conv")
def uneven_convolution(b: EmitBuilder, node: Node) -> Value | None:
    """``Conv(x, w, pads=p) -> Conv(Pad(x, p), w)`` where p differs by side; padding by name becomes numbers."""
    pads = explicit_pads(node)
    half = len(pads) // 2
    if pads[:half] == pads[half:]:
        if pads == numbers(node, "pads", (0,) * len(pads)) and "auto_pad" not in node.attrs:
            return None
        return again(b, node, tensor_of(node), node.inputs[1:], pads=pads, auto_pad=None)
    x = padded(b, node.inputs[0], pads, 0.0)
    return again(b, node, x, node.inputs[1:], pads=(0,) * len(pads), auto_pad=None)


@rewrite("Relu", about="Conv")
def convolution_and_relu(b: EmitBuilder, node: Node) -> Value | None:
    """``Relu(Conv(x, w, c)) -> ConvRelu(x, w, c)`` where the source had one module of both."""
    made = b.producer(node.inputs[0], "Conv", alone=True)
    if made is None or made.domain or origin(node)[1] not in ("ConvRelu2d", "ConvBnRelu2d") or made.scope != node.scope:
        return None
    return b.call("ConvRelu", [b.typed(node.output)], *made.inputs, **made.attrs)[0]


@rewrite("ConvTranspose")
def transposed_convolution(b: EmitBuilder, node: Node) -> Value | None:
    """``ConvTranspose(x, w, c, pads=p) -> Slice(ConvTranspose(x, w), p) + c`` where MegEngine does not take p.

    That is padding by name, different by side, or with extra output; the extra output beyond the uncropped result is
    zero. One spatial axis becomes two."""
    x, weight, bias = [*node.inputs, None][:3]
    dims = rank(x) - 2
    if dims == 1:
        return with_unit_axis(b, node)
    strides, dilations = (numbers(node, name, (1,) * dims) for name in ("strides", "dilations"))
    extra = numbers(node, "output_padding", (0,) * dims)
    pads = _crop(node, dims, strides, dilations, extra)
    even = pads[:dims] == pads[dims:]
    known = even and "auto_pad" not in node.attrs and "output_shape" not in node.attrs
    if known and (not any(extra) or (dims == 2 and extra[0] and all(map(int.__lt__, extra, strides)))):
        return None
    removed = {"auto_pad": None, "output_shape": None}
    if even and not any(extra):
        return again(b, node, tensor_of(node), node.inputs[1:], pads=pads, output_padding=None, **removed)
    full = again(b, node, tensor_of(node), [weight], pads=(0,) * 2 * dims, output_padding=None, **removed)
    sizes = spatial_sizes(full)
    stops = [size - after + more for size, after, more in zip(sizes, pads[dims:], extra, strict=True)]
    beyond = tuple(max(stop - size, 0) for stop, size in zip(stops, sizes, strict=True))
    if any(beyond):
        full = padded(b, full, (0,) * dims + beyond, 0.0)
    cut = b.op("Slice", full, list(pads[:dims]), stops, list(range(2, 2 + dims)), [1] * dims)
    return cut if bias is None else b.op("Add", cut, b.op("Reshape", bias, [1, -1, *[1] * dims]))


def _crop(
    node: Node, dims: int, strides: tuple[int, ...], dilations: tuple[int, ...], extra: tuple[int, ...]
) -> tuple[int, ...]:
    """What is cut off before and after each axis; a negative number after is what is missing there."""
    mode = str(node.attrs.get("auto_pad", "NOTSET"))
    wanted = numbers(node, "output_shape", ())[-dims:]
    if not wanted and not mode.startswith("SAME"):
        return numbers(node, "pads", (0,) * 2 * dims)
    before, after = [], []
    for axis, (size, window) in enumerate(zip(spatial_sizes(node.inputs[0]), kernel_of(node), strict=True)):
        target = wanted[axis] if wanted else size * strides[axis]
        total = strides[axis] * (size - 1) + extra[axis] + (window - 1) * dilations[axis] + 1 - target
        cut = max(total, 0)
        before.append(cut // 2 if mode == "SAME_UPPER" else cut - cut // 2)
        after.append(total - before[-1])
    return (*before, *after)


@rewrite("Conv", "ConvTranspose")
def computed_weights(b: EmitBuilder, node: Node) -> Value | None:
    """``Conv(x, w, c) -> ConvOf(x, w in MegEngine's layout, c in (1, C, 1, 1))`` where a weight is computed;
    transposed too.

    Padding that MegEngine does not take has been rewritten before."""
    x, weight, bias = [*node.inputs, None][:3]
    if weight is None or (weight.array is not None and (bias is None or bias.array is not None)):
        return None
    shape, groups, dims = weight.static_shape, integer(node, "group", 1), rank(x) - 2
    if shape is None:
        refuse("a convolution whose weight has a shape that is only known at run time")
    if groups > 1:
        weight = in_shape(b, weight, (groups, shape[0] // groups, *shape[1:]))
    if bias is not None:
        channels = shape[0] if node.op == "Conv" else shape[1] * groups
        bias = in_shape(b, bias, (1, channels, *(1,) * dims))
    return b.call(f"{node.op}Of", [b.typed(node.output)], x, weight, bias, **node.attrs)[0]


@rewrite("DeformConv")
def deformable_convolution(b: EmitBuilder, node: Node) -> Value | None:
    """``DeformConv(x, w, offset, c) -> DeformConv(Pad(x), w, offset, mask=1) + c``: MegEngine's always has a mask, its
    bias is (1, C, 1, 1), and its padding the same on both sides."""
    x, weight, offset, bias, mask = [*node.inputs, None, None][:5]
    assert offset is not None
    groups = integer(node, "offset_group", 1)
    if weight is not None and weight.static_shape is not None and weight.static_shape[0] % groups:
        refuse(f"DeformConv to {weight.static_shape[0]} channels, which {groups} groups of offsets do not divide")
    pads = numbers(node, "pads", (0,) * 4)
    if pads[:2] != pads[2:]:
        padded = b.op("Pad", x, [0, 0, *pads[:2], 0, 0, *pads[2:]])
        return b.op("DeformConv", padded, *node.inputs[1:], **node.attrs | {"pads": (0,) * 4})  # type: ignore[arg-type]
    if mask is not None and bias is None:
        return None
    if mask is None:
        shape = offset.static_shape
        if shape is None:
            refuse("DeformConv without a mask, of a size that is only known at run time")
        mask = b.constant(table_size.ones((shape[0], shape[1] // 2, *shape[2:]), np.float32))
    output = b.op("DeformConv", x, weight, offset, None, mask, **node.attrs)  # type: ignore[arg-type]
    return output if bias is None else b.op("Add", output, b.op("Reshape", bias, [1, -1, 1, 1]))
