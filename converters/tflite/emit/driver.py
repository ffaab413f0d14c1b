"""IR graph -> TFLite model: the driver that walks the nodes, plans layouts and calls the emitters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mgeconvert.compose.driver import composed
from mgeconvert.errors import Problem, RefusedError, UnsupportedError, refuse
from mgeconvert.ir import Graph, Node, Shape, Value
from mgeconvert.ir.validity import LARGEST

from ..dtypes import is_stored, stored_dtype
from ..layout.plan import BorderLayouts, Reading, wants_channels_last
from ..layout.storage import Storage
from ..layout.view import Stored, plain
from ..layout.wants import Wants
from ..model import BORDER, Layout, Model, Operator, Tensor, channels_last, identity, permuted
from .custom import CustomOperators, hint
from .emission import Emission
from .integer_graph import in_int8
from .refused import LACKING
from .table import EMITTERS, REFUSED, Emitter

SHAPED = frozenset(["Expand", "Reshape", "Squeeze", "Unsqueeze"])
"""Operators whose second input is a shape or axes, of which there may be none."""


def compile_graph(graph: Graph, layouts: BorderLayouts, custom: CustomOperators | None = None) -> Model:
    """The TFLite model of a graph; raises UnsupportedError with every problem at once. The graph is not changed."""
    driver = Driver(composed(in_int8(graph), EMITTERS, LACKING), layouts, custom or CustomOperators())
    model = driver.run()
    if driver.problems:
        ops = {problem.op for problem in driver.problems}
        raise UnsupportedError("export to tflite", driver.problems, hint=hint(ops))
    return model


class Driver(Storage):
    """One compilation; `problems` collects what cannot be expressed."""

    def __init__(self, graph: Graph, layouts: BorderLayouts, custom: CustomOperators) -> None:
        super().__init__(graph, wants_channels_last(graph, _reading))
        self.custom = custom
        self.borders = layouts
        self.problems: list[Problem] = []
        self.broken: set[Value] = set()
        self._named: set[Tensor] = set()

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
        except RefusedError as refusal:
            self.problems.append(Problem(name, kind, str(refusal)))
            self.broken.add(value)

    def _input(self, name: str, value: Value) -> None:
        if value.shape is None or value.dtype is None:
            refuse("its rank or type is not known; TFLite wants both")
        layout = self.borders.of_input(value, value in self.preferring)
        if value.dtype.name not in ("float32", "int8", "uint8", "int32", "int64", "bool", "float16", "int16"):
            refuse(f"LiteRT takes no {value.dtype.name} inputs")
        tensor = Tensor(name, value.dtype, permuted(value.shape, layout))
        self.model.inputs[name] = tensor
        self.model.input_layouts[name] = layout
        entered = self.cast(tensor, stored_dtype(value.dtype))
        self.entered.add(entered)
        self.sizes.note(entered)
        self.stored[value] = Stored(entered, plain(value.shape, layout))

    def _output(self, name: str, value: Value) -> None:
        if value in self.broken:
            return
        if value.shape is None or value.dtype is None:
            refuse("its rank or type is not known; TFLite wants both")
        view = None if value.is_constant else self.stored[value].view
        # what the source itself has transposed is an output as the source has it
        natural = None if view is None or view.moved else view.natural(self.preferred(value))
        layout = self.borders.of_output(value, natural)
        tensor = self.cast(self.realise(value, layout, cause=BORDER), value.dtype)
        if tensor.is_constant or tensor in self._public():
            # a copy: an output is a tensor of its own
            tensor = self.operator(
                "RESHAPE", [tensor, self.shape_operand(tensor, tensor.shape)], tensor.shape, tensor.dtype
            )
        tensor.name = name
        self.model.outputs[name] = tensor
        self.model.output_layouts[name] = layout

    def _public(self) -> set[Tensor]:
        return {*self.model.inputs.values(), *self.model.outputs.values()}

    def _node(self, node: Node) -> None:
        if any(value in self.broken for value in node.inputs if value is not None):
            self.broken.update(node.outputs)
            return
        self.origin = node.origin
        mark = len(self.operators)
        try:
            self._keep(node, self._emit(node), mark)
        except RefusedError as refusal:
            self.forget(mark)
            if not self._custom(node):
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

    def _custom(self, node: Node) -> bool:
        """The node as the user's operator or TensorFlow's, if that is allowed and its ranks and types are known."""
        code = self.custom.takes(node)
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

    def _emit(self, node: Node) -> list[Stored]:
        reason = REFUSED.get(node.op)
        if reason is not None:
            refuse(reason)
        emitter = EMITTERS.get(node.op) if not node.domain else None
        if emitter is None:
            name = f"{node.domain}::{node.op}" if node.domain else node.op
            refuse(f"{name} has no TFLite emitter")
        read = node.inputs[:1] if node.op in SHAPED else node.inputs
        for value in (*read, *node.outputs):
            if value is not None and value.shape is None:
                refuse(f"the rank of {value.name} is known only at run time; TFLite wants fixed ranks")
            if value is not None and value.shape is not None:
                _check_sizes(value, value.shape)
        if emitter.wants is Wants.VIEW:
            stored = emitter.function(Emission(self, node, ()))
            return [stored] if isinstance(stored, Stored) else list(stored)
        call, tensors = self._operands(node, emitter)
        results = emitter.function(call, *tensors)
        results = [results] if isinstance(results, Tensor) else list(results)
        views = [plain(value.shape or (), call.layout_of(value)) for value in node.outputs]
        if call.view is not None:
            views = [call.view]
        return [Stored(tensor, view) for tensor, view in zip(results, views, strict=True)]

    def _keep(self, node: Node, results: list[Stored], mark: int) -> None:
        """Note where the outputs are; tensors made since `mark` for them get the values' names."""
        made = {tensor for operator in self.operators[mark:] for tensor in operator.outputs}
        public = self._public()
        for value, stored in zip(node.outputs, results, strict=True):
            self.stored[value] = stored
            if stored.tensor in made and stored.tensor not in public and stored.tensor not in self._named:
                stored.tensor.name = self.name(value.name)
                self._named.add(stored.tensor)
                _name_dimensions(stored)

    def _operands(self, node: Node, emitter: Emitter) -> tuple[Emission, list[Tensor | None]]:
        data = node.inputs if emitter.data is None else node.inputs[: emitter.data]
        first = next((value for value in data if value is not None), None)
        if emitter.wants is Wants.ANY and first is not None and not first.is_constant:
            stored = self.stored[first]
            call = Emission(self, node, ())
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
        call = Emission(self, node, layout)
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
            stored = self.stored[value]
            natural = stored.view.natural(prefer, stored.tensor.shape)
            if natural is not None:
                size = int(np.prod([dim if isinstance(dim, int) else 1 for dim in value.shape or ()]))
                candidates[natural] = candidates.get(natural, 0) + size
        if not candidates:
            return prefer[0] if prefer else identity(rank)
        return max(candidates, key=lambda layout: (candidates[layout], layout in prefer, layout == channels_last(rank)))


def _check_sizes(value: Value, shape: Shape) -> None:
    """Refuse what LiteRT does not allocate."""
    if 0 in shape:
        refuse(f"{value.name} has no elements; LiteRT does not allocate empty tensors")
    if any(isinstance(dim, int) and dim > LARGEST for dim in shape):
        refuse(f"{value.name} has {value.type_text}; TFLite's sizes have 32 bits")


def _name_dimensions(stored: Stored) -> None:
    """Let a tensor's unknown dimensions have the IR's names."""
    tensor, view = stored.tensor, stored.view
    if tensor.is_static or len(view.shape) != tensor.rank:
        return
    layout = view.natural([])
    wanted = None if layout is None else permuted(view.shape, layout)
    if wanted is not None and all(a == b or isinstance(a, str) for a, b in zip(tensor.shape, wanted, strict=True)):
        tensor.shape = wanted


def _reading(op: str) -> Reading | None:
    emitter = EMITTERS.get(op)
    return None if emitter is None else (emitter.wants, emitter.data)


def _place(node: Node) -> str:
    return node.origin or node.name or (node.outputs[0].name if node.outputs else node.op)
