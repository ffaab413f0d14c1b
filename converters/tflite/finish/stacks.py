"""Stacking along a new axis: PACK and UNPACK in place of RESHAPEs around CONCATENATION and SPLIT."""

from __future__ import annotations

from ..model import Model, Operator, Tensor
from .operator_list import OperatorList

STACKED = frozenset(["float32", "uint8", "int8", "int16", "int32", "int64"])
"""The types that LiteRT's kernels of PACK and UNPACK have in common."""


def pack(r: OperatorList, operator: Operator) -> None:
    """CONCATENATION of RESHAPEs that give each operand an axis of size 1 is PACK of what they read."""
    axis = operator.options["Axis"] % operator.output.rank
    if operator.options.get("FusedActivationFunction") or len(operator.inputs) < 2:
        return
    if operator.output.dtype.name not in STACKED:
        return
    sources = [_without_axis(r, tensor, axis) for tensor in operator.inputs]
    if any(source is None for source in sources) or all(source.array is not None for source in sources if source):
        return
    for index, source in enumerate(sources):
        assert source is not None
        r.read(operator, index, source)
    operator.op, operator.options = "PACK", {"Axis": axis, "ValuesCount": len(sources)}


def _without_axis(r: OperatorList, tensor: Tensor | None, axis: int) -> Tensor | None:
    """What a tensor was before it got the axis of size 1."""
    if tensor is None or tensor.shape[axis] != 1:
        return None
    shape = (*tensor.shape[:axis], *tensor.shape[axis + 1 :])
    if tensor.array is not None:
        return Tensor(
            tensor.name,
            tensor.dtype,
            shape,
            tensor.array.reshape(tensor.array.shape[:axis] + tensor.array.shape[axis + 1 :]),
        )
    made = r.producer(tensor, "RESHAPE")
    source = None if made is None else made.inputs[0]
    return source if source is not None and source.shape == shape else None


def unpack(model: Model) -> None:
    """SPLIT into slices of size 1 that are only read by RESHAPEs without that axis is UNPACK."""
    readers = model.readers()
    gone: set[int] = set()
    for operator in model.operators:
        if (
            operator.op == "SPLIT"
            and operator.outputs[0].dtype.name in STACKED
            and (followers := _dropping(model, operator, readers))
        ):
            axis, source = operator.inputs
            assert axis is not None
            assert axis.array is not None
            operator.op, operator.inputs = "UNPACK", [source]
            operator.options = {"Axis": int(axis.array.item()), "Num": len(followers)}
            operator.outputs = [follower.output for follower in followers]
            gone.update(map(id, followers))
    model.operators[:] = [operator for operator in model.operators if id(operator) not in gone]


def _dropping(model: Model, operator: Operator, readers: dict[Tensor, list[Operator]]) -> list[Operator]:
    """The RESHAPEs that take the axis away, one for each output; none where something else reads an output."""
    operand = operator.inputs[0]
    if operand is None or operand.array is None:
        return []
    axis, public = int(operand.array.item()) % operator.outputs[0].rank, set(model.outputs.values())
    followers = []
    for tensor in operator.outputs:
        shape = (*tensor.shape[:axis], *tensor.shape[axis + 1 :])
        found = readers.get(tensor, [])
        only = found[0] if len(found) == 1 and tensor not in public else None
        if tensor.shape[axis] != 1 or only is None or only.op != "RESHAPE" or only.output.shape != shape:
            return []
        followers.append(only)
    return followers
