"""Reshapes and transposes: arithmetic on views, a node only where somebody needs another order.

Source: reshape.cc, transpose.cc, squeeze.cc of tensorflow/lite/kernels/.
"""

from __future__ import annotations

from mgeconvert.errors import refuse
from mgeconvert.ir import Dim, Shape

from ...layout.holding import Held, held
from ...layout.wants import VIEW
from ...model import identity
from ..table import lower
from ..translation import Translation


def reshaped(t: Translation, where: Held, shape: Shape) -> Held:
    """The tensor in another shape; elements in the file's order and a Reshape where an axis straddles others."""
    view = where.view.reshaped(shape)
    if view is not None:
        return Held(where.value, view)
    value = t.holding.realise_view(where, identity(len(where.view.shape)))
    return held(t.holding.reshape(value, shape), identity(len(shape)))


@lower("RESHAPE", wants=VIEW, moves=True)
def reshape(t: Translation) -> Held:
    """To operand 1, or to the shape in the options of old files; one size may be -1."""
    if t.tensor(1) is not None and not t.is_known(1):
        return _to_computed(t)
    sizes = t.ints(1, "shape")
    sizes = list(t.option("NewShape", ())) if sizes is None else sizes
    if sizes.count(-1) > 1 or any(size < -1 for size in sizes):
        refuse(f"a reshape to {sizes}")
    shape: tuple[Dim, ...] = tuple(open_size(t, axis) if size == -1 else size for axis, size in enumerate(sizes))
    return reshaped(t, t.held(), _deduced(t.shape(), shape))


def open_size(t: Translation, axis: int) -> str:
    """The name of a size that follows from the others: no other tensor's, whose size may be another one."""
    dims = t.output.shape
    named = dims[axis] if axis < len(dims) else None
    return named if isinstance(named, str) else f"{t.output.name}_{axis}"


def _deduced(source: Shape, shape: Shape) -> Shape:
    """The -1 of a shape as a number, where all sizes of the source are known."""
    known = [dim for dim in source if isinstance(dim, int)]
    wanted = [dim for dim in shape if isinstance(dim, int)]
    count, rest = _product(known), _product(wanted)
    if len(known) < len(source):
        return shape
    if len(wanted) < len(shape):
        if not rest or count % rest:
            refuse(f"a reshape of {list(source)} to {[-1 if isinstance(dim, str) else dim for dim in shape]}")
        return tuple(count // rest if isinstance(dim, str) else dim for dim in shape)
    if count != rest:
        refuse(f"a reshape of {list(source)} to {list(shape)}")
    return shape


def _product(sizes: list[int]) -> int:
    result = 1
    for size in sizes:
        result *= size
    return result


def _to_computed(t: Translation) -> Held:
    """A shape that the run computes; where the file leaves one size open, that one follows from the others."""
    shape = t.output.shape
    if sum(isinstance(dim, str) for dim in shape) == 1:
        view = t.held().view.reshaped(shape)
        if view is not None:
            return Held(t.held().value, view)
    made = t.b.op("Reshape", t.value(0), t.int64(1))
    if made.shape is None and shape:
        made.shape = shape
    return held(made, identity(len(made.shape or ())))


@lower("TRANSPOSE", wants=VIEW, moves=True)
def transpose(t: Translation) -> Held:
    perm = t.ints(1, "permutation") or []
    where = t.held()
    if sorted(perm) != list(range(len(where.view.shape))):
        refuse(f"a transpose of {len(where.view.shape)} axes by {perm}")
    return Held(where.value, where.view.transposed(perm))


@lower("SQUEEZE", wants=VIEW, moves=True)
def squeeze(t: Translation) -> Held:
    """Without the axes of the options; without any, without all of size 1."""
    shape = t.shape()
    axes = [t.own_axis(axis, len(shape)) for axis in t.option("SqueezeDims", ())]
    if any(shape[axis] != 1 for axis in axes if isinstance(shape[axis], int)):
        refuse(f"a squeeze of {list(shape)} along {axes}")
    return reshaped(t, t.held(), tuple(dim for axis, dim in enumerate(shape) if not _dropped(dim, axis, axes)))


def _dropped(dim: Dim, axis: int, axes: list[int]) -> bool:
    return axis in axes if axes else dim == 1


@lower("EXPAND_DIMS", wants=VIEW, moves=True)
def expand_dims(t: Translation) -> Held:
    shape = t.shape()
    axis = t.own_axis(t.number(1, "axis"), len(shape) + 1)
    return reshaped(t, t.held(), (*shape[:axis], 1, *shape[axis:]))
