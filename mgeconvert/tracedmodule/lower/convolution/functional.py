"""Convolutions. MegEngine's grouped weights have the group as an extra first axis; biases are (1, C, 1, 1).

Source: megengine/functional/nn.py (MegEngine 1.13).
"""

from __future__ import annotations

from typing import Any

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..names import NN
from ..operands import promote, rank
from ..shapes import number, reshape
from ..spatial import Sizes, spatial
from ..table import lower


def _with_bias(b: Builder, output: Value, bias: Value) -> Value:
    return b.op("Add", output, bias)


def _channel_bias(b: Builder, bias: Value | None, channels: Any, dims: int) -> Value | None:
    """The bias as Conv's 1-D input, when it is one value per channel."""
    if bias is None or not isinstance(channels, int) or bias.static_shape != (1, channels) + (1,) * dims:
        return None
    if bias.array is not None and bias not in getattr(b, "stored", {}):
        return b.in_shape(bias, (channels,))
    return reshape(b, bias, channels)


def _ungrouped(b: Builder, weight: Value, dims: int) -> Value:
    """A weight with the group as an extra first axis, (G, A/G, B/G, k...), as (A, B/G, k...)."""
    if rank(weight) == dims + 2:
        return weight
    group, each, *rest = weight.shape or ()
    channels = number(group, "the number of groups") * number(each, "the number of channels")
    return reshape(b, weight, [channels, *(number(size, "a size of the weight") for size in rest)])


def _window(weight: Value) -> tuple[int, ...]:
    """The sizes of the window, which are numbers."""
    return tuple(number(size, "the window") for size in (weight.shape or ())[2:])


def convolution(
    b: Builder,
    inp: Value,
    weight: Value,
    bias: Value | None,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
    groups: int,
) -> Value:
    """Conv of 1, 2 or 3 spatial axes; `weight` is (O, I, k...) or (G, O/G, I/G, k...), as its rank says."""
    inp, weight = promote(b, inp, weight)
    dims = rank(inp) - 2
    weight = _ungrouped(b, weight, dims)
    assert weight.shape is not None
    channel_bias = _channel_bias(b, bias, weight.shape[0], dims)
    output = b.op(
        "Conv", inp, weight, channel_bias,
        kernel_shape=_window(weight), strides=spatial(stride, dims), pads=spatial(padding, dims) * 2,
        dilations=spatial(dilation, dims), group=groups,
    )  # fmt: skip
    return output if bias is None or channel_bias is not None else _with_bias(b, output, bias)


@lower(NN + "conv1d", NN + "conv2d", NN + "conv3d")
def conv(
    b: Builder,
    inp: Value,
    weight: Value,
    bias: Value | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    groups: int = 1,
    conv_mode: Any = "cross_correlation",
    compute_mode: str = "default",
) -> Value:
    return convolution(b, inp, weight, bias, stride, padding, dilation, groups)


def transposed_convolution(
    b: Builder,
    inp: Value,
    weight: Value,
    bias: Value | None,
    stride: Sizes,
    padding: Sizes,
    output_padding: Sizes,
    dilation: Sizes,
    groups: int,
) -> Value:
    """ConvTranspose of 2 or 3 spatial axes; `weight` is (I, O, k...) or (G, I/G, O/G, k...)."""
    inp, weight = promote(b, inp, weight)
    dims = rank(inp) - 2
    weight = _ungrouped(b, weight, dims)
    assert weight.shape is not None
    out = weight.shape[1]
    channel_bias = _channel_bias(b, bias, out * groups if isinstance(out, int) else out, dims)
    extra = spatial(output_padding, dims)
    output = b.op(
        "ConvTranspose", inp, weight, channel_bias,
        kernel_shape=_window(weight), strides=spatial(stride, dims), pads=spatial(padding, dims) * 2,
        output_padding=extra if any(extra) else None, dilations=spatial(dilation, dims), group=groups,
    )  # fmt: skip
    return output if bias is None or channel_bias is not None else _with_bias(b, output, bias)


@lower(NN + "conv_transpose2d")
def conv_transpose2d(
    b: Builder,
    inp: Value,
    weight: Value,
    bias: Value | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    dilation: Sizes = 1,
    groups: Any = 1,
    conv_mode: Any = "cross_correlation",
    compute_mode: str = "default",
) -> Value:
    """MegEngine 1.13 heeds the output padding only when that of the height is not 0.

    Before there was one, the conv mode stood in the place of `groups`: tracing writes every argument.
    """
    if isinstance(groups, str):
        output_padding, dilation, groups = 0, output_padding, dilation
    height, width = spatial(output_padding, 2)
    return transposed_convolution(
        b, inp, weight, bias, stride, padding, (height, width) if height else 0, dilation, groups
    )


@lower(NN + "conv_transpose3d")
def conv_transpose3d(
    b: Builder,
    inp: Value,
    weight: Value,
    bias: Value | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    dilation: Sizes = 1,
    groups: Any = None,
) -> Value:
    """Tracing writes every argument: without the last one the file is of a version that had no output padding."""
    if groups is None:
        output_padding, dilation, groups = 0, output_padding, dilation
    return transposed_convolution(b, inp, weight, bias, stride, padding, output_padding, dilation, groups)


@lower(NN + "deformable_conv2d")
def deformable_conv2d(
    b: Builder,
    inp: Value,
    weight: Value,
    offset: Value,
    mask: Value,
    bias: Value | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    groups: int = 1,
    conv_mode: Any = "cross_correlation",
    compute_mode: str = "default",
) -> Value:
    """Offsets are (y, x) pairs, one per tap; as many offset groups as they have channels for."""
    weight = _ungrouped(b, weight, 2)
    assert weight.shape is not None
    assert mask.shape is not None
    height, width = _window(weight)
    offsets = number(mask.shape[1], "the number of offsets")
    output = b.op(
        "DeformConv", inp, weight, offset, None, mask,
        kernel_shape=(height, width), strides=spatial(stride, 2), pads=spatial(padding, 2) * 2,
        dilations=spatial(dilation, 2), group=groups, offset_group=offsets // (height * width),
    )  # fmt: skip
    return output if bias is None else _with_bias(b, output, bias)
