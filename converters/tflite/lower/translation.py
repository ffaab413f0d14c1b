"""The translation of one operator: what a lowering sees of the operator, and the builder of the graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Shape, Value
from mgeconvert.ir.builder import Builder

from ..layout.holding import Held, Holding, constant_array, is_real, quantize
from ..model import Array, Layout, Operator, Tensor, channels_first, identity, permuted
from .state import State


class Subgraphs(Protocol):
    """The subgraphs of the file, lowered where they are called."""

    def call(self, number: int, operands: Sequence[Held]) -> list[Held]: ...


class Translation:
    """`layout` is the layout of the operands and, unless the lowering sets another, of the results. A lowering that
    applies the fused activation itself sets `applied`."""

    __slots__ = ("applied", "holding", "layout", "operator", "state", "subgraphs")

    def __init__(
        self, holding: Holding, operator: Operator, layout: Layout, state: State, subgraphs: Subgraphs
    ) -> None:
        self.holding = holding
        self.operator = operator
        self.layout = layout
        self.state = state
        self.subgraphs = subgraphs
        self.applied = False

    @property
    def b(self) -> Builder:
        return self.holding.b

    def option(self, name: str, default: Any = 0) -> Any:
        return self.operator.options.get(name, default)

    def tensor(self, index: int) -> Tensor | None:
        """Operand `index` as the file has it, None if it is omitted."""
        tensor = self.operator.inputs[index] if index < len(self.operator.inputs) else None
        return None if tensor is None else self.holding.resolved(tensor)

    def given(self, index: int, what: str) -> Tensor:
        """Operand `index`, which must be there."""
        tensor = self.tensor(index)
        if tensor is None:
            refuse(f"its {what} is missing")
        return tensor

    def held(self, index: int = 0) -> Held:
        return self.holding.held(self.given(index, "operand"))

    def value(self, index: int, layout: Layout | None = None) -> Value:
        """Operand `index` in a layout (default: the file's own)."""
        tensor = self.given(index, "operand")
        return self.holding.realise(tensor, identity(len(self.holding.shape(tensor))) if layout is None else layout)

    def aligned(self, index: int) -> Value:
        """Operand `index` in `t.layout`, with leading axes of size 1 where it has fewer."""
        return self.holding.aligned(self.given(index, "operand"), self.layout)

    def raw(self, index: int) -> Value:
        """Operand `index` in the file's own layout with the integers that the file stores."""
        tensor = self.given(index, "operand")
        if tensor.quantization is None or not is_real(tensor):
            return self.value(index)
        if not self.is_computed(index):
            return self.holding.raw_constant(tensor, identity(tensor.rank))
        return quantize(self.b, self.value(index), tensor.quantization, tensor.dtype)

    def is_computed(self, index: int) -> bool:
        tensor = self.tensor(index)
        return tensor is not None and tensor in self.holding.tensors

    def shape(self, index: int = 0) -> Shape:
        """The shape of operand `index` in the file's order of axes."""
        return self.holding.shape(self.given(index, "operand"))

    def sizes(self, index: int, what: str) -> tuple[int, ...]:
        """`shape` as numbers; refuses sizes that only the run will tell."""
        return self.known(self.shape(index), what)

    def known(self, shape: Shape, what: str) -> tuple[int, ...]:
        if not all(isinstance(dim, int) for dim in shape):
            refuse(f"{what} of {list(shape)}: these sizes must be known")
        return shape  # type: ignore[return-value]

    def array(self, index: int, what: str) -> Array | None:
        """Constant operand `index`, None if it is omitted; refuses one that the run computes."""
        tensor = self.tensor(index)
        if tensor is None:
            return None
        if tensor in self.holding.tensors:
            where = self.holding.tensors[tensor]
            if where.value.array is None:
                refuse(f"its {what} is computed at run time, a constant is needed")
            return np.asarray(self.value(index).array)
        array = constant_array(tensor)
        if array is None:
            refuse(f"its {what} is read before anything makes it")
        return array

    def is_known(self, index: int) -> bool:
        """Whether operand `index` is a constant now."""
        tensor = self.tensor(index)
        return tensor is not None and (
            tensor not in self.holding.tensors or self.holding.tensors[tensor].value.is_constant
        )

    def ints(self, index: int, what: str) -> list[int] | None:
        array = self.array(index, what)
        return None if array is None else [int(number) for number in array.reshape(-1)]

    def number(self, index: int, what: str) -> int:
        """Constant operand `index` as one integer."""
        numbers = self.ints(index, what)
        if not numbers:
            refuse(f"its {what} is missing")
        return numbers[0]

    def axis(self, axis: int) -> int:
        """The IR axis of an axis of the file, which may be negative."""
        return self.layout.index(self.own_axis(axis))

    def own_axis(self, axis: int, rank: int | None = None) -> int:
        """An axis of the file counted from the start; refuses one that the tensor does not have."""
        count = len(self.layout) if rank is None else rank
        if not -count <= axis < count:
            refuse(f"axis {axis} of a tensor of {count} axes")
        return axis % count

    def int64(self, index: int) -> Value:
        """Operand `index`, integers, as ONNX wants shapes and axes."""
        return self.b.op("Cast", self.value(index), to=7)

    def pair(self, real: Value, imaginary: Value) -> None:
        """Remember the imaginary part of a complex result, whose value is its real part."""
        self.holding.imaginary[real] = imaginary

    def parts(self, index: int) -> tuple[Value, Value] | None:
        """Real and imaginary part of a complex operand in the file's own layout, None if it has none."""
        where = self.held(index)
        imaginary = self.holding.imaginary.get(where.value)
        if imaginary is None:
            return None
        layout = identity(len(where.view.shape))
        other = Held(imaginary, where.view)
        return self.holding.realise_view(where, layout), self.holding.realise_view(other, layout)

    @property
    def output(self) -> Tensor:
        return self.operator.output

    def result_shape(self, value: Value) -> Shape:
        """The shape in the file's order of a value in `t.layout`."""
        if value.shape is None:
            refuse("the rank of its result is known only at run time")
        return permuted(value.shape, tuple(self.layout.index(axis) for axis in range(len(self.layout))))


def without(layout: Layout, axes: list[int]) -> Layout:
    """The layout of the tensor without those axes."""
    kept = [axis for axis in range(len(layout)) if axis not in axes]
    return tuple(kept.index(axis) for axis in layout if axis in kept)


def image(rank: int) -> Layout:
    """Channels-first, for what has channels."""
    return channels_first(rank) if rank > 2 else identity(rank)
