"""Positions of the last axis, picked one by one: x[..., 0], x[..., 1] of a channel shuffle.

GATHER(x, 0), GATHER(x, 1) of x (..., k, n), n = 2  ->  SPLIT(RESHAPE(TRANSPOSE(x)), n)

with TRANSPOSE(x) (..., n, k) and RESHAPE of it (..., n k). GATHER copies number by number in a kernel of its own; the
others run in XNNPACK, together with what is around them. ShuffleNet V2 takes 0.64 of the time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from mgeconvert.ir import Dim

from ..model import MODEL, Model, Operator, Tensor

MOST = 4
"""So many parts XNNPACK's SPLIT has."""
MOVED = frozenset(["float32", "int8", "uint8"])
"""The types of XNNPACK's TRANSPOSE and SPLIT."""


def split_picks(model: Model) -> None:
    """Where every position of a short last axis is picked by a GATHER of its own, split the tensor at once."""
    picks: dict[Tensor, dict[int, Operator]] = defaultdict(dict)
    for operator in model.operators:
        if operator.op == "GATHER" and (position := _position(operator)) is not None:
            source = operator.inputs[0]
            assert source is not None
            picks[source].setdefault(position, operator)
    whole = {next(iter(found.values())): (x, found) for x, found in picks.items() if _is_whole(x, found)}
    gone = {operator for _, found in whole.values() for operator in found.values()}
    made: list[Operator] = []
    for operator in model.operators:
        if operator in whole:
            x, found = whole[operator]
            made += _split(x, [found[position].output for position in range(len(found))], operator.origin)
        if operator not in gone:
            made.append(operator)
    model.operators[:] = made


def _position(operator: Operator) -> int | None:
    """The one constant position of the last axis that a GATHER picks."""
    x, positions = operator.inputs[:2]
    if x is None or positions is None or positions.array is None or positions.rank or operator.options.get("BatchDims"):
        return None
    size = x.shape[-1]
    if operator.options["Axis"] % x.rank != x.rank - 1 or not isinstance(size, int) or not size:
        return None
    return int(positions.array) % size


def _is_whole(x: Tensor, found: dict[int, Operator]) -> bool:
    """Whether the GATHERs are the whole tensor, and all that is done is of types that XNNPACK takes."""
    count = len(found)
    return x.is_static and x.rank > 1 and 1 < count <= MOST and count == x.shape[-1] and x.dtype.name in MOVED


def _split(x: Tensor, parts: list[Tensor], origin: str) -> list[Operator]:
    """The operators that make the parts of a tensor along its last axis."""
    *outer, rows, count = (int(size) for size in x.shape)
    turned = Tensor(f"{x.name}_turned", x.dtype, (*outer, count, rows), None, x.quantization)
    merged = Tensor(f"{x.name}_merged", x.dtype, (*outer, count * rows), None, x.quantization)

    def constant(name: str, numbers: int | Sequence[Dim]) -> Tensor:
        array = np.array(numbers, np.int32)
        return Tensor(f"{x.name}_{name}", array.dtype, array.shape, array)

    axes = constant("axes", [*range(x.rank - 2), x.rank - 1, x.rank - 2])
    return [
        Operator("TRANSPOSE", [x, axes], [turned], {}, origin, MODEL),
        Operator("RESHAPE", [turned, constant("shape", merged.shape)], [merged], {}, origin),
        Operator("SPLIT", [constant("split_axis", merged.rank - 1), merged], parts, {"NumSplits": count}, origin),
    ]
