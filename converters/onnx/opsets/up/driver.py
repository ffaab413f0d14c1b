"""ONNX of any opset to the IR: nodes in the form of opset 21, functions inlined, constant branches taken."""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx

from mgeconvert.errors import ConversionError, Problem, RefusedError, UnsupportedError, refuse
from mgeconvert.ir import OPSET, Attribute, Graph, Node, Shape, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.inference import InferenceError
from mgeconvert.ir.scopes import Scope
from mgeconvert.registry import Source

from ...read.declared import declared_type
from ...read.file import ModelFile
from ...wire import PRODUCER
from ..down.driver import forms_at
from ..down.driver import load_table as load_downgrades
from ..schema import KEPT_DOMAINS, OLDEST, newest, op_schema
from .functions import without_functions
from .input_shape import fixed_sizes
from .node_form import check_form, constant_of, count_of
from .refused import REFUSED
from .symbolic_sizes import SymbolicSizes, is_known
from .table import Form, upgraded

FAMILIES = (
    "activation", "control", "elementwise", "indexing", "matmul", "movement", "normalization", "reduction", "resize",
    "selection", "vision",
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
    if not OLDEST <= opset <= newest():
        raise file.error(f"opset {opset}: ONNX is read at opset {OLDEST} to {newest()}")
    file.proto = without_functions(file.proto, opset)
    lowering = Lowering(file, opset)
    lowering.fixed = fixed_sizes(input_shape or "", lowering.input_shapes())
    return lowering.graph()


class Lowering:
    """One run over one model."""

    def __init__(self, file: ModelFile, opset: int) -> None:
        self.file = file
        self.opset = opset
        self.builder = Builder(Graph(file.proto.graph.name or "main"))
        self.builder.graph.metadata.update({entry.key: entry.value for entry in file.proto.metadata_props})
        self.values: dict[str, Value] = {}
        self.problems: list[Problem] = []
        self.fixed: dict[str, int] = {}
        self.sizes = SymbolicSizes()
        self.unknown: set[Value | None] = set()
        self.declared: dict[str, onnx.ValueInfoProto] = {}
        self.keeps_origins = file.proto.producer_name == PRODUCER

    def graph(self) -> Graph:
        proto = self.file.proto.graph
        self._constants(proto)
        for name, info in self._inputs().items():
            self.values[name] = self._input(info)
        self._nodes(proto)
        if self.problems:
            raise UnsupportedError(
                f"read {self.file.name}", self.problems, hint="`mgeconvert ops onnx` lists what can be read"
            )
        for info in proto.output:
            self.builder.output(info.name, self._value(info.name, "the model's outputs"))
        graph = self.builder.graph
        graph.remove_dead_nodes()
        graph.check()
        return graph

    def input_shapes(self) -> dict[str, Shape]:
        """The declared shape of every input, by name."""
        return {name: declared_type(info)[1] or () for name, info in self._inputs().items()}

    def _inputs(self) -> dict[str, onnx.ValueInfoProto]:
        """The inputs that are not defaults for initializers."""
        constants = {tensor.name for tensor in self.file.proto.graph.initializer}
        return {info.name: info for info in self.file.proto.graph.input if info.name not in constants}

    def _constants(self, proto: onnx.GraphProto) -> None:
        for tensor in proto.initializer:
            self.values[tensor.name] = self.builder.constant(self.file.array(tensor), name=tensor.name)
        for sparse in proto.sparse_initializer:
            raise self.file.error(f"tensor {sparse.values.name}: sparse tensors have no form in the IR")
        for info in (*proto.value_info, *proto.output):
            self.declared[info.name] = info

    def _input(self, info: onnx.ValueInfoProto) -> Value:
        dtype, shape = declared_type(info)
        if dtype is None or shape is None:
            kind = info.type.WhichOneof("value")
            fact = "has no shape" if kind == "tensor_type" else f"is no tensor ({(kind or 'of unknown type')})"
            raise ConversionError(f"{self.file.name}: input {info.name} {fact}")
        return self.builder.input(info.name, dtype, self._with_fixed(shape))

    def _with_fixed(self, shape: Shape) -> Shape:
        return tuple(self.fixed.get(dim, dim) if isinstance(dim, str) else dim for dim in shape)

    def _nodes(self, proto: onnx.GraphProto) -> None:
        for node in proto.node:
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
        b.enter(Scope.read(kept) if kept else Scope(place, node.op_type), place)
        before = len(b.graph.nodes)
        try:
            results = self._results(node, inputs)
        except RefusedError as refusal:
            return str(refusal) or f"has no form in opset {OPSET}"
        except InferenceError as error:
            return error.message
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
        if node.domain in KEPT_DOMAINS:
            return self._kept(node, inputs)
        if node.domain not in ("", "ai.onnx"):
            refuse(f"operator set {node.domain} is not known")
        if node.op_type == "If":
            return self._branch(node, inputs[0])
        if node.op_type in REFUSED:
            refuse(REFUSED[node.op_type])
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
        for form in forms_at(Node(node.op_type, inputs, outputs, attrs, node.name), self.opset, OPSET):
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

    def _kept(self, node: onnx.NodeProto, inputs: list[Value | None]) -> Sequence[Value]:
        """A node of an operator set that only ONNX has: kept as it is, for the ONNX backend."""
        b = self.builder
        outputs = [Value(b.name_value(name)) for name in node.output[: count_of(node.output)]]
        attrs = {attribute.name: self._attribute(attribute) for attribute in node.attribute}
        b.graph.nodes.append(Node(node.op_type, inputs, outputs, attrs, b.prefix, b.scope, node.domain))
        return outputs

    def _branch(self, node: onnx.NodeProto, condition: Value | None) -> Sequence[Value]:
        """The branch of an If that a constant condition takes."""
        if condition is None or condition.array is None:
            refuse("a branch that is chosen at run time; only straight networks can be converted")
        taken = "then_branch" if condition.array.item() else "else_branch"
        (branch,) = (attribute.g for attribute in node.attribute if attribute.name == taken)
        self._constants(branch)
        self._nodes(branch)
        return [self._value(info.name, node.name) for info in branch.output]

    def _attribute(self, attribute: onnx.AttributeProto) -> Attribute:
        kinds = onnx.AttributeProto
        match attribute.type:
            case kinds.FLOAT:
                return attribute.f
            case kinds.INT:
                return attribute.i
            case kinds.STRING:
                return attribute.s.decode(errors="replace")
            case kinds.TENSOR:
                return self.file.array(attribute.t)
            case kinds.FLOATS:
                return tuple(attribute.floats)
            case kinds.INTS:
                return tuple(attribute.ints)
            case kinds.STRINGS:
                return tuple(text.decode(errors="replace") for text in attribute.strings)
        refuse(f"attribute {attribute.name} of type {kinds.AttributeType.Name(attribute.type)}")

    def _value(self, name: str, reader: str) -> Value:
        if name not in self.values:
            raise self.file.error(f"{reader} reads {name}, which nothing before it computes")
        return self.values[name]

    def _complete(self, value: Value, name: str) -> None:
        """What inference did not find is taken from the file."""
        if (value.dtype is None or value.shape is None) and name in self.declared:
            dtype, shape = declared_type(self.declared[name])
            value.dtype = value.dtype if value.dtype is not None else dtype
            if value.shape is None and shape is not None:
                value.shape = self._with_fixed(shape)
