"""What layers with a kernel share: padding, spatial axes, and the Convolution and Deconvolution layer itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .net import Blob, Net, Shape


def begin_end(
    auto_pad: str, pads: Sequence[int], x: Shape, out: Shape, extent: Sequence[int], strides: Sequence[int]
) -> list[tuple[int, int]]:
    """The (begin, end) padding of each spatial axis; `extent` is the kernel's size with its dilation."""
    count = len(extent)
    if auto_pad in ("NOTSET", "VALID"):
        pads = tuple(pads) if pads else (0,) * (2 * count)
        return list(zip(pads[:count], pads[count:], strict=True))
    result = []
    for size, result_size, window, stride in zip(x[2:], out[2:], extent, strides, strict=True):
        total = max(0, (result_size - 1) * stride + window - size)
        small, large = total // 2, total - total // 2
        result.append((small, large) if auto_pad == "SAME_UPPER" else (large, small))
    return result


def flat(net: Net, x: Blob) -> Blob:
    """A blob with one spatial axis as one with two: [N,C,L] as [N,C,1,L]."""
    return net.reshape(x, (*x.shape[:2], 1, x.shape[2]))


def pairs(name: str, values: Sequence[int], default: int) -> dict[str, Any]:
    """A parameter of the spatial axes: once where both have the same, not at all where it is the default."""
    if all(value == default for value in values):
        return {}
    if len(values) == 2 and values[0] == values[1]:
        return {name: [values[0]]}
    return {name: list(values)}


def convolution(
    net: Net, layer_type: str, x: Blob, w: np.ndarray, b: np.ndarray | None, out: Shape, pads: Sequence[int],
    strides: Sequence[int], dilations: Sequence[int], group: int,
) -> Blob:  # fmt: skip
    """A Convolution or Deconvolution layer."""
    params: dict[str, Any] = {"num_output": out[1]}
    if b is None:
        params["bias_term"] = False
    params |= pairs("pad", pads, 0) | pairs("kernel_size", w.shape[2:], 0)
    params |= pairs("stride", strides, 1) | pairs("dilation", dilations, 1)
    if group != 1:
        params["group"] = group
    return net.layer(layer_type, x, shape=out, blobs=[w] if b is None else [w, b], **params)
