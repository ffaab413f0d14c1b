"""ONNX of any opset to the IR: nodes in the form of opset 21, functions inlined, constant branches taken."""

from __future__ import annotations

import importlib
import math
from collections import ChainMap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx

from mgeconvert.errors import ConversionError, Problem, RefusedError, UnsupportedError, refuse
from mgeconvert.ir import OPSET, Attribute, Container, Graph, Node, Shape, TensorType, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.evaluate import EvaluationError
from mgeconvert.ir.inference import InferenceError
from mgeconvert.ir.name_trees import nest_by_names
from mgeconvert.ir.scopes import Scope
from mgeconvert.quantization.ranges import ranges_on_floats
from mgeconvert.registry import Source

from ...name_scopes import NameScopes
from ...read.declared import declared, declared_type
from ...read.file import ModelFile
from ...read.order import in_order
from ...wire import PRODUCER
from ..down.driver import forms_at
from ..down.driver import load_table as load_downgrades
from ..schema import newest, op_schema
from .attributes import plain_attribute
from .declared_types import complete
from .functions import without_functions
from .inferred import inferred_types
from .input_shape import fixed_sizes
from .node_form import check_form, constant_of, count_of
from .symbolic_sizes import SymbolicSizes, is_known
from .table import Form, upgraded

FAMILIES = (
    "activation", "control", "elementwise", "indexing", "matmul", "movement", "normalization", "pooling", "recurrent",
    "reduction", "resize", "selection", "vision",
)  # fmt: skip
"""The modules that fill the table of rules."""


def load_table() -> None:
    """Import every family, so that the table of rules is complete."""
    for family in FAMILIES:
        importlib.import_module(f"{__package__}.{family}")


def load(source: Source, *, input_shape: str | None = None) -> Graph:
    """The graph of an ONNX file, checked; `input_shape` gives numbers to sizes it leaves open (see `fixed_sizes`).

    Raises BadInputError, UsageError, and UnsupportedError with every operator at once.
    """
    load_table()
    load_downgrades()
    file = ModelFile(source)
    opsets = {item.domain or "": item.version for item in file.proto.opset_import}
    opset = opsets.get("ai.onnx", opsets.get("", OPSET))
    if not 1 <= opset <= newest():
        raise file.error(f"opset {opset}: ONNX is read at opset 1 to {newest()}")
    file.proto = without_functions(file.proto, opset, file.name)
    lowering = Lowering(file, opset, opsets)
    lowering.fixed, lowering.given = fixed_sizes(input_shape or "", lowering.input_shapes())
    return lowering.graph()


