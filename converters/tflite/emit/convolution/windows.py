"""What every operator with windows needs: its parameters, its border, its channel groups."""

from __future__ import annotations

import numpy as np

from ...dtypes import fits_int32
from ...model import Array, Tensor
from ...padding import same_pads
from ..emission import Emission


def spatial(c: Emission, name: str, count: int, default: int = 1) -> list[int]:
    return [int(number) for number in c.attr(name, (default,) * count)]


def pads_of(
    c: Emission, x: Tensor, kernel: list[int], strides: list[int], dilations: list[int]
) -> list[tuple[int, int]]:
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


def pad(c: Emission, x: Tensor, pads: list[tuple[int, int]], value: float | None = None) -> Tensor:
    """PAD (PADV2 with a value) of the spatial axes of a channels-last tensor."""
    if not any(map(any, pads)):
        return x
    widths = fits_int32(np.array([(0, 0), *pads, (0, 0)], np.int64), "pads")
    shape = tuple(
        dim + int(before + after) if isinstance(dim, int) else dim
        for dim, (before, after) in zip(x.shape, widths, strict=True)
    )
    if value is None:
        return c.op("PAD", x, c.const(widths, name="pads"), shape=shape)
    return c.op("PADV2", x, c.const(widths, name="pads"), c.like(value, x), shape=shape)


def flat(c: Emission, x: Tensor) -> Tensor:
    """(N, L, C) -> (N, 1, L, C), so that the 2-D kernels take it."""
    return c.reshape(x, (x.shape[0], 1, *x.shape[1:]))


def weights_of(c: Emission) -> Array:
    weights = c.array(1, "weight")
    assert weights is not None
    return weights.astype(np.float32, copy=False)


def channel_groups(c: Emission, x: Tensor, group: int) -> list[Tensor]:
    """The channel groups of a channels-last tensor."""
    if group == 1:
        return [x]
    channels = c.known(x.shape[-1:], "a grouped convolution")[0]
    shape = (*x.shape[:-1], channels // group)
    return c.ops(
        "SPLIT", group, c.const(x.rank - 1, np.int32), x, shape=[shape] * group, dtype=x.dtype, NumSplits=group
    )


def joined(c: Emission, parts: list[Tensor]) -> Tensor:
    if len(parts) == 1:
        return parts[0]
    channels = sum(int(part.shape[-1]) for part in parts)
    first = parts[0]
    return c.op("CONCATENATION", *parts, shape=(*first.shape[:-1], channels), Axis=first.rank - 1)
