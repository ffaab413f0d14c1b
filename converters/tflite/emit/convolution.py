"""Convolutions. Weights go from (O, I, kh, kw) to TFLite's (O, kh, kw, I); explicit pads become a PAD in front,
which `fuse` merges or turns into SAME where that is the same."""

from __future__ import annotations

import numpy as np

from ..call import Call
from ..model import Array, Tensor
from ..table import CHANNELS_LAST, Refusal, emit

VALID, SAME = 1, 0


def spatial(c: Call, name: str, count: int, default: int = 1) -> list[int]:
    return [int(number) for number in c.attr(name, (default,) * count)]


def pads_of(c: Call, x: Tensor, kernel: list[int], strides: list[int], dilations: list[int]) -> list[tuple[int, int]]:
    """Explicit (before, after) per spatial axis, from `pads` or `auto_pad`."""
    count = len(kernel)
    mode = c.attr("auto_pad", "NOTSET")
    if mode == "VALID":
        return [(0, 0)] * count
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        sizes = c.known(x.shape[1:-1], "auto_pad")
        return [
            same_pads(size, (k - 1) * d + 1, s, lower=mode == "SAME_LOWER")
            for size, k, s, d in zip(sizes, kernel, strides, dilations, strict=True)
        ]
    pads = spatial(c, "pads", 2 * count, 0)
    return list(zip(pads[:count], pads[count:], strict=True))