class Lowering:
    """One run over one model."""

    def __init__(self, file: ModelFile, opset: int, opsets: Mapping[str, int]) -> None:
        self.file = file
        self.opset = opset
        self.opsets = opsets
        self.builder = Builder(Graph(file.proto.graph.name or "main"))
        self.builder.graph.metadata.update({entry.key: entry.value for entry in file.proto.metadata_props})
        self.domains = self.builder.graph.domains
        self.values: ChainMap[str, Value] = ChainMap()
        self.problems: list[Problem] = []
        self.fixed: dict[str, int] = {}
        self.given: dict[str, Shape] = {}
        self.sizes = SymbolicSizes()
        self.unknown: set[Value | None] = set()
        self.declared: dict[str, onnx.ValueInfoProto] = {}
        self.name_scopes = NameScopes()
        self.keeps_origins = file.proto.producer_name == PRODUCER

    def graph(self) -> Graph:
        proto = self.file.proto.graph
        self.declared.update(inferred_types(self.file.proto))
        self._constants(proto)
        for name, info in self._inputs().items():
            self.values[name] = self._input(info, self._type(info))
        self._nodes(proto)
        if self.problems:
            raise UnsupportedError(
                f"read {self.file.name}", self.problems, hint="`mgeconvert ops onnx` lists what can be read"
            )
        for info in proto.output:
            self.builder.output(info.name, self._value(info.name, "the model's outputs"))
        graph = self.builder.graph
        graph.remove_dead_nodes()
        ranges_on_floats(graph)
        nest_by_names(graph, "." if self.keeps_origins else "/", counted=not self.keeps_origins)
        graph.check()
        return graph

    def input_shapes(self) -> dict[str, Shape | None]:
        """The declared shape of every input, by name; None where the file says none."""
        return {name: declared_type(info)[1] for name, info in self._inputs().items()}

    def _inputs(self) -> dict[str, onnx.ValueInfoProto]:
        """The inputs that are not defaults for initializers."""
        constants = {tensor.name for tensor in self.file.proto.graph.initializer}
        return {info.name: info for info in self.file.proto.graph.input if info.name not in constants}

    def _constants(self, proto: onnx.GraphProto) -> None:
        for tensor in proto.initializer:
            self.values[tensor.name] = self.builder.constant(self.file.array(tensor), name=tensor.name)
        for sparse in proto.sparse_initializer:
            self.values[sparse.values.name] = self.builder.constant(self.file.dense(sparse), name=sparse.values.name)
        for info in (*proto.value_info, *proto.output):
            self.declared[info.name] = info

    def _type(self, info: onnx.ValueInfoProto) -> TensorType | Container:
        """The type of an input of the model."""
        of = declared(info)
        if isinstance(of, TensorType) and of.dtype is None:
            kind = info.type.WhichOneof("value") or "of unknown type"
            raise ConversionError(f"{self.file.name}: input {info.name} is no tensor ({kind})")
        if isinstance(of, TensorType) and of.shape is None:
            return TensorType(of.dtype, self.given.get(info.name))
        return of

    def _input(self, info: onnx.ValueInfoProto, of: TensorType | Container) -> Value:
        """An input of the graph that is being built; a body's may be of unknown type."""
        value = Value(self.builder.name_value(info.name))
        if isinstance(of, Container):
            value.container = of
        else:
            value.dtype, value.shape = of.dtype, None if of.shape is None else self._with_fixed(of.shape)
        self.builder.graph.inputs[info.name] = value
        return value

    def _with_fixed(self, shape: Shape) -> Shape:
        return tuple(self.fixed.get(dim, dim) if isinstance(dim, str) else dim for dim in shape)

    def _nodes(self, proto: onnx.GraphProto) -> None:
        for node in in_order(proto, self.values, self.file.name):
            place = node.name or next(filter(None, node.output), node.op_type)
            inputs = [self._value(name, place) if name else None for name in node.input]
            reason = None if self.unknown.isdisjoint(inputs) else ""
            if reason is None:
                reason = self._node(node, place, inputs)
            if reason:
                self.problems.append(Problem(place, node.op_type, reason))
            if reason is not None:
                self._leave_unknown(node)

    def _node(self, node: onnx.NodeProto, place: str, inputs: list[Value | None]) -> str | None:
        """Lower one node; returns the reason where it cannot be."""
        b = self.builder
        kept = str(node.doc_string) if self.keeps_origins else ""
        unsaid = Scope(node.name) if self.keeps_origins else Scope(place, node.op_type)
        own = Scope.read(kept) if kept else unsaid
        said = {entry.key: entry.value for entry in node.metadata_props}
        b.enter(Scope(own.path, own.kind, None, self.name_scopes.around(said, place)), place)
        before = len(b.graph.nodes)
        try:
            results = self._results(node, inputs)
        except RefusedError as refusal:
            return str(refusal) or f"has no form in opset {OPSET}"
        except InferenceError as error:
            return error.message
        except EvaluationError as error:
            raise self.file.error(error.message) from error
        if len(b.graph.nodes) > before and node.name:
            b.graph.nodes[-1].name = node.name
        for name, value in zip(node.output, results, strict=False):
            if name:
                self.values[name] = value
                self._complete(value, name)
        return None

    def _leave_unknown(self, node: onnx.NodeProto) -> None:
        """Values in place of the outputs of a node that is not lowered; what reads them is not lowered either."""
        for name in filter(None, node.output):
            self.values[name] = Value(name)
            self.unknown.add(self.values[name])

    def _results(self, node: onnx.NodeProto, inputs: list[Value | None]) -> Sequence[Value]:
        if node.domain not in ("", "ai.onnx"):
            self.domains[node.domain] = self.opsets.get(node.domain, 1)
            return self._kept(node, inputs, node.domain)
        if node.op_type == "If" and inputs[0] is not None and inputs[0].array is not None:
            return self._branch(node, bool(inputs[0].array.item()))
        schema = op_schema(node.op_type, self.opset)
        if schema is None:
            refuse(f"is no operator of ONNX opset {self.opset}")
        check_form(node, schema)
        return self._standard(node, inputs)

    def _standard(self, node: onnx.NodeProto, inputs: list[Value | None]) -> Sequence[Value]:
        attrs = {attribute.name: self._attribute(attribute) for attribute in node.attribute}
        if node.op_type == "Constant":
            return [self.builder.constant(constant_of(attrs), name=node.output[0])]
        static = None if not inputs or inputs[0] is None else inputs[0].static_shape
        if static is not None and node.op_type == "Size":
            return [self.builder.constant(np.array(math.prod(static)), name=node.output[0])]
        if self.opset > OPSET:
            return self._newer(node, inputs, attrs)
        result = upgraded(self.builder, Form(node.op_type, inputs, attrs, count_of(node.output)), self.opset)
        if not isinstance(result, Form):
            return result
        return self._emit(result.op, result.inputs, result.attrs, list(node.output[: result.outputs]))

    def _newer(self, node: onnx.NodeProto, inputs: list[Value | None], attrs: dict[str, Attribute]) -> Sequence[Value]:
        """A node of an opset after the IR's, by the rules that write older opsets."""
        outputs = [Value(name) for name in node.output[: count_of(node.output)]]
        for value in outputs:
            self._complete(value, value.name)
        built: dict[Value | None, Value | None] = {value: value for value in (None, *inputs)}
        try:
            forms = forms_at(Node(node.op_type, inputs, outputs, attrs, node.name), self.opset, OPSET)
        except RefusedError:  # it has no older form: it passes through
            return self._emit(node.op_type, inputs, attrs, [output.name for output in outputs])
        for form in forms:
            for operand in form.inputs:
                if operand is not None and operand not in built:  # a constant of the rule's own
                    built[operand] = self.builder.constant(operand.array, name=operand.name)
            operands = [built[operand] for operand in form.inputs]
            results = self._emit(form.op, operands, form.attrs, [output.name for output in form.outputs])
            built.update(zip(form.outputs, results, strict=True))
        return [value for value in map(built.get, outputs) if value is not None]

    def _emit(self, op: str, inputs: list[Value | None], attrs: Mapping[str, Any], names: list[str]) -> Sequence[Value]:
        """The node in the form of opset 21, with its outputs named as in the file."""
        sizes = self.sizes.computed(op, inputs, attrs)
        if sizes is not None and is_known(sizes):
            return [self.builder.constant(sizes.astype(np.int64), name=names[0])]
        target = self.sizes.target(inputs, attrs) if op == "Reshape" else None
        if target is not None:
            inputs = [inputs[0], self.builder.constant(target)]
        values = self.builder.ops(op, len(names), *inputs, name=names[0], **attrs)
        if sizes is not None:
            self.sizes.note(values[0], sizes)
        for value, name in zip(values[1:], names[1:], strict=True):
            if name:
                self.builder.rename(value, name)
        return values

    def _kept(self, node: onnx.NodeProto, inputs: list[Value | None], domain: str) -> Sequence[Value]:
        """A node of another operator set: it passes through as it is."""
        b = self.builder
        outputs = [Value(b.name_value(name)) for name in node.output[: count_of(node.output)]]
        attrs = {attribute.name: self._attribute(attribute) for attribute in node.attribute}
        b.graph.nodes.append(Node(node.op_type, inputs, outputs, attrs, b.prefix, b.scope, domain))
        return outputs

    def _branch(self, node: onnx.NodeProto, condition: bool) -> Sequence[Value]:
        """The branch of an If that a constant condition takes."""
        taken = "then_branch" if condition else "else_branch"
        (branch,) = (attribute.g for attribute in node.attribute if attribute.name == taken)
        self.values = self.values.new_child()
        self._constants(branch)
        self._nodes(branch)
        results = [self._value(info.name, node.name) for info in branch.output]
        self.values = self.values.parents
        return results

    def _body(self, proto: onnx.GraphProto) -> Graph:
        """The body of a branch or a loop as a graph of its own, which may read the values around it."""
        outer, b = self.builder, Builder(Graph(proto.name))
        b.name_value, b.name_node = outer.name_value, outer.name_node
        self.builder, self.values = b, self.values.new_child()
        self._constants(proto)
        for info in proto.input:
            self.values[info.name] = self._input(info, declared(info))
        self._nodes(proto)
        for info in proto.output:
            name = info.name
            while name in b.graph.outputs:  # one value may be returned twice
                name += "_"
            b.output(name, self._value(info.name, "the outputs of a body"))
        self.builder, self.values = outer, self.values.parents
        return b.graph

    def _attribute(self, attribute: onnx.AttributeProto) -> Attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            return self._body(attribute.g)
        return plain_attribute(attribute, self.file)

    def _value(self, name: str, reader: str) -> Value:
        if name not in self.values:
            raise self.file.error(f"{reader} reads {name}, which nothing before it computes")
        return self.values[name]

    def _complete(self, value: Value, name: str) -> None:
        """What inference did not find is taken from the file."""
        if name in self.declared and value.container is None:
            complete(value, self._fixed_type(declared(self.declared[name])))

    def _fixed_type(self, of: TensorType | Container) -> TensorType | Container:
        if isinstance(of, Container) or of.shape is None:
            return of
        return TensorType(of.dtype, self._with_fixed(of.shape))
