"""Products of matrices, and the Fourier transform as one.

Source: fully_connected.cc, batch_matmul.cc, rfft2d.cc of tensorflow/lite/kernels/.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value, table_size
from mgeconvert.ir.table_size import check_table

from ..layout.holding import Held, constant_array
from ..layout.wants import PLAIN, VIEW
from ..model import Tensor, identity
from .convolution import bias_of
from .movement.rearranging import open_size
from .table import lower
from .translation import Translation


@lower("FULLY_CONNECTED", wants=VIEW)
def fully_connected(t: Translation) -> Value:
    """x * W^T + bias over the last axis; without KeepNumDims whatever is in front of it is one axis."""
    shape = t.shape()
    if t.option("WeightsFormat"):
        refuse("weights in a shuffled format")
    outputs, inputs = t.sizes(1, "the weights of a product")
    if t.option("KeepNumDims") and len(shape) > 2:
        return _kept(t, outputs)
    x, weights = _matrix(t, inputs)
    t.layout = (0, 1)
    return t.b.op("Gemm", x, weights, bias_of(t), transB=1)


def _kept(t: Translation, outputs: int) -> Value:
    x = t.value(0)
    t.layout = identity(len(x.shape or ()))
    del outputs
    made = t.b.op("MatMul", x, t.value(1, (1, 0)))
    bias = bias_of(t)
    return made if bias is None else t.b.op("Add", made, bias)


def _matrix(t: Translation, inputs: int) -> tuple[Value, Value]:
    """The rows (batch, in) and the weights (out, in).

    A flattened image keeps its order, the columns of the weights follow.
    """
    shape, where = t.shape(), t.held()
    known = [dim for dim in shape if isinstance(dim, int)]
    total = int(np.prod(known, dtype=np.int64))
    if len(known) == len(shape) and (not inputs or total % inputs):
        refuse(f"a product of {list(shape)} with weights of {inputs} inputs")
    rows = total // inputs if len(known) == len(shape) else open_size(t, 0)
    view = where.view.reshaped((rows, inputs))
    if view is not None:
        first, second = view.members()
        order = [atom for atom in view.order if atom in second]
        array = t.given(1, "weights").array
        if order != second and view.order == (*first, *order) and array is not None:
            moved = [second.index(atom) for atom in order]
            sizes = t.known(tuple(view.atoms[atom] for atom in second), "a product")
            weights = t.holding.constant(_columns(t.given(1, "weights"), sizes, moved), (0, 1))
            return t.holding.reshape(where.value, (rows, inputs)), weights
        return t.holding.realise_view(Held(where.value, view), (0, 1)), t.value(1, (0, 1))
    return t.holding.reshape(t.value(0), (rows, inputs)), t.value(1, (0, 1))


def _columns(weights: Tensor, sizes: tuple[int, ...], order: list[int]) -> Tensor:
    """The weights with their columns, factored into `sizes`, in another order; floats where blocks of columns have
    scales of their own."""
    blocked = weights.quantization is not None and weights.quantization.block
    array = constant_array(weights) if blocked else weights.array
    assert array is not None
    split = array.reshape(len(array), *sizes).transpose(0, *(1 + axis for axis in order))
    scales = None if blocked else weights.quantization
    return Tensor(weights.name, array.dtype, weights.shape, split.reshape(array.shape), scales)


@lower("BATCH_MATMUL", wants=VIEW)
def batch_matmul(t: Translation) -> Value:
    operands = []
    for index, name in enumerate(("AdjX", "AdjY")):
        rank = len(t.shape(index))
        layout = identity(rank)
        if t.option(name):
            layout = (*layout[:-2], rank - 1, rank - 2)
        operands.append(t.value(index, layout))
    made = t.b.op("MatMul", *operands)
    t.layout = identity(len(made.shape or ()))
    return made


@lower("RFFT2D", wants=PLAIN, data=1, note="of fixed sizes, by the matrices of the transform")
def rfft2d(t: Translation, x: Value) -> list[Value]:
    """Real and imaginary part of the transform of the last two axes, cut or filled with zeros to operand 1.

    Along a row of n numbers X[k] = sum x[j] * exp(-2i pi j k / n) for k <= n / 2, then along the columns for all k.
    COMPLEX_ABS, REAL and IMAG read the pair; a complex tensor is two real ones in the IR.
    """
    rows, columns = t.ints(1, "size") or (0, 0)
    rank = len(x.shape or ())
    height, width = t.known((x.shape or ())[-2:], "a transform")
    if min(rows, columns) < 1:
        refuse(f"a transform of {rows} x {columns}")
    real, imaginary = (
        t.b.op("MatMul", x, part) for part in _parts(min(width, columns), columns, columns // 2 + 1, width)
    )
    if rows > 1 or height > 1:
        cos, sin = (part.T.copy() for part in _parts(min(height, rows), rows, rows, height))
        real, imaginary = (
            t.b.op("Sub", t.b.op("MatMul", cos, real), t.b.op("MatMul", sin, imaginary)),
            t.b.op("Add", t.b.op("MatMul", cos, imaginary), t.b.op("MatMul", sin, real)),
        )
    t.layout = identity(rank)
    t.pair(real, imaginary)
    return [real]


def _parts(used: int, size: int, outputs: int, given: int) -> tuple[np.ndarray, np.ndarray]:
    """(given, outputs): cosine and negative sine of 2 pi j k / size, zero beyond the numbers that are used."""
    check_table(given, outputs)
    angle = 2 * np.pi / size * (np.outer(table_size.arange(given), table_size.arange(outputs)) % size)
    there = (table_size.arange(given) < used)[:, None]
    return (np.cos(angle) * there).astype(np.float32), (-np.sin(angle) * there).astype(np.float32)


def _complex(t: Translation) -> tuple[Value, Value]:
    parts = t.parts(0)
    if parts is None:
        refuse("complex numbers that no RFFT2D makes")
    t.layout = identity(len(parts[0].shape or ()))
    return parts


@lower("COMPLEX_ABS", wants=VIEW)
def complex_abs(t: Translation) -> Value:
    real, imaginary = _complex(t)
    return t.b.op("Sqrt", t.b.op("Add", t.b.op("Mul", real, real), t.b.op("Mul", imaginary, imaginary)))


@lower("REAL", wants=VIEW)
def real(t: Translation) -> Value:
    return _complex(t)[0]


@lower("IMAG", wants=VIEW)
def imag(t: Translation) -> Value:
    return _complex(t)[1]
