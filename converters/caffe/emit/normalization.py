"""Normalizations over computed or stored statistics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mgeconvert.errors import refuse

from .along_axes import standardize, with_statistics
from .broadcasting import add, multiply
from .net import Blob, Net, Shape
from .reduction import REDUCTIONS
from .table import Array, Operand, emit
from .thresholds import complement, step


@emit("BatchNormalization")
def batch_normalization(
    net: Net, x: Blob, scale: Array, bias: Array, mean: Array, variance: Array,
    *, epsilon: float = 1e-5, momentum: float = 0.9, training_mode: int = 0,
) -> Blob:  # fmt: skip
    if training_mode:
        refuse("training mode")
    factor = np.ones(1, np.float32)
    y = net.layer("BatchNorm", x, blobs=[mean, variance, factor], use_global_stats=True, eps=epsilon)
    return net.layer("Scale", y, blobs=[scale, bias], bias_term=True)


def per_channel(values: np.ndarray, x: Blob) -> np.ndarray:
    return values.reshape(-1, *(1,) * (x.rank - 2))


@emit("InstanceNormalization")
def instance_normalization(net: Net, x: Blob, scale: Array, bias: Array, *, epsilon: float = 1e-5) -> Blob:
    y = standardize(net, x, range(2, x.rank), epsilon)
    return add(net, multiply(net, y, per_channel(scale, x)), per_channel(bias, x))


@emit("GroupNormalization")
def group_normalization(
    net: Net, x: Blob, scale: Array, bias: Array, *, epsilon: float = 1e-5, num_groups: int, stash_type: int = 1
) -> Blob:
    rows = net.reshape(x, (x.shape[0], num_groups, int(np.prod(x.shape[1:])) // num_groups))
    y = net.reshape(standardize(net, rows, [2], epsilon), x.shape)
    return add(net, multiply(net, y, per_channel(scale, x)), per_channel(bias, x))


@emit("LayerNormalization")
def layer_normalization(
    net: Net, x: Blob, scale: Operand, bias: Operand | None = None,
    *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1,
) -> list[Blob]:  # fmt: skip
    y, middle, factor = with_statistics(net, x, range(axis % x.rank, x.rank), epsilon)
    y = multiply(net, y, scale)
    return [y if bias is None else add(net, y, bias), middle, factor]


@emit("LRN")
def lrn(net: Net, x: Blob, *, size: int, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0) -> Blob:
    if size % 2 == 0:
        refuse(f"Caffe's LRN has an odd size; here {size}")
    # with the bias as a factor outside, because OpenCV does not know Caffe's k
    if bias <= 0:
        refuse(f"a LocalResponseNormalization with the bias {bias:g}; Caffe's LRN adds 1")
    return net.power(net.layer("LRN", x, local_size=size, alpha=alpha / bias, beta=beta), scale=bias**-beta)


@emit("MeanVarianceNormalization")
def mean_variance_normalization(net: Net, x: Blob, *, axes: tuple[int, ...] = (0, 2, 3)) -> Blob:
    return standardize(net, x, [axis % x.rank for axis in axes], 1e-9)


@emit("LpNormalization")
def lp_normalization(net: Net, x: Blob, *, axis: int = -1, p: int = 2) -> Blob:
    norm = REDUCTIONS["ReduceL1" if p == 1 else "ReduceL2"](net, x, [axis % x.rank])
    # 0 / 0 is 0: what has no length is divided by 1
    divisor = net.eltwise("SUM", norm, complement(net, step(net, norm)))
    return multiply(net, x, net.power(divisor, power=-1.0))


@emit("Dropout")
def dropout(
    net: Net, x: Blob, ratio: Array | None = None, training_mode: Array | None = None, *, seed: int = 0,
    outs: Sequence[Shape],
) -> list[Blob]:  # fmt: skip
    if training_mode is not None and training_mode.any() and (ratio is None or ratio.any()):
        refuse("training mode, which drops elements at random")
    return [x, net.constant(np.ones(x.shape, np.float32))][: len(outs)]
