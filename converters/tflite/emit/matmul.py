"""Matrix products: FULLY_CONNECTED where the right side is a constant matrix, BATCH_MATMUL elsewhere."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Shape, Value, table_size

from ..layout.view import Stored, View, plain
from ..layout.wants import VIEW
from ..model import Array, Layout, Quantization, Tensor, channels_last, permuted
from .emission import Emission
from .table import emit


@emit("Gemm", wants=VIEW)
def gemm(c: Emission) -> Stored:
    alpha, beta = c.attr("alpha", 1.0), c.attr("beta", 1.0)
    right, bottom = c.value(1), c.value(2)
    assert right is not None
    out = c.dims()
    given = None if bottom is None else c.constant(bottom)
    bias = None if given is None else _bias(given, out[1])
    weights = c.constant(right)
    if weights is not None:
        matrix = weights if c.attr("transB", 0) else weights.T
        x, matrix = _rows(c, matrix, transposed=bool(c.attr("transA", 0)))
        added = bias is None and bottom is not None
        view, order = (plain(out, (0, 1)), None) if added else _planned(c)
        rows = _scaled(matrix, alpha)
        row = None if bias is None else _scaled(bias, beta)
        if order is not None:
            rows, row = rows[order], None if row is None else row[order]
        scales = None if alpha != 1 else _scales(c, right, 0 if c.attr("transB", 0) else 1, order)
        made = _connected(c, x, rows, row, out, right.name, scales)
        if not added:
            return Stored(made, view)
    else:
        left = c.tensor(0)
        made = c.op(
            "BATCH_MATMUL", left, c.tensor(1), shape=out,
            AdjX=bool(c.attr("transA", 0)), AdjY=bool(c.attr("transB", 0)),
        )  # fmt: skip
        if alpha != 1:
            made = c.op("MUL", made, c.like(alpha, made))
        if bias is not None:
            made = c.op("ADD", made, c.const(_scaled(bias, beta)))
    if bottom is not None and bias is None:
        extra = c.tensor(2)
        made = c.op("ADD", made, extra if beta == 1 else c.op("MUL", extra, c.like(beta, extra)))
    return Stored(made, plain(out, (0, 1)))


def _bias(array: Array, channels: int | str) -> Array | None:
    """A constant that adds the same row to every row, else None."""
    if array.size not in (1, channels) or (array.ndim == 2 and array.shape[0] != 1):
        return None
    return np.broadcast_to(array.reshape(-1), (channels,)) if isinstance(channels, int) else None


def _scaled(array: Array, factor: float) -> Array:
    return array if factor == 1 else array * np.asarray(factor, array.dtype)


@emit("MatMul", wants=VIEW)
def matmul(c: Emission) -> Stored:
    left, right, out = c.input_dims(0), c.input_dims(1), c.dims()
    matrix_value = c.value(1)
    assert matrix_value is not None
    constant = c.constant(matrix_value)
    if constant is not None and constant.ndim == 2 and len(left) >= 2 and constant.dtype == np.float32:
        x, matrix = _rows(c, constant.T)
        view, order = _planned(c)
        scales = _scales(c, matrix_value, 1, order)
        rows = matrix if order is None else matrix[order]
        made = _connected(c, x, rows, None, out, matrix_value.name, scales)
        return Stored(made, view)
    x, adj_x = _operand(c, 0)
    y, adj_y = _operand(c, 1)
    x = c.reshape(x, (1, *left)) if len(left) == 1 else x
    y = c.reshape(y, (*right, 1)) if len(right) == 1 else y
    if max(x.rank, y.rank) > 5:
        refuse(f"a matrix product of {max(x.rank, y.rank)} axes; TFLite's BATCH_MATMUL has 5")
    shape = list(out)
    if len(left) == 1:
        shape.insert(len(shape) - (len(right) > 1), 1)
    if len(right) == 1:
        shape.append(1)
    if adj_x and adj_y:
        # the product of both exchanged is the exchanged product of the other way round, which costs nothing
        swapped: Layout = (*range(len(out) - 2), len(out) - 1, len(out) - 2)
        made = c.op("BATCH_MATMUL", y, x, shape=permuted(out, swapped), AdjX=False, AdjY=False)
        return Stored(made, replace(plain(out, swapped), moved=True))
    made = c.op("BATCH_MATMUL", x, y, shape=tuple(shape), AdjX=adj_x, AdjY=adj_y)
    return Stored(c.reshape(made, out), plain(out, tuple(range(len(out)))))


def _operand(c: Emission, index: int) -> tuple[Tensor, bool]:
    """An operand in the IR's order, or with its last two axes exchanged where it is stored so."""
    value = c.value(index)
    assert value is not None
    rank = value.rank or 0
    if rank >= 2 and not value.is_constant:
        swapped: Layout = (*range(rank - 2), rank - 1, rank - 2)
        view = c.stored(index).view
        if view.has(swapped) and not view.has(tuple(range(rank))):
            return c.tensor(index, swapped), True
    return c.tensor(index), False


