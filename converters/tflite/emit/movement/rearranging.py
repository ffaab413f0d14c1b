"""Operators that only rearrange elements: most are arithmetic on views and cost nothing."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse

from ...layout.view import Stored, plain
from ...layout.wants import FOLLOW, VIEW
from ...model import Tensor, merged
from ..emission import Emission
from ..table import emit


@emit("Transpose", wants=VIEW)
def transpose(c: Emission) -> Stored:
    stored = c.stored()
    perm = c.attr("perm", tuple(reversed(range(len(c.dims())))))
    return Stored(stored.tensor, stored.view.transposed(perm))


@emit("Reshape", "Flatten", "Squeeze", "Unsqueeze", wants=VIEW)
def reshape(c: Emission) -> Stored:
    """A view where axes split or merge; elements in the IR's order and a RESHAPE where an axis straddles others."""
    stored, shape = c.stored(), c.dims()
    view = stored.view.reshaped(shape)
    if view is not None:
        return Stored(stored.tensor, view)
    tensor = c.tensor(0)
    wanted = c.value(1)
    if wanted is not None and not wanted.is_constant and not c.storage.can_say(tensor, shape):
        made = c.op("RESHAPE", tensor, _with_own_sizes(c, tensor, c.tensor(1)), shape=shape)
    else:
        made = c.reshape(tensor, shape)
    return Stored(made, plain(shape, tuple(range(len(shape)))))


def _with_own_sizes(c: Emission, tensor: Tensor, target: Tensor) -> Tensor:
    """The sizes to reshape to, where ONNX's 0 (the size that is there) is the tensor's own."""
    if c.attr("allowzero", 0):
        return target
    (count,) = c.known(target.shape, "a shape")
    own = c.op("SHAPE", tensor, shape=(tensor.rank,), dtype=np.int32, OutType=2)
    own = c.op("CONCATENATION", own, c.const([1] * count, np.int32), shape=(tensor.rank + count,), Axis=0)
    own = c.op("GATHER", own, c.const(range(count), np.int32), shape=(count,), Axis=0)
    return c.op("SELECT_V2", c.op("EQUAL", target, c.like(0, target), dtype=bool), own, target, dtype=np.int32)


@emit("DepthToSpace", wants=FOLLOW)
def depth_to_space(c: Emission, x: Tensor) -> Tensor:
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
    stored = c.stored()
    view = stored.view.reshaped(atoms)
    if view is None:
        refuse(f"a rearrangement to {list(atoms)} with sizes known only at run time")
    view = view.transposed((0, 1, 4, 2, 5, 3))
    result = view.reshaped(c.dims())
    if result is not None:
        return c.storage.realise_view(Stored(stored.tensor, result), c.layout)
    tensor = c.storage.realise_view(Stored(stored.tensor, view), (0, 2, 3, 4, 5, 1))
    sizes = (n, merged((height, block)), merged((width, block)), depth // block**2)
    return c.op("RESHAPE", tensor, c.storage.shape_operand(tensor, sizes), shape=c.shape())


@emit("SpaceToDepth", wants=FOLLOW)
def space_to_depth(c: Emission, x: Tensor) -> Tensor:
    del x
    c.layout = (0, 2, 3, 1)
    return c.op("SPACE_TO_DEPTH", c.tensor(0, c.layout), shape=c.shape(), BlockSize=c.attr("blocksize"))
