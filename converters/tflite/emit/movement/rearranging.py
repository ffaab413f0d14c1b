"""Operators that only rearrange elements: most are arithmetic on views and cost nothing."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse

from ...layout.merging import LARGEST, around
from ...layout.view import Stored, plain
from ...model import Tensor
from ..emission import Call
from ..table import FOLLOW, PLAIN, VIEW, emit


@emit("Identity", "Dropout", wants=VIEW)
def identity(c: Call) -> Stored | list[Stored]:
    training = c.array(2, "training mode") if c.node.op == "Dropout" else None
    if training is not None and training.any():
        refuse("Dropout in training mode draws random numbers; trace the model in evaluation mode")
    stored = c.stored()
    if len(c.node.outputs) == 1:
        return stored
    mask = c.const(np.ones(c.known(c.dims(1), "a mask"), bool))
    return [stored, Stored(mask, plain(c.dims(1), tuple(range(mask.rank))))]


@emit("Transpose", wants=VIEW)
def transpose(c: Call) -> Stored:
    stored = c.stored()
    perm = c.attr("perm", tuple(reversed(range(len(c.dims())))))
    return Stored(stored.tensor, stored.view.transposed(perm))


@emit("Reshape", "Flatten", "Squeeze", "Unsqueeze", wants=VIEW)
def reshape(c: Call) -> Stored:
    """A view where axes split or merge; elements in the IR's order and a RESHAPE where an axis straddles others."""
    stored, shape = c.stored(), c.dims()
    view = stored.view.reshaped(shape)
    if view is not None:
        return Stored(stored.tensor, view)
    tensor = c.tensor(0)
    wanted = c.value(1)
    if sum(not isinstance(dim, int) for dim in shape) > 1 and wanted is not None and not wanted.is_constant:
        made = c.op("RESHAPE", tensor, c.tensor(1), shape=shape)
    else:
        made = c.reshape(tensor, shape)
    return Stored(made, plain(shape, tuple(range(len(shape)))))


@emit("Concat", wants=FOLLOW)
def concat(c: Call, *tensors: Tensor) -> Tensor:
    if len(tensors) == 1:
        return tensors[0]
    axis, shape = c.axis(c.attr("axis")), c.shape()
    if len(shape) <= LARGEST:
        return c.op("CONCATENATION", *tensors, shape=shape, Axis=axis)
    flat = [c.reshape(tensor, around(tensor.shape, axis)) for tensor in tensors]
    return c.reshape(c.op("CONCATENATION", *flat, shape=around(shape, axis), Axis=1), shape)


@emit("Expand", wants=FOLLOW, data=1)
def expand(c: Call, x: Tensor) -> Tensor:
    rank = len(c.dims())
    if not all(isinstance(dim, int) for dim in c.dims()):
        return _expanded_at_run_time(c)
    if rank != x.rank:
        layout = tuple(range(rank))
        x = c.compiler.aligned(c.node.inputs[0], layout)  # type: ignore[arg-type]
        c.layout = layout
    return c.broadcast_to(x, c.shape())


def _expanded_at_run_time(c: Call) -> Tensor:
    """BROADCAST_TO a computed shape; an axis where that says 1 keeps its size, as BROADCAST_ARGS works out."""
    x, shape = c.tensor(0), c.tensor(1)
    c.layout = tuple(range(len(c.dims())))
    if any(dim != 1 for dim in x.shape):
        own = c.op("SHAPE", x, shape=(x.rank,), dtype=np.int32, OutType=2)
        shape = c.op("BROADCAST_ARGS", own, shape, shape=(len(c.dims()),))
    return c.op("BROADCAST_TO", x, shape, shape=c.dims(), dtype=x.dtype)


@emit("Tile", wants=FOLLOW, data=1)
def tile(c: Call, x: Tensor) -> Tensor:
    repeats = np.array(c.ints(1, "repeats"), np.int32)
    if (repeats == 1).all():
        return x
    return c.op("TILE", x, c.const(repeats[list(c.layout)]), shape=c.shape())


