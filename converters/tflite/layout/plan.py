"""Layouts at the borders, and which values would rather be channels-last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mgeconvert.errors import UsageError
from mgeconvert.ir import Graph, Value

from ..model import Layout, Model, Tensor, channels_last, identity
from .wants import Wants

Reading = tuple[Wants, int | None]
"""What an operator asks of its data, and how many leading inputs are data (None: all)."""
LAYOUTS = ("auto", "nhwc", "nchw")
_SHAPE_FIRST = {"TRANSPOSE_CONV", "CONV_3D_TRANSPOSE"}
"""Operators whose data stands behind a shape and the weights."""
_CARRIED = {"Identity", "Dropout", "DequantizeLinear", "DEQUANTIZE"}


def wants_channels_last(graph: Graph, reading: Callable[[str], Reading | None]) -> set[Value]:
    """Values that an operator with channels-last kernels reads, directly or through operators that take any layout.

    `reading` says of an operator what it asks of its data, None where it is not known.
    """
    wanted: set[Value] = set()
    for node in reversed(graph.nodes):
        known = reading(node.op)
        if known is None:
            continue
        wants, data = known
        if wants is Wants.CHANNELS_LAST:
            readers = node.inputs[:1]
        elif wants in (Wants.FOLLOW, Wants.ANY) or node.op in _CARRIED:
            if not any(value in wanted for value in node.outputs):
                continue
            readers = node.inputs if data is None else node.inputs[:data]
        else:
            continue
        ranks = {value.rank for value in node.outputs}
        wanted.update(v for v in readers if v is not None and (v.rank or 0) > 2 and v.rank in ranks)
    return wanted


def wants_channels_first(graph: Model, reading: Callable[[str], Reading | None]) -> set[Tensor]:
    """`wants_channels_last` for reading: tensors that an operator reads which is channels-first in the IR."""
    wanted: set[Tensor] = set()
    for operator in reversed(graph.operators):
        known = reading(operator.op if operator.custom is None else operator.custom[0])
        if known is None:
            continue
        wants, data = known
        if wants is Wants.CHANNELS_FIRST:
            readers = operator.inputs[:3] if operator.op in _SHAPE_FIRST else operator.inputs[:1]
        elif wants in (Wants.FOLLOW, Wants.ANY) or operator.op in _CARRIED:
            if not any(tensor in wanted for tensor in operator.outputs):
                continue
            readers = operator.inputs if data is None else operator.inputs[:data]
        else:
            continue
        ranks = {tensor.rank for tensor in operator.outputs}
        wanted.update(tensor for tensor in readers if tensor is not None and tensor.rank > 2 and tensor.rank in ranks)
    return wanted


@dataclass(frozen=True, slots=True)
class BorderLayouts:
    """How graph inputs and outputs are stored.

    ``nchw`` keeps the source's axis order; ``nhwc`` puts axis 1 of every 4-D and 5-D one last; ``auto`` does so exactly
    where the network computes channels-last, so that no transposes are needed at the border.
    """

    inputs: str = "auto"
    outputs: str = "auto"

    def __post_init__(self) -> None:
        for option, layout in (("input_layout", self.inputs), ("output_layout", self.outputs)):
            if layout not in LAYOUTS:
                flag = f"--{option.replace('_', '-')}"
                raise UsageError(f"{flag} {layout}: unknown layout; known: {', '.join(LAYOUTS)}")

    def of_input(self, value: Value, preferred: bool) -> Layout:
        rank = value.rank or 0
        return _forced(self.inputs, rank) or (channels_last(rank) if preferred else identity(rank))

    def of_output(self, value: Value, natural: Layout | None) -> Layout:
        rank = value.rank or 0
        forced = _forced(self.outputs, rank)
        if forced is not None:
            return forced
        return channels_last(rank) if rank > 2 and natural == channels_last(rank) else identity(rank)


def _forced(layout: str, rank: int) -> Layout | None:
    if layout == "auto":
        return None
    return channels_last(rank) if layout == "nhwc" and rank in (4, 5) else identity(rank)
