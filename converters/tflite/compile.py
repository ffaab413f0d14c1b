"""IR graph -> TFLite model: the driver that walks the nodes, plans layouts and calls the emitters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from mgeconvert.errors import GraphError, Problem, UnsupportedError
from mgeconvert.ir import Graph, Namer, Node, Shape, Value

from .call import Call
from .emit import EMITTERS, REFUSED
from .foreign import Foreign, hint
from .model import (
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
    identity,
    merged,
    permuted,
)
from .plan import BorderLayouts, wants_channels_last
from .table import Emitter, Refusal, Wants
from .types import is_stored, narrowed, stored_dtype
from .view import Stored, View, plain, runs

LIMIT_RANK = 6


def compile_graph(graph: Graph, layouts: BorderLayouts, foreign: Foreign | None = None) -> Model:
    """The TFLite model of a graph; raises UnsupportedError with every problem at once. The graph is not changed."""
    compiler = Compiler(graph, layouts, foreign or Foreign())
    model = compiler.run()
    if compiler.problems:
        ops = {problem.op for problem in compiler.problems}
        raise UnsupportedError("export to tflite", compiler.problems, hint=hint(ops))
    return model


class Compiler:
    """One compilation; `problems` collects what cannot be expressed."""

    def __init__(self, graph: Graph, layouts: BorderLayouts, foreign: Foreign) -> None:
        self.graph = graph
        self.foreign = foreign
        self.borders = layouts
        self.model = Model(graph.name, metadata=dict(graph.metadata))
        self.problems: list[Problem] = []
        self.preferring = wants_channels_last(graph)
        self.readers = graph.users()
        self.name = Namer([*graph.inputs, *graph.outputs])
        self.stored: dict[Value, Stored] = {}
        self.broken: set[Value] = set()
        self.folded: dict[Value, Array] = {}
        self.quantized: dict[Value, Quantization] = {}
        self._named: set[Tensor] = set()
        self._entered: set[Tensor] = set()
        self._realised: dict[tuple[Tensor, View, Layout], Tensor] = {}
        self._constants: dict[tuple[Value, Layout, int], Tensor] = {}
        self.origin = ""
        self.operators = self.model.operators

    def run(self) -> Model:
        for name, value in self.graph.inputs.items():
            self._border(name, value, "Input", self._input)
        for node in self.graph.nodes:
            self._node(node)
        for name, value in self.graph.outputs.items():
            self._border(name, value, "Output", self._output)
        return self.model

    def _border(self, name: str, value: Value, kind: str, action: Callable[[str, Value], None]) -> None:
        try:
            action(name, value)
        except Refusal as refusal:
            self.problems.append(Problem(name, kind, str(refusal)))
            self.broken.add(value)

    def _input(self, name: str, value: Value) -> None:
        if value.shape is None or value.dtype is None:
            raise Refusal("its rank or type is not known; TFLite wants both")
        layout = self.borders.of_input(name, value, value in self.preferring)
        if value.dtype.name not in ("float32", "int8", "uint8", "int32", "int64", "bool", "float16", "int16"):
            raise Refusal(f"LiteRT takes no {value.dtype.name} inputs")
        tensor = Tensor(name, value.dtype, permuted(value.shape, layout))
        self.model.inputs[name] = tensor
        self.model.input_layouts[name] = layout
        entered = self.cast(tensor, stored_dtype(value.dtype))
        self._entered.add(entered)
        self.stored[value] = Stored(entered, plain(value.shape, layout))

    def _output(self, name: str, value: Value) -> None:
        if value in self.broken:
            return
        assert value.shape is not None
        assert value.dtype is not None
        natural = None if value.is_constant else self.stored[value].view.natural(self.preferred(value))
        layout = self.borders.of_output(name, value, natural)
        tensor = self.cast(self.realise(value, layout, cause=BORDER), value.dtype)
        shape = permuted(value.shape, layout)
        producer = self.operators[-1].outputs if self.operators else []
        if tensor.is_constant or tensor in self._public() or (tensor.shape != shape and tensor not in producer):
            tensor = self.operator("RESHAPE", [tensor, self._shape_operand(tensor, shape)], shape, tensor.dtype)
        tensor.name = name
        self.model.outputs[name] = tensor
        self.model.output_layouts[name] = layout

    def _public(self) -> set[Tensor]:
        return {*self.model.inputs.values(), *self.model.outputs.values()}

    def preferred(self, value: Value) -> list[Layout]:
        rank = value.rank or 0
        return [channels_last(rank)] if value in self.preferring and rank > 2 else []

    def _node(self, node: Node) -> None:
        if any(value in self.broken for value in node.inputs if value is not None):
            self.broken.update(node.outputs)
            return
        self.origin = node.origin
        mark = len(self.operators)
        try:
            self._emit(node)
        except Refusal as refusal:
            del self.operators[mark:]
            if not self._foreign(node):
                self.problems.append(Problem(_place(node), node.op, str(refusal)))
                self._pretend(node)

    def _pretend(self, node: Node) -> None:
        """Go on as if the node were there, so that problems behind it are reported too."""
        for value in node.outputs:
            if value.shape is None or value.dtype is None or not is_stored(value.dtype):
                self.broken.add(value)
            else:
                tensor = Tensor(value.name, stored_dtype(value.dtype), value.shape)
                self.stored[value] = Stored(tensor, plain(value.shape, identity(tensor.rank)))

    def _foreign(self, node: Node) -> bool:
        """The node as the user's operator or TensorFlow's, if that is allowed and its ranks and types are known."""
        code = self.foreign.takes(node)
        values = [value for value in (*node.inputs, *node.outputs) if value is not None]
        if code is None or any(v.shape is None or v.dtype is None or not is_stored(v.dtype) for v in values):
            return False
        inputs = [None if value is None else self.realise(value, identity(value.rank or 0)) for value in node.inputs]
        outputs = [
            Tensor(self.name(v.name), stored_dtype(v.dtype), v.shape)
            for v in node.outputs
            if v.dtype is not None and v.shape is not None
        ]
        self.operators.append(Operator("CUSTOM", list(inputs), outputs, {}, node.origin, custom=code))
        for value, tensor in zip(node.outputs, outputs, strict=True):
            self.stored[value] = Stored(tensor, plain(tensor.shape, identity(tensor.rank)))
        return True

    def _emit(self, node: Node) -> None:
        reason = REFUSED.get(node.op)
        if reason is not None:
            raise Refusal(reason)
        emitter = EMITTERS.get(node.op) if not node.domain else None
        if emitter is None:
            name = f"{node.domain}::{node.op}" if node.domain else node.op
            raise Refusal(f"{name} has no TFLite emitter")
        for value in (*node.inputs, *node.outputs):
            if value is not None and value.shape is None:
                raise Refusal(f"the rank of {value.name} is known only at run time; TFLite wants fixed ranks")
            if value is not None and value.shape is not None and 0 in value.shape:
                raise Refusal(f"{value.name} has no elements; LiteRT does not allocate empty tensors")
        if emitter.wants is Wants.VIEW:
            self._keep(node, emitter.function(Call(self, node, ())))
            return
        call, tensors = self._operands(node, emitter)
        results = emitter.function(call, *tensors)
        results = [results] if isinstance(results, Tensor) else list(results)
        views = [plain(value.shape or (), call.layout_of(value)) for value in node.outputs]
        if call.view is not None:
            views = [call.view]
        self._keep(node, [Stored(tensor, view) for tensor, view in zip(results, views, strict=True)])

    def _keep(self, node: Node, results: list[Stored] | Stored) -> None:
        results = [results] if isinstance(results, Stored) else results
        made = {tensor for operator in self.operators[-len(results) - 2 :] for tensor in operator.outputs}
        public = self._public()
        for value, stored in zip(node.outputs, results, strict=True):
            self.stored[value] = stored
            if stored.tensor in made and stored.tensor not in public and stored.tensor not in self._named:
                stored.tensor.name = self.name(value.name)
                self._named.add(stored.tensor)
                _name_dimensions(stored)

    def _operands(self, node: Node, emitter: Emitter) -> tuple[Call, list[Tensor | None]]:
        data = node.inputs if emitter.data is None else node.inputs[: emitter.data]
        first = next((value for value in data if value is not None), None)
        if emitter.wants is Wants.ANY and first is not None and not first.is_constant:
            stored = self.stored[first]
            call = Call(self, node, ())
            call.view = stored.view
            return call, [stored.tensor, *(self.realise(v, identity(v.rank or 0)) for v in data[1:] if v is not None)]
        rank = max((value.rank or 0 for value in data if value is not None), default=0)
        layout = identity(rank)
        if emitter.wants is Wants.CHANNELS_LAST:
            layout = channels_last(rank)
            if rank < 2:
                layout = identity(rank)
        elif emitter.wants is Wants.FOLLOW:
            layout = self.common_layout(node, [value for value in data if value is not None], rank)
        call = Call(self, node, layout)
        if emitter.wants is Wants.PLAIN:
            return call, [None if value is None else self.realise(value, identity(value.rank or 0)) for value in data]
        return call, [None if value is None else self.aligned(value, layout) for value in data]

    def common_layout(self, node: Node, data: list[Value], rank: int) -> Layout:
        """The layout that moves the fewest elements; between equals the one the readers of the output want."""
        candidates: dict[Layout, int] = {}
        prefer = [channels_last(rank)] if rank > 2 and any(v in self.preferring for v in node.outputs) else []
        for value in data:
            if value.is_constant or value.rank != rank:
                continue
            natural = self.stored[value].view.natural(prefer)
            if natural is not None:
                size = int(np.prod([dim if isinstance(dim, int) else 1 for dim in value.shape or ()]))
                candidates[natural] = candidates.get(natural, 0) + size
        if not candidates:
            return prefer[0] if prefer else identity(rank)
        return max(candidates, key=lambda layout: (candidates[layout], layout in prefer, layout == channels_last(rank)))

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
            why = MODEL if view.moved else BORDER if tensor in self._entered else cause
            self._realised[key] = self._rearranged(tensor, view, layout, shape, why)
        return self._realised[key]

    def _rearranged(self, tensor: Tensor, view: View, layout: Layout, shape: Shape, cause: str) -> Tensor:
        if view.has(layout):
            return self.reshape(tensor, shape)
        perm = _direct(tensor, view, layout, shape)
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
        return self.operator("RESHAPE", [tensor, self._shape_operand(tensor, shape)], shape, tensor.dtype)

    def _shape_operand(self, tensor: Tensor, shape: Shape) -> Tensor:
        """The shape to give a tensor: one unknown dimension is -1, more are read from the tensor's own at run time."""
        numbers = [dim if isinstance(dim, int) else -1 for dim in shape]
        if numbers.count(-1) <= 1:
            return self.constant(np.array(numbers, np.int32), "shape")
        picks = [
            tensor.shape.index(dim) if dim in tensor.shape else tensor.rank + axis for axis, dim in enumerate(shape)
        ]
        if sum(numbers[pick - tensor.rank] < 0 for pick in picks if pick >= tensor.rank) > 1:
            raise Refusal(f"a reshape of {list(tensor.shape)} to {list(shape)}: several sizes only the run will tell")
        own = self.operator("SHAPE", [tensor], (tensor.rank,), np.int32, OutType=2)
        known = self.constant(np.array(numbers, np.int32), "shape")
        both = self.operator("CONCATENATION", [own, known], (tensor.rank + len(shape),), np.int32, Axis=0)
        indices = self.constant(np.array(picks, np.int32), "picks")
        return self.operator("GATHER", [both, indices], (len(shape),), np.int32, Axis=0)

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
        """Append a one-output operator."""
        output = Tensor(self.name(f"{op.lower()}"), np.dtype(dtype), tuple(shape))
        self.operators.append(Operator(op, inputs, [output], options, self.origin, cause))
        return output