@emit("Shape", wants=VIEW)
def shape_of(c: Call) -> Stored:
    """The IR's order of axes: SHAPE of the stored tensor, gathered."""
    dims = c.input_dims()
    start, end = c.attr("start", 0), c.attr("end")
    wanted = list(range(len(dims)))[start:end]
    if all(isinstance(dims[axis], int) for axis in wanted):
        made = c.const([dims[axis] for axis in wanted], np.int32)
        return Stored(made, plain(c.dims(), (0,)))
    stored = c.stored()
    layout = stored.view.natural([]) or tuple(range(len(dims)))
    tensor = c.compiler.realise(c.node.inputs[0], layout)  # type: ignore[arg-type]
    made = c.op("SHAPE", tensor, shape=(len(dims),), dtype=np.int32, OutType=2)
    picks = [layout.index(axis) for axis in wanted]
    if picks != list(range(len(dims))):
        made = c.op("GATHER", made, c.const(picks, np.int32), shape=(len(picks),), Axis=0)
    return Stored(made, plain(c.dims(), (0,)))


@emit("Size", wants=PLAIN)
def size(c: Call, x: Tensor) -> Tensor:
    dims = c.op("SHAPE", x, shape=(x.rank,), dtype=np.int32, OutType=2)
    return c.op("REDUCE_PROD", dims, c.const([0], np.int32), shape=(), KeepDims=False)


@emit("ConstantOfShape", wants=PLAIN, data=1)
def constant_of_shape(c: Call, shape: Tensor) -> Tensor:
    value = c.attr("value", np.zeros(1, np.float32)).reshape(())
    return c.op("FILL", shape, c.const(value, c.dtype()), shape=c.dims(), dtype=c.dtype())


@emit("DepthToSpace", wants=FOLLOW)
def depth_to_space(c: Call, x: Tensor) -> Tensor:
    """DEPTH_TO_SPACE is ONNX's DCR in channels-last; CRD is reshapes and one transpose."""
    del x
    block = c.attr("blocksize")
    n, depth, height, width = c.input_dims()
    c.layout = (0, 2, 3, 1)
    if c.attr("mode", "DCR") == "DCR":
        return c.op("DEPTH_TO_SPACE", c.tensor(0, c.layout), shape=c.shape(), BlockSize=block)
    if not isinstance(depth, int):
        refuse("a channel count that is known only at run time")
    atoms = (n, depth // block**2, block, block, height, width)
    return _through(c, atoms, (0, 1, 4, 2, 5, 3))


@emit("SpaceToDepth", wants=FOLLOW)
def space_to_depth(c: Call, x: Tensor) -> Tensor:
    del x
    c.layout = (0, 2, 3, 1)
    return c.op("SPACE_TO_DEPTH", c.tensor(0, c.layout), shape=c.shape(), BlockSize=c.attr("blocksize"))


def _through(c: Call, atoms: tuple[int | str, ...], perm: tuple[int, ...]) -> Tensor:
    """Reshape to `atoms`, transpose, reshape to the output's shape."""
    stored = c.stored()
    view = stored.view.reshaped(atoms)
    if view is None:
        refuse(f"a rearrangement to {list(atoms)} with sizes known only at run time")
    result = view.transposed(perm).reshaped(c.dims())
    assert result is not None
    return c.compiler.realise_view(Stored(stored.tensor, result), c.layout)


@emit("EyeLike", wants=PLAIN)
def eye_like(c: Call, x: Tensor) -> Tensor:
    rows, columns = c.static(x, "an identity matrix")
    return c.const(np.eye(rows, columns, c.attr("k", 0)), c.dtype())


@emit("Constant", wants=PLAIN)
def constant(c: Call) -> Tensor:
    value = c.attr("value")
    if not isinstance(value, np.ndarray):
        refuse("a Constant without a tensor")
    return c.const(value, c.dtype())