def same_pads(size: int, extent: int, stride: int, *, lower: bool = False) -> tuple[int, int]:
    """What SAME pads: output ceil(size / stride), the odd one after (before with `lower`)."""
    total = max((-(-size // stride) - 1) * stride + extent - size, 0)
    small, large = total // 2, total - total // 2
    return (large, small) if lower else (small, large)


def pad(c: Call, x: Tensor, pads: list[tuple[int, int]], value: float | None = None) -> Tensor:
    """PAD (PADV2 with a value) of the spatial axes of a channels-last tensor."""
    if not any(map(any, pads)):
        return x
    widths = np.array([(0, 0), *pads, (0, 0)], np.int32)
    shape = tuple(
        dim + int(before + after) if isinstance(dim, int) else dim
        for dim, (before, after) in zip(x.shape, widths, strict=True)
    )
    if value is None:
        return c.op("PAD", x, c.const(widths, name="pads"), shape=shape)
    return c.op("PADV2", x, c.const(widths, name="pads"), c.like(value, x), shape=shape)


def bias_of(c: Call, channels: int) -> Tensor:
    """The bias, zeros where there is none: the schema has it optional, old kernels do not."""
    bias = c.array(2, "bias")
    array = np.zeros(channels, np.float32) if bias is None else bias.astype(np.float32, copy=False)
    value = c.value(2)
    return c.const(array, name="bias" if value is None else value.name)


def weights_of(c: Call) -> Array:
    weights = c.array(1, "weight")
    assert weights is not None
    return weights.astype(np.float32, copy=False)


def flat(c: Call, x: Tensor) -> Tensor:
    """(N, L, C) -> (N, 1, L, C), so that the 2-D kernels take it."""
    return c.reshape(x, (x.shape[0], 1, *x.shape[1:]))


@emit("Conv", wants=CHANNELS_LAST, data=1)
def conv(c: Call, x: Tensor) -> Tensor:
    w = weights_of(c)
    count = w.ndim - 2
    kernel = list(w.shape[2:])
    strides, dilations = spatial(c, "strides", count), spatial(c, "dilations", count)
    group = c.attr("group", 1)
    x = pad(c, x, pads_of(c, x, kernel, strides, dilations))
    bias = bias_of(c, w.shape[0])
    if count == 1:
        made = _conv2d(c, flat(c, x), w[:, :, None], bias, [1, *strides], [1, *dilations], group)
        return c.reshape(made, c.shape())
    if count == 2:
        return _conv2d(c, x, w, bias, strides, dilations, group)
    if count == 3:
        return _conv3d(c, x, w, bias, strides, dilations, group)
    raise Refusal(f"a {count}-D convolution; TFLite has 1-D, 2-D and 3-D")


def _conv2d(
    c: Call, x: Tensor, w: Array, bias: Tensor, strides: list[int], dilations: list[int], group: int
) -> Tensor:
    channels = x.shape[-1]
    shape = (*_out(x, w.shape[2:], strides, dilations), w.shape[0])
    options = {
        "Padding": VALID, "StrideH": strides[0], "StrideW": strides[1],
        "DilationHFactor": dilations[0], "DilationWFactor": dilations[1],
    }  # fmt: skip
    name = c.node.inputs[1].name if c.node.inputs[1] is not None else "weight"
    if group == channels and group > 1:
        # (O, 1, kh, kw) -> (1, kh, kw, O): output channel o reads input o // multiplier, as ONNX's groups do
        filters = c.const(np.transpose(w, (1, 2, 3, 0)), name=name)
        multiplier = w.shape[0] // group
        return c.op("DEPTHWISE_CONV_2D", x, filters, bias, shape=shape, DepthMultiplier=multiplier, **options)
    return c.op("CONV_2D", x, c.const(np.transpose(w, (0, 2, 3, 1)), name=name), bias, shape=shape, **options)


def _out(x: Tensor, kernel: tuple[int, ...], strides: list[int], dilations: list[int]) -> list[int | str]:
    return [
        x.shape[0],
        *(
            (size - (k - 1) * d - 1) // s + 1 if isinstance(size, int) else size
            for size, k, s, d in zip(x.shape[1:-1], kernel, strides, dilations, strict=True)
        ),
    ]


def _conv3d(
    c: Call, x: Tensor, w: Array, bias: Tensor, strides: list[int], dilations: list[int], group: int
) -> Tensor:
    """CONV_3D takes weights (kd, kh, kw, I, O) and no groups: these are convolved apart and concatenated."""
    options = {"Padding": VALID}
    for axis, letter in enumerate("DHW"):
        options[f"Stride{letter}"] = strides[axis]
        options[f"Dilation{letter}Factor"] = dilations[axis]
    shape = _out(x, w.shape[2:], strides, dilations)
    parts = []
    inside, outside = w.shape[1], w.shape[0] // group
    assert bias.array is not None
    for index, piece in enumerate(_parts(c, x, group)):
        chosen = slice(index * outside, (index + 1) * outside)
        filters = c.const(np.transpose(w[chosen], (2, 3, 4, 1, 0)))
        assert piece.shape[-1] == inside
        parts.append(c.op("CONV_3D", piece, filters, c.const(bias.array[chosen]), shape=(*shape, outside), **options))
    return _joined(c, parts)


def _parts(c: Call, x: Tensor, group: int) -> list[Tensor]:
    """The channel groups of a channels-last tensor."""
    if group == 1:
        return [x]
    channels = c.known(x.shape[-1:], "a grouped convolution")[0]
    shape = (*x.shape[:-1], channels // group)
    return c.ops("SPLIT", group, c.const(x.rank - 1, np.int32), x, shape=[shape] * group, dtype=x.dtype, NumSplits=group)


def _joined(c: Call, parts: list[Tensor]) -> Tensor:
    if len(parts) == 1:
        return parts[0]
    channels = sum(int(part.shape[-1]) for part in parts)
    first = parts[0]
    return c.op("CONCATENATION", *parts, shape=(*first.shape[:-1], channels), Axis=first.rank - 1)


@emit("ConvTranspose", wants=CHANNELS_LAST, data=1)
def conv_transpose(c: Call, x: Tensor) -> Tensor:
    """TRANSPOSE_CONV without padding computes everything the kernel reaches; pads cut its edges, output padding
    adds rows that only have the bias."""
    w = weights_of(c)
    if w.ndim == 3:
        made = _transposed2d(c, flat(c, x), w[:, :, None], 1)
        return c.reshape(made, c.shape())
    if w.ndim == 4:
        return _transposed2d(c, x, w, 0)
    raise Refusal(f"a {w.ndim - 2}-D transposed convolution; TFLite has 1-D and 2-D")


def _transposed2d(c: Call, x: Tensor, w: Array, added: int) -> Tensor:
    ones, zeros = [1] * added, [0] * added
    count = 2 - added
    strides = ones + spatial(c, "strides", count)
    dilations = ones + spatial(c, "dilations", count)
    group = c.attr("group", 1)
    bias = c.array(2, "bias")
    w = _dilated(w, dilations)
    kernel = list(w.shape[2:])
    height, width = c.known(x.shape[1:3], "a transposed convolution")
    full = [(size - 1) * s + k for size, s, k in zip((height, width), strides, kernel, strict=True)]
    out = ones + [int(dim) for dim in c.known(c.dims()[2:], "a transposed convolution")]
    before = zeros + _pads_before(c, [f - o for f, o in zip(full[added:], out[added:], strict=True)], count)
    # rows the kernel does not reach but the output has (output padding beyond the kernel) come from a wider kernel
    grow = [max(b + o - f, 0) for b, o, f in zip(before, out, full, strict=True)]
    if any(grow):
        w = np.pad(w, ((0, 0), (0, 0), (0, grow[0]), (0, grow[1])))
        full = [f + g for f, g in zip(full, grow, strict=True)]
    inside, outside = w.shape[0] // group, w.shape[1]
    parts = []
    for index, piece in enumerate(_parts(c, x, group)):
        chosen = slice(index * inside, (index + 1) * inside)
        filters = c.const(np.transpose(w[chosen], (1, 2, 3, 0)))
        parts.append(_transpose_conv(c, piece, filters, full, strides, outside))
    made = _joined(c, parts)
    if before != [0, 0] or full != out:
        begin = c.const([0, *before, 0], np.int32)
        size = c.const([-1, *out, -1], np.int32)
        made = c.op("SLICE", made, begin, size, shape=(made.shape[0], *out, made.shape[3]))
    return made if bias is None else c.op("ADD", made, c.const(bias.astype(np.float32, copy=False), name="bias"))


def _transpose_conv(c: Call, x: Tensor, filters: Tensor, full: list[int], strides: list[int], channels: int) -> Tensor:
    shape = (x.shape[0], *full, channels)
    options = {"Padding": VALID, "StrideH": strides[0], "StrideW": strides[1]}
    return c.op("TRANSPOSE_CONV", _output_shape(c, x, shape), filters, x, shape=shape, dtype=x.dtype, **options)


def _output_shape(c: Call, x: Tensor, shape: tuple[int | str, ...]) -> Tensor:
    """TRANSPOSE_CONV's first input; the batch is read at run time where it is not known before."""
    if isinstance(shape[0], int):
        return c.const(shape, np.int32)
    dims = c.op("SHAPE", x, shape=(4,), dtype=np.int32, OutType=2)
    batch = c.op("SLICE", dims, c.const([0], np.int32), c.const([1], np.int32), shape=(1,))
    return c.op("CONCATENATION", batch, c.const(shape[1:], np.int32), shape=(4,), Axis=0)


def _dilated(w: Array, dilations: list[int]) -> Array:
    """The kernel with zeros between its taps: TRANSPOSE_CONV has no dilation."""
    if dilations == [1, 1]:
        return w
    sizes = [(k - 1) * d + 1 for k, d in zip(w.shape[2:], dilations, strict=True)]
    wide = np.zeros((*w.shape[:2], *sizes), w.dtype)
    wide[:, :, :: dilations[0], :: dilations[1]] = w
    return wide


def _pads_before(c: Call, cut: list[int], count: int) -> list[int]:
    """How many rows to cut at the start, by `pads`, or by `output_shape` and `auto_pad` as ONNX divides them."""
    mode = c.attr("auto_pad", "NOTSET")
    if c.attr("output_shape") is None and mode == "NOTSET":
        return spatial(c, "pads", 2 * count, 0)[:count]
    extra = spatial(c, "output_padding", count, 0)
    totals = [max(number + more, 0) for number, more in zip(cut, extra, strict=True)]
    return [total // 2 if mode == "SAME_UPPER" else total - total // 2 for total in totals]
