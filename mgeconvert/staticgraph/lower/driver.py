"""Lowers a static graph to a Graph: each operator by its row, names as in the file, all refusals together."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from mgeconvert.errors import NONSENSE, Problem, RefusedError, UnsupportedError, refuse
from mgeconvert.ir import Graph, Shape, Value
from mgeconvert.ir.families import FAMILIES
from mgeconvert.ir.inference import InferenceError
from mgeconvert.ir.name_trees import nest_by_names
from mgeconvert.ir.scopes import Scope
from mgeconvert.tracedmodule.lower.driver import flat, load_table, storage
from mgeconvert.tracedmodule.lower.dynamic_shapes import sizes_when_traced
from mgeconvert.tracedmodule.lower.grids import PASSIVE, dequantized, of_dtype, settle
from mgeconvert.tracedmodule.lower.table import LastOutput, Lowering
from mgeconvert.tracedmodule.read.arrays import MgeDType

from ..read.records import Operator, StaticGraph, Tensor, Variable
from .control import HOLDERS, INPUTS
from .layouts import StaticBuilder
from .table import Row, find, refusal, result_of

_NAME = re.compile(r"(?:(?P<path>[A-Za-z_]\w*(?:\.\w+)*)\.)?(?P<kind>[A-Za-z_]\w*)(?:\[\d+\])?(?::o\d+)?")
"""``layer1.0.conv1.Convolution[2]:o1``: the module's path, the operator, a counter, an output."""


def load_tables() -> None:
    """Import every family, so that both tables are complete."""
    load_table()
    for family in [*FAMILIES, "refused"]:
        importlib.import_module(f"{__package__}.{family}")


def inputs_of(model: StaticGraph) -> list[Tensor]:
    """The model's inputs in order. A file lists them as operators first need them; where they are numbered
    (``arg_0, arg_1``, dump's own names) the numbers count."""
    found = [op.tensors[0] for op in model.operators if op.type in INPUTS and op.tensors]
    numbered = [re.fullmatch(r"(.*?)(\d+)", tensor.name) for tensor in found]
    if found and all(numbered) and len({match[1] for match in numbered if match}) == 1:
        found.sort(key=lambda tensor: int(re.sub(r".*?(\d+)$", r"\1", tensor.name)))
    return found


def lower_graph(
    model: StaticGraph, shapes: Mapping[str, Shape] | None = None, kept: Collection[int] = ()
) -> tuple[Graph, list[Problem]]:
    """The graph of a model and the operators that could not be lowered (their outputs are placeholders).

    `shapes` overrides the inputs' shapes, also with symbolic dimensions. A number that equals a size which varies is
    taken for it, unless it is `kept`; each is logged.
    """
    load_tables()
    traced = {tensor.name: tensor.shape for tensor in inputs_of(model)}
    driver = Driver(model, traced | dict(shapes or {}), traced, kept)
    for operator in model.operators:
        driver.add(operator)
    for value, name in model.outputs:
        driver.builder.output(name, driver.value(value))
    driver.builder.graph.remove_dead_nodes()
    driver.builder.say_guesses()
    nest_by_names(driver.builder.graph, ".", counted=False)
    return driver.builder.graph, driver.problems


def lower_or_raise(model: StaticGraph, shapes: Mapping[str, Shape] | None = None, kept: Collection[int] = ()) -> Graph:
    """`lower_graph`; raises UnsupportedError with every problem."""
    graph, problems = lower_graph(model, shapes, kept)
    if problems:
        raise UnsupportedError("read the static graph", problems, hint="`mgeconvert ops mge` lists what can be read")
    return graph