def _rows(c: Emission, matrix: Array, *, transposed: bool = False) -> tuple[Tensor, Array]:
    """The left side with its last axis last, and the matrix (out, in).

    Where the last axis is stored in another order of its factors (a flattened channels-last image), the columns of
    the matrix are put into that order instead.
    """
    stored = c.stored()
    view = stored.view.transposed((1, 0)) if transposed else stored.view
    *rows, last = view.members()
    leading = [atom for atoms in rows for atom in atoms]
    tail = list(view.order[len(leading) :])
    layout = tuple(range(len(view.shape)))
    known = all(isinstance(view.atoms[atom], int) for atom in last)
    if list(view.order[: len(leading)]) == leading and tail != last and sorted(tail) == last and known:
        sizes = [int(view.atoms[atom]) for atom in last]
        perm = [atom - last[0] for atom in tail]
        columns = matrix.reshape(len(matrix), *sizes).transpose(0, *(axis + 1 for axis in perm))
        return c.reshape(stored.tensor, view.shape), columns.reshape(len(matrix), -1)
    return c.storage.realise_view(Stored(stored.tensor, view), layout), matrix


def _planned(c: Emission) -> tuple[View, Array | None]:
    """How the product is stored, and the order of the weights' rows for that (None: their own).

    Where a reader splits the last axis into an image that is wanted channels-last, the rows are put into that order.
    """
    out = c.dims()
    whole = plain(out, tuple(range(len(out))))
    last = len(whole.atoms) - whole.groups[-1] if whole.groups else 0
    for reader in c.storage.readers.get(c.node.outputs[0], ()):
        image = reader.outputs[0]
        if reader.op != "Reshape" or image not in c.storage.preferring or image.shape is None:
            continue
        split = whole.reshaped(image.shape)
        if split is None:
            continue
        wanted = split.sequence(channels_last(len(image.shape)))
        sizes = split.atoms[last:]
        if wanted[:last] != tuple(range(last)) or not all(isinstance(size, int) for size in sizes):
            continue
        perm = [atom - last for atom in wanted[last:]]
        count = [int(size) for size in sizes]
        order = table_size.arange(math.prod(count)).reshape(count).transpose(perm).reshape(-1)
        groups = (*whole.groups[:-1], len(count))
        return View(out, split.atoms, groups, wanted), order
    return whole, None


def _scales(c: Emission, weights: Value, channels: int, order: Array | None) -> Quantization | None:
    """The scales of dequantized weights along the rows of the matrix (out, in); None if they run the other way."""
    scales = c.storage.quantized.get(weights)
    if scales is None or scales.scale.size == 1:
        return scales
    if scales.axis != channels:
        return None
    order = table_size.arange(scales.scale.size) if order is None else order
    return replace(scales, scale=scales.scale[order], zero_point=scales.zero_point[order], axis=0)


def _connected(
    c: Emission, x: Tensor, matrix: Array, bias: Array | None, shape: Shape, name: str, scales: Quantization | None
) -> Tensor:
    weights = c.const(matrix.astype(np.float32, copy=False), name=name)
    weights.quantization = scales
    inputs = [x, weights]
    if bias is not None:
        inputs.append(c.const(bias.astype(np.float32, copy=False), name="bias"))
    return c.op("FULLY_CONNECTED", *inputs, shape=shape, KeepNumDims=len(shape) > 2)
