"""Where values are kept while a model is compiled: tensors in the layouts operators ask for, made once each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Graph, Namer, Shape, Value
from mgeconvert.ir.validity import LARGEST

from ..dtypes import narrowed
from ..model import (
    BORDER,
    LAYOUT,
    MODEL,
    Array,
    Layout,
    Model,
    Operator,
    Quantization,
    Tensor,
    channels_last,
    merged,
    permuted,
)
from .runtime_sizes import Read, RuntimeSizes
from .view import LIMIT_RANK, Stored, View, direct, runs


def check_sizes(op: str, shape: Shape) -> None:
    """RefusedError for a result of the operator whose sizes the format cannot say."""
    if any(isinstance(dim, int) and dim > LARGEST for dim in shape):
        refuse(f"{op} makes a tensor of {list(shape)}; TFLite's sizes have 32 bits")


class Storage:
    """The model being made and what is stored where.

    `stored` says how each computed value is kept, `folded` which computed values are constants after all (`quantized`
    with these scales), `entered` which tensors come from outside,
    `preferring` which values would rather be channels-last.
    """

    def __init__(self, graph: Graph, preferring: Collection[Value]) -> None:
        self.graph = graph
        self.readers = graph.users()
        self.model = model = Model(graph.name, metadata=dict(graph.metadata))
        self.operators = model.operators
        self.name = Namer([*graph.inputs, *graph.outputs])
        self.preferring = preferring
        self.origin = ""
        self.stored: dict[Value, Stored] = {}
        self.folded: dict[Value, Array] = {}
        self.quantized: dict[Value, Quantization] = {}
        self.entered: set[Tensor] = set()
        self.sizes = RuntimeSizes(self.operators)
        self._realised: dict[tuple[Tensor, View, Layout], Tensor] = {}
        self._constants: dict[tuple[Value, Layout, int], Tensor] = {}

    def forget(self, mark: int) -> None:
        """Drop the operators from `mark` on, and what was made by them."""
        gone = {tensor for operator in self.operators[mark:] for tensor in operator.outputs}
        del self.operators[mark:]
        self.sizes.forget(mark, gone)
        if gone:
            self._realised = {key: tensor for key, tensor in self._realised.items() if tensor not in gone}

    def preferred(self, value: Value) -> list[Layout]:
        """The layouts that the readers of the value would rather have."""
        rank = value.rank or 0
        return [channels_last(rank)] if value in self.preferring and rank > 2 else []

    def aligned(self, value: Value, layout: Layout) -> Tensor:
        """The value with leading axes of size 1 up to the layout's rank, in that layout."""
        missing = len(layout) - (value.rank or 0)
        if not missing:
            return self.realise(value, layout)
        if value.rank == 0:
            return self.realise(value, ())
        if value.is_constant:
            return self._constant(value, layout, missing)
        stored = self.stored[value]
        shape = (*(1,) * missing, *(value.shape or ()))
        view = stored.view.reshaped(shape)
        assert view is not None
        return self.realise_view(Stored(stored.tensor, view), layout)

    def realise(self, value: Value, layout: Layout, cause: str = LAYOUT) -> Tensor:
        """A tensor with the value's axes in that layout; transposes and reshapes are added as needed, once."""
        if value.is_constant or value in self.folded:
            return self._constant(value, layout, 0)
        return self.realise_view(self.stored[value], layout, cause)

    def realise_view(self, stored: Stored, layout: Layout, cause: str = LAYOUT) -> Tensor:
        """`realise` for a view of one's own; a constant is rearranged now."""
        tensor, view = stored.tensor, stored.view
        shape = permuted(view.shape, layout)
        if tensor.array is not None and not (view.has(layout) and tensor.shape == shape):
            atoms = tensor.array.reshape([int(view.atoms[atom]) for atom in view.order])
            array = atoms.transpose([view.order.index(atom) for atom in view.sequence(layout)]).reshape(shape)
            return self.constant(array, tensor.name)
        if view.has(layout) and (tensor.shape == shape):
            return tensor
        key = (tensor, view, layout)
        if key not in self._realised:
            why = MODEL if view.moved else BORDER if tensor in self.entered else cause
            self._realised[key] = self._rearranged(tensor, view, layout, shape, why)
        return self._realised[key]

    def _rearranged(self, tensor: Tensor, view: View, layout: Layout, shape: Shape, cause: str) -> Tensor:
        if view.has(layout):
            return self.reshape(tensor, shape)
        perm = direct(tensor.shape, view, layout, shape)
        if perm is None:
            tensor = self._reordered(tensor, view, view.sequence(layout), cause)
        else:
            tensor = self._transpose(tensor, perm, cause)
        return self.reshape(tensor, shape)

    def _reordered(self, tensor: Tensor, view: View, target: tuple[int, ...], cause: str) -> Tensor:
        """The atoms in another order; too many runs for one TRANSPOSE are brought to their places one by one."""
        grouped, order = runs(view, target)
        if sum(isinstance(atom, str) for atom in view.atoms) > 1 and len(view.atoms) <= LIMIT_RANK:
            # a product of sizes that only the run will tell could not be taken apart again
            grouped, order = [[atom] for atom in view.order], [view.order.index(atom) for atom in target]
        while len(grouped) > LIMIT_RANK:
            step = view.towards(target)
            tensor = self._reordered(tensor, view, step, cause)
            view = replace(view, order=step)
            grouped, order = runs(view, target)
        shape = tuple(merged(tuple(view.atoms[atom] for atom in run)) for run in grouped)
        return self._transpose(self.reshape(tensor, shape), tuple(order), cause)

    def _transpose(self, tensor: Tensor, perm: Layout, cause: str) -> Tensor:
        operand = self.constant(np.array(perm, np.int32), "perm")
        return self.operator("TRANSPOSE", [tensor, operand], permuted(tensor.shape, perm), tensor.dtype, cause=cause)

    def reshape(self, tensor: Tensor, shape: Shape) -> Tensor:
        """RESHAPE, unless the shape is the same already."""
        if tensor.shape == shape:
            return tensor
        if tensor.array is not None:
            return self.constant(tensor.array.reshape(shape), tensor.name)
        wanted = shape if self.can_say(tensor, shape) else self._renamed(tensor, shape)
        if wanted == tensor.shape:
            return tensor
        return self.operator("RESHAPE", [tensor, self.shape_operand(tensor, wanted)], shape, tensor.dtype)

    def shape_operand(self, tensor: Tensor, shape: Shape) -> Tensor:
        """The shape to give a tensor: one unknown dimension is -1, more are read at run time from where they are."""
        numbers = [dim if isinstance(dim, int) else -1 for dim in shape]
        if max(numbers, default=0) > LARGEST:
            refuse(f"a reshape of {list(tensor.shape)} to {list(shape)}: TFLite's sizes have 32 bits")
        if numbers.count(-1) <= 1:
            return self.constant(np.array(numbers, np.int32), "shape")
        reads = self.sizes.read(shape, tensor)
        if not self._are_known(reads, shape):
            refuse(f"a reshape of {list(tensor.shape)} to {list(shape)}: several sizes only the run will tell")
        starts: dict[Tensor, int] = {}
        parts: list[Tensor | None] = []
        end = 0
        for source in dict.fromkeys(read.tensor for read in reads if read):
            starts[source], end = end, end + source.rank
            parts.append(self.operator("SHAPE", [source], (source.rank,), np.int32, OutType=2))
        parts.append(self.constant(np.array(numbers, np.int32), "shape"))
        both = self.operator("CONCATENATION", parts, (end + len(shape),), np.int32, Axis=0)
        picks = [starts[read.tensor] + read.axis if read else end + axis for axis, read in enumerate(reads)]
        indices = self.constant(np.array(picks, np.int32), "picks")
        sizes = self.operator("GATHER", [both, indices], (len(shape),), np.int32, Axis=0)
        factors = np.array([read.factor if read else 1 for read in reads], np.int32)
        if (factors == 1).all():
            return sizes
        return self.operator("MUL", [sizes, self.constant(factors, "factors")], (len(shape),), np.int32)

    def _renamed(self, tensor: Tensor, shape: Shape) -> Shape:
        """The shape with the tensor's own names, where only names differ: sizes that were computed on several ways have
        several names, and a broadcast takes those of one operand."""
        own, wanted = ([dim for dim in dims if dim != 1] for dims in (tensor.shape, shape))
        pairs = list(zip(own, wanted, strict=False))
        if len(own) != len(wanted) or any(old != new and not isinstance(old, type(new)) for old, new in pairs):
            return shape
        if any(old != new and isinstance(old, int) for old, new in pairs):
            return shape
        names = iter(own)
        return tuple(dim if dim == 1 else next(names) for dim in shape)

    def can_say(self, tensor: Tensor, shape: Shape) -> bool:
        """Whether `shape_operand` can."""
        return self._are_known(self.sizes.read(shape, tensor), shape)

    def _are_known(self, reads: list[Read | None], shape: Shape) -> bool:
        """All sizes but one, which the reshape finds out."""
        return sum(isinstance(dim, str) and read is None for dim, read in zip(shape, reads, strict=True)) <= 1

    def _constant(self, value: Value, layout: Layout, missing: int) -> Tensor:
        key = (value, layout, missing)
        if key not in self._constants:
            array = self.folded.get(value, value.array)
            assert array is not None
            array = narrowed(array, value.name)
            array = np.transpose(array.reshape((1,) * missing + array.shape), layout)
            tensor = self._constants[key] = self.constant(array, value.name)
            if value in self.quantized:
                scales = self.quantized[value]
                tensor.quantization = replace(scales, axis=layout.index(scales.axis + missing) if layout else 0)
        return self._constants[key]

    def fold(self, value: Value, array: Array, quantization: Quantization) -> None:
        """From now on the value is a float constant, made of integers with these scales."""
        self.folded[value] = array
        self.quantized[value] = quantization

    def constant(self, array: Array, name: str) -> Tensor:
        return Tensor(self.name(name), array.dtype, array.shape, array)

    def cast(self, tensor: Tensor, dtype: np.dtype[Any]) -> Tensor:
        """CAST, unless the type is the same already."""
        if tensor.dtype == dtype:
            return tensor
        return self.operator("CAST", [tensor], tensor.shape, dtype)

    def operator(
        self, op: str, inputs: list[Tensor | None], shape: Shape, dtype: Any, *, cause: str = "", **options: Any
    ) -> Tensor:
        """Append a one-output operator. RefusedError for sizes that the format cannot say."""
        check_sizes(op, shape)
        output = Tensor(self.name(f"{op.lower()}"), np.dtype(dtype), tuple(shape))
        self.operators.append(Operator(op, inputs, [output], options, self.origin, cause))
        return output