class Driver:
    """The values so far, by their numbers in the file."""

    def __init__(
        self,
        model: StaticGraph,
        shapes: Mapping[str, Shape],
        traced: Mapping[str, tuple[int, ...]],
        kept: Collection[int] = (),
    ) -> None:
        self.builder = StaticBuilder(sizes_when_traced(shapes, traced), kept)
        self.problems: list[Problem] = []
        self._variables = model.variables
        self._values: dict[int, Value] = {}
        self._inputs = {
            tensor.name: self.builder.input(tensor.name, storage(tensor.dtype), shapes[tensor.name])
            for tensor in inputs_of(model)
        }

    def value(self, number: int) -> Value:
        """The value of that number in the file."""
        return self._values[number]

    def add(self, operator: Operator) -> None:
        """Lower one operator."""
        values = self._lowered(operator)
        missing = operator.outputs[len(values) :]
        self._values.update(zip(operator.outputs, values, strict=False))
        self._values.update((number, self._placeholder(number)) for number in missing)
        if missing:
            self.problems.append(
                Problem("model", operator.type, f"holds {len(values)} of {len(operator.outputs)} values")
            )

    def _input(self, tensor: Tensor) -> Value:
        value = self._inputs[tensor.name]
        return self._dequantized(value, tensor)

    def _constants(self, operator: Operator) -> list[Value]:
        return [self._constant(*pair) for pair in zip(operator.outputs, operator.tensors, strict=False)]

    def _constant(self, number: int, tensor: Tensor) -> Value:
        name = self._variable(number).name or tensor.name
        array = np.zeros(tensor.shape, storage(tensor.dtype)) if 0 in tensor.shape else tensor.array
        if array is None:
            reason = "values packed for OpenCL images" if tensor.packed else "the file has no values of it"
            self.problems.append(Problem(name or "model", tensor.packed or "a tensor", reason))
            return Value(self.builder.name_value(name or "constant"), storage(tensor.dtype), tensor.shape)
        return self._dequantized(self.builder.constant(array, name=name or None), tensor)

    def _dequantized(self, value: Value, tensor: Tensor) -> Value:
        """The float value of integers."""
        if not isinstance(tensor.dtype, MgeDType):
            return value
        return dequantized(self.builder, value, of_dtype(tensor.dtype))

    def _variable(self, number: int) -> Variable:
        return self._variables.get(number, Variable())

    def _lowered(self, operator: Operator) -> list[Value]:
        place, kind = self._place(operator)
        self.builder.enter(Scope(place, kind))
        try:
            return self._values_of(operator)
        except RefusedError as refused:
            reason = refused.reason
        except InferenceError as error:
            reason = str(error)
            if self.problems:
                return self._placeholders(operator)
        except NONSENSE as error:
            reason = f"its parameters do not fit its inputs ({type(error).__name__}: {error})"
        self.problems.append(Problem(place or "model", operator.type, reason))
        return self._placeholders(operator)

    def _values_of(self, operator: Operator) -> list[Value]:
        """What the operator is given, holds or computes."""
        if operator.type in INPUTS:
            return [self._input(tensor) for tensor in operator.tensors[:1]]
        if operator.type in HOLDERS:
            return self._constants(operator)
        row = find(operator.type)
        if row is None:
            refuse(refusal(operator.type) or f"MegEngine 1.13 has no operator {operator.type}")
        return self._results(operator, row)

    def _place(self, operator: Operator) -> tuple[str, str]:
        """The module path in the names of an operator's values, and what the operator is called."""
        names = [operator.name, *(self._variable(number).name for number in reversed(operator.outputs))]
        for name in filter(None, names):
            match = _NAME.fullmatch(name)
            if match is not None and match["path"]:
                return match["path"], match["kind"]
        return "", operator.type

    def _results(self, operator: Operator, row: Row) -> list[Value]:
        b = self.builder
        first = len(b.graph.nodes)
        operands = [self._values[number] for number in operator.inputs]
        lowering = row.find()
        result = result_of(lowering, b, *operands, **_fields(lowering, operator, row))
        count = len(operator.outputs)
        results = [result.value] * count if isinstance(result, LastOutput) else list(flat(result))
        if len(results) < count:
            refuse(f"{count} results, {len(results)} of which are known")
        nodes = b.graph.nodes[first:]
        values = [
            self._settled(_at_least_one_axis(b, value), number, operands, nodes)
            for value, number in zip(results, operator.outputs, strict=False)
        ]
        self._name(operator, values, {value for node in b.graph.nodes[first:] for value in node.outputs})
        return values

    def _settled(self, value: Value, number: int, operands: Sequence[Value], nodes: Sequence[Any]) -> Value:
        """The value on the grid that the file says for it, or that moving data left it on."""
        b, dtype = self.builder, self._variable(number).dtype
        if isinstance(dtype, MgeDType):
            return settle(b, value, dtype, list(nodes))
        grids = [b.quantized[operand] for operand in operands if operand in b.quantized]
        if dtype is None and grids and nodes and all(node.op in PASSIVE for node in nodes):
            b.quantized.setdefault(value, grids[0])
        return value

    def _name(self, operator: Operator, values: Sequence[Value], built: set[Value]) -> None:
        """What the operator built gets the name that the file has for it; what it passed on keeps its own."""
        for value, number in zip(values, operator.outputs, strict=True):
            name = self._variable(number).name
            if value in built and name:
                built.remove(value)
                self.builder.rename(value, name)

    def _placeholders(self, operator: Operator) -> list[Value]:
        """Values of the types that the file says let the run go on, so that every problem is found."""
        return [self._placeholder(number) for number in operator.outputs]

    def _placeholder(self, number: int) -> Value:
        said = self._variable(number)
        return Value(self.builder.name_value(said.name or f"value_{number}"), storage(said.dtype), said.shape)


def _at_least_one_axis(b: StaticBuilder, value: Value) -> Value:
    """MegEngine's static graphs have no scalars but vectors of one element."""
    if value.shape != ():
        return value
    vector = b.op("Reshape", value, [1])
    if value in b.dimensions:
        b.elements[vector] = (value,)
    return vector


def _fields(lowering: Lowering, operator: Operator, row: Row) -> dict[str, Any]:
    """The fields that a handler takes."""
    wanted = lowering.signature.parameters
    offered = {**row.fields(operator)}
    if not any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in wanted.values()):
        offered = {name: value for name, value in offered.items() if name in wanted}
    if "dtype" in wanted and operator.output_dtype is not None:
        offered["dtype"] = operator.output_dtype
    if "operator" in wanted:
        offered["operator"] = operator
    return offered
