"""Pooling. ONNX windows are reached exactly by keeping those of Caffe's windows that coincide, and averages by a
correction factor where the divisors differ."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import table_size
from mgeconvert.ir.table_size import check_table

from ..pooling_windows import caffe_count
from .convolution import conv
from .net import Blob, Net, Params, Shape
from .table import emit
from .windows import begin_end, flat


@dataclass(frozen=True, slots=True)
class Axis:
    """How Caffe's windows along one axis give ONNX's: `pad` both ends, drop the first `skip` of `count` windows."""

    pad: int
    skip: int
    count: int


def plan(size: int, kernel: int, stride: int, begin: int, out: int) -> Axis | None:
    """The smallest padding that makes Caffe compute all wanted windows; Caffe wants it smaller than the kernel."""
    for skip, pad in enumerate(range(begin, kernel, stride)):
        if size + 2 * pad >= kernel and (count := caffe_count(size, kernel, stride, pad)) >= skip + out:
            return Axis(pad, skip, count)
    return None


def pool(
    net: Net, x: Blob, kind: str, kernel: Sequence[int], strides: Sequence[int], axes: Sequence[Axis], out: Shape
) -> Blob:
    """One Pooling layer, then the wanted windows."""
    params: Params = {"pool": kind}
    for name, values, default in (
        ("kernel", kernel, 0),
        ("stride", strides, 1),
        ("pad", [axis.pad for axis in axes], 0),
    ):
        if values[0] != values[1]:
            params |= {f"{name}_h": values[0], f"{name}_w": values[1]}
        elif values[0] != default:
            params["kernel_size" if name == "kernel" else name] = values[0]
    floors = [(x.shape[2 + a] + 2 * axes[a].pad - kernel[a]) // strides[a] + 1 for a in range(2)]
    if net.floor_pooling and tuple(floors) == out[2:] and any(axis.count != out[2 + a] for a, axis in enumerate(axes)):
        return net.layer("Pooling", x, shape=out, **params, round_mode="FLOOR")
    y = net.layer("Pooling", x, shape=(*x.shape[:2], *(axis.count for axis in axes)), **params)
    for at, axis in enumerate(axes):
        y = net.keep(y, 2 + at, axis.skip, axis.skip + out[2 + at])
    return y


@emit("MaxPool")
def max_pool(
    net: Net,
    x: Blob,
    *,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: Sequence[int] = (),
    kernel_shape: Sequence[int],
    pads: Sequence[int] = (),
    storage_order: int = 0,
    strides: Sequence[int] = (),
    out: Shape,
    outs: Sequence[Shape],
) -> Blob:
    if len(outs) > 1:
        refuse("Caffe's Pooling does not give the indices of ONNX")
    if any(dilation != 1 for dilation in dilations):
        refuse("Caffe's Pooling has no dilation")
    strides = tuple(strides) or (1,) * len(kernel_shape)
    padding = begin_end(auto_pad, pads, x.shape, out, kernel_shape, strides)
    if x.rank == 3:
        y = max_pool(
            net, flat(net, x), kernel_shape=(1, *kernel_shape), pads=(0, padding[0][0], 0, padding[0][1]),
            strides=(1, *strides), out=(*out[:2], 1, out[2]), outs=[()],
        )  # fmt: skip
        return net.reshape(y, out)
    axes = _plans(x, kernel_shape, strides, padding, out)
    if axes is None:
        refuse(f"Caffe pads both ends alike and less than the kernel; here {padding} with kernel {list(kernel_shape)}")
    return pool(net, x, "MAX", kernel_shape, strides, axes, out)


def _plans(
    x: Blob, kernel: Sequence[int], strides: Sequence[int], padding: Sequence[tuple[int, int]], out: Shape
) -> list[Axis] | None:
    if x.rank != 4:
        refuse(f"Caffe pools blobs of 4 axes; here {x.rank}")
    found = [plan(x.shape[2 + a], kernel[a], strides[a], padding[a][0], out[2 + a]) for a in range(2)]
    return [axis for axis in found if axis is not None] if None not in found else None


@emit("AveragePool")
def average_pool(
    net: Net,
    x: Blob,
    *,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0,
    dilations: Sequence[int] = (),
    kernel_shape: Sequence[int],
    pads: Sequence[int] = (),
    strides: Sequence[int] = (),
    out: Shape,
) -> Blob:
    strides = tuple(strides) or (1,) * len(kernel_shape)
    dilations = tuple(dilations) or (1,) * len(kernel_shape)
    extent = [(size - 1) * dilation + 1 for size, dilation in zip(kernel_shape, dilations, strict=True)]
    padding = begin_end(auto_pad, pads, x.shape, out, extent, strides)
    if x.rank == 3:
        y = average_pool(
            net, flat(net, x), count_include_pad=count_include_pad, dilations=(1, *dilations),
            kernel_shape=(1, *kernel_shape), pads=(0, padding[0][0], 0, padding[0][1]), strides=(1, *strides),
            out=(*out[:2], 1, out[2]),
        )  # fmt: skip
        return net.reshape(y, out)
    axes = _plans(x, kernel_shape, strides, padding, out) if set(dilations) == {1} and x.rank == 4 else None
    divided = []
    for a in range(x.rank - 2):
        check_table(out[2 + a], kernel_shape[a])
        starts = table_size.arange(out[2 + a]) * strides[a] - padding[a][0]
        taps = starts[:, None] + table_size.arange(kernel_shape[a]) * dilations[a]
        low, high = (-padding[a][0], x.shape[2 + a] + padding[a][1]) if count_include_pad else (0, x.shape[2 + a])
        wanted = ((taps >= low) & (taps < high)).sum(1)
        if not wanted.all():
            refuse("a window lies wholly in the padding")
        by_caffe = np.minimum(taps[:, -1] + 1, x.shape[2 + a] + axes[a].pad) - starts if axes else kernel_shape[a]
        divided.append(by_caffe / wanted)
    if axes:
        y = pool(net, x, "AVE", kernel_shape, strides, axes, out)
    else:
        check_table(x.shape[1], *kernel_shape)
        mean = table_size.full((x.shape[1], 1, *kernel_shape), 1 / np.prod(kernel_shape), np.float32)
        # as much padding at the end as the last window of ceil_mode wants
        rests = [(out[2 + a] - 1) * strides[a] + extent[a] - x.shape[2 + a] - padding[a][0] for a in range(x.rank - 2)]
        both = [begin for begin, _ in padding] + [max(pair[1], rest) for pair, rest in zip(padding, rests, strict=True)]
        y = conv(net, x, mean, dilations=dilations, group=x.shape[1], pads=both, strides=strides, out=out)
    correction = functools.reduce(np.multiply.outer, divided).astype(np.float32)
    if np.all(correction == 1):
        return y
    return net.layer("Scale", y, blobs=[correction], axis=2, num_axes=x.rank - 2)


@emit("GlobalAveragePool")
def global_average_pool(net: Net, x: Blob, *, out: Shape) -> Blob:
    return _global(net, x, "AVE", out)


@emit("GlobalMaxPool")
def global_max_pool(net: Net, x: Blob, *, out: Shape) -> Blob:
    return _global(net, x, "MAX", out)


def _global(net: Net, x: Blob, kind: str, out: Shape) -> Blob:
    if x.rank != 4:
        x = net.reshape(x, (*x.shape[:2], 1, int(np.prod(x.shape[2:]))))
    y = net.layer("Pooling", x, shape=(*x.shape[:2], 1, 1), pool=kind, global_pooling=True)
    return net.reshape(y, out)
