"""Matrix products. InnerProduct has a constant matrix; a product of two blobs is a product and a sum over an axis."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse

from .along_axes import total
from .broadcasting import add, as_blob, expand
from .net import Blob, Net, Shape
from .table import Operand, emit
from .transposition import transpose

PRODUCTS = 1 << 24
"""The most elements that the product of two blobs may have before it is summed (64 MB)."""


def inner_product(net: Net, x: Blob, weights: np.ndarray, bias: np.ndarray | None) -> Blob:
    """x[..., K] times weights[N, K] transposed."""
    axis = x.rank - 1
    params = {"num_output": weights.shape[0]} | ({"bias_term": False} if bias is None else {})
    params |= {"axis": axis} if axis != 1 else {}
    blobs = [weights] if bias is None else [weights, bias]
    return net.layer("InnerProduct", x, shape=(*x.shape[:-1], weights.shape[0]), blobs=blobs, **params)


@emit("Gemm")
def gemm(
    net: Net, a: Operand, b: Operand, c: Operand | None = None,
    *, alpha: float = 1.0, beta: float = 1.0, transA: int = 0, transB: int = 0, out: Shape,
) -> Blob:  # fmt: skip
    if transA:
        a = _transposed(net, a)
    if isinstance(b, np.ndarray) and isinstance(a, Blob):
        weights = (b if transB else b.T) * np.float32(alpha) if alpha != 1 else (b if transB else b.T)
        if c is None or (isinstance(c, np.ndarray) and c.size in (1, out[1]) and (c.ndim < 2 or c.shape[0] == 1)):
            bias = None if c is None else np.broadcast_to(c.reshape(-1) * np.float32(beta), (out[1],))
            return inner_product(net, a, weights, bias)
        return add(net, inner_product(net, a, weights, None), c, factors=(1.0, beta))
    if transB:
        b = _transposed(net, b)
    y = net.power(mat_mul(net, a, b, out=out), scale=alpha)
    return y if c is None else add(net, y, c, factors=(1.0, beta))


@emit("MatMul", note="of two blobs by products and sums, up to 16 million products")
def mat_mul(net: Net, x: Operand, y: Operand, *, out: Shape) -> Blob:
    if isinstance(y, np.ndarray) and isinstance(x, Blob) and y.ndim <= 2 and x.rank > 1:
        return net.reshape(inner_product(net, x, y.reshape(y.shape[0], -1).T, None), out or (1,))
    if isinstance(x, np.ndarray) and isinstance(y, Blob) and x.ndim == 2 and y.rank >= 2:
        # (X Y) = (Y^T X^T)^T
        back = [*range(y.rank - 2), y.rank - 1, y.rank - 2]
        return transpose(net, inner_product(net, transpose(net, y, back), x, None), back)
    left = as_blob(net, x)
    right = as_blob(net, y)
    left = net.reshape(left, (1, *left.shape)) if left.rank == 1 else left
    right = net.reshape(right, (*right.shape, 1)) if right.rank == 1 else right
    rank = max(left.rank, right.rank)
    left = net.reshape(left, (1,) * (rank - left.rank) + left.shape)
    right = net.reshape(right, (1,) * (rank - right.rank) + right.shape)
    batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    rows, inner, columns = left.shape[-2], left.shape[-1], right.shape[-1]
    full = (*batch, rows, columns, inner)
    if np.prod(full, dtype=np.int64) > PRODUCTS:
        refuse(f"Caffe's InnerProduct has a constant matrix; a product of two blobs of {list(full)} is too large")
    right = transpose(net, right, [*range(rank - 2), rank - 1, rank - 2])
    left = expand(net, net.reshape(left, (*left.shape[:-1], 1, inner)), full)
    right = expand(net, net.reshape(right, (*right.shape[:-2], 1, columns, inner)), full)
    return net.reshape(total(net, net.eltwise("PROD", left, right), [rank]), out or (1,))


def _transposed(net: Net, matrix: Operand) -> Operand:
    return transpose(net, matrix, (1, 0)) if isinstance(matrix, Blob) else matrix.T