def _name_dimensions(stored: Stored) -> None:
    """Let a tensor's unknown dimensions have the IR's names."""
    tensor, view = stored.tensor, stored.view
    if tensor.is_static or len(view.shape) != tensor.rank:
        return
    layout = view.natural([])
    wanted = None if layout is None else permuted(view.shape, layout)
    if wanted is not None and all(a == b or isinstance(a, str) for a, b in zip(tensor.shape, wanted, strict=True)):
        tensor.shape = wanted


def _place(node: Node) -> str:
    return node.origin or node.name or (node.outputs[0].name if node.outputs else node.op)


def _direct(tensor: Tensor, view: View, layout: Layout, shape: Shape) -> tuple[int, ...] | None:
    """The permutation for a single TRANSPOSE when tensor and target axes correspond one to one, else None."""
    filled = [axis for axis, dim in enumerate(tensor.shape) if dim != 1]
    if [tensor.shape[axis] for axis in filled] != [view.atoms[atom] for atom in view.order]:
        return None
    if len(tensor.shape) != len(shape) or max(view.groups, default=0) > 1 or len(shape) > LIMIT_RANK:
        return None
    where = dict(zip(view.order, filled, strict=True))
    ones = iter([axis for axis, dim in enumerate(tensor.shape) if dim == 1])
    members = view.members()
    return tuple(where[members[axis][0]] if members[axis] else next(ones) for axis in layout)


def check(model: Model) -> None:
    """Raise GraphError unless every tensor an operator reads is an input, a constant or made before."""
    known = set(model.inputs.values())
    for operator in model.operators:
        for tensor in operator.inputs:
            if tensor is not None and not tensor.is_constant and tensor not in known:
                raise GraphError(f"{operator.op}: {tensor.name} is read before it is made")
        known.update(operator.outputs)
