"""IR graph (already in the form of the target opset) to the bytes of a ModelProto; weights stay where they are.

Same graph, same bytes: nothing here depends on time, hashing or the environment.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from mgeconvert.errors import ConversionError
from mgeconvert.ir import Attribute, Container, Graph, Node, Shape, TensorType, Value
from mgeconvert.ir.dtypes import ELEM_TYPES, type_name

from ..name_scopes import SINCE, metadata
from ..opsets.schema import IR_VERSIONS, op_schema
from ..tensors import STRING, TensorData, text_items
from ..wire import FUNCTIONS, PRODUCER, encode
from .external import ExternalData
from .functions import Function
from .names import Names
from .pieces import PiecedMessage

CONSTANTS_ARE_NO_INPUTS = 4
"""The IR version from which initializers need not be listed among the graph's inputs."""

KINDS = {"FLOAT": 1, "INT": 2, "STRING": 3, "TENSOR": 4, "GRAPH": 5, "FLOATS": 6, "INTS": 7, "STRINGS": 8}
KINDS["TYPE_PROTO"] = 13
"""AttributeProto.AttributeType."""

PYTHON = {"GRAPH": Graph, "TYPE_PROTO": Container, "TENSOR": np.ndarray, "STRING": str, "FLOAT": float, "INT": int}
"""The kinds of attributes by their Python type, for operators whose definition is not known."""


def model_message(
    graph: Graph,
    opset: int,
    version: str,
    external: ExternalData | None = None,
    names: Names | None = None,
    functions: Sequence[Function] = (),
) -> PiecedMessage:
    """The ModelProto of a graph whose nodes have the form of `opset`; large constants go to `external` if given.

    `names`, empty before, tells afterwards what every value is called in the model; `functions` are those that nodes
    call.
    """
    message = PiecedMessage()
    message.append(encode("Model", ir_version=IR_VERSIONS[opset], producer_name=PRODUCER, producer_version=version))
    names = Names() if names is None else names
    main = _graph_message(graph, names, opset)
    for value in dict.fromkeys(_constants(graph)):
        assert value.array is not None
        main.field("Graph", "initializer", tensor_message(names[value], value.array, external))
        if IR_VERSIONS[opset] < CONSTANTS_ARE_NO_INPUTS:
            main.append(encode("Graph", input=[_value_info(names[value], value)]))
    message.field("Model", "graph", main)
    domains = {"": opset} | {domain: graph.domains.get(domain, 1) for domain in sorted(_domains(graph)) if domain}
    imports = [encode("OperatorSetId", domain=domain, version=number) for domain, number in domains.items()]
    entries = [encode("StringStringEntry", key=key, value=text) for key, text in sorted(graph.metadata.items())]
    message.append(encode("Model", opset_import=imports, metadata_props=entries))
    for function in functions:
        message.field("Model", "functions", _function(function, names, opset, graph.domains))
    return message


def _function(function: Function, names: Names, opset: int, domains: Mapping[str, int]) -> PiecedMessage:
    """A FunctionProto."""
    message = PiecedMessage()
    read, given = ([names[value] for value in values] for values in (function.inputs, function.outputs))
    message.append(encode("Function", name=function.name, input=read, output=given))
    for value in function.constants:
        assert value.array is not None
        attribute = PiecedMessage()
        attribute.append(encode("Attribute", name="value", type=KINDS["TENSOR"]))
        attribute.field("Attribute", "t", tensor_message("", value.array))
        constant = PiecedMessage()
        constant.append(encode("Node", output=[names[value]], op_type="Constant"))
        constant.field("Node", "attribute", attribute)
        message.field("Function", "node", constant)
    for node in function.nodes:
        message.field("Function", "node", _node(node, names, opset))
    used = sorted({node.domain for node in function.nodes if node.domain})
    sets = {"": opset} | {domain: domains.get(domain, 1) for domain in used}
    imports = [encode("OperatorSetId", domain=domain, version=number) for domain, number in sets.items()]
    message.append(encode("Function", opset_import=imports, domain=FUNCTIONS))
    return message


def _graph_message(graph: Graph, names: Names, opset: int) -> PiecedMessage:
    """A graph without its constants."""
    message = PiecedMessage()
    outputs, aliases = names.publish(graph)
    for node in graph.nodes:
        message.field("Graph", "node", _node(node, names, opset))
    for value, name in aliases:
        message.field("Graph", "node", encode("Node", input=[names[value]], output=[name], op_type="Identity"))
    message.append(encode("Graph", name=graph.name or "graph"))
    public = set(graph.outputs.values())
    interior = [
        _value_info(names[value], value)
        for node in graph.nodes
        for value in node.outputs
        if value not in public and value.dtype is not None and value.shape is not None
    ]
    message.append(
        encode(
            "Graph",
            input=[_value_info(names[value], value) for value in graph.inputs.values()],
            output=[_value_info(name, value) for name, value in zip(outputs, graph.outputs.values(), strict=True)],
            value_info=interior,
        )
    )
    return message


def _constants(graph: Graph) -> Iterator[Value]:
    """The constants of a graph and its subgraphs; all are written in the outermost graph, whose names all can see."""
    yield from graph.constants()
    for subgraph in _subgraphs(graph):
        yield from _constants(subgraph)


def _subgraphs(graph: Graph) -> Iterator[Graph]:
    for node in graph.nodes:
        for attribute in node.attrs.values():
            if isinstance(attribute, Graph):
                yield attribute


def _domains(graph: Graph) -> set[str]:
    return {node.domain for node in graph.nodes}.union(*map(_domains, _subgraphs(graph)))


def _node(node: Node, names: Names, opset: int) -> PiecedMessage | bytes:
    """A NodeProto; bytes where nothing among its attributes is written from where it lies."""
    name = names.unique_node(node.name) if node.name else ""
    said = metadata(node, name or node.op, names.calls) if IR_VERSIONS[opset] >= SINCE else {}
    origin = node.origin
    head = encode(
        "Node",
        input=["" if value is None else names[value] for value in node.inputs],
        output=[names[value] for value in node.outputs],
        name=name,
        op_type=node.op,
        doc_string="" if origin == node.name else origin,
        domain=node.domain,
        metadata_props=[encode("StringStringEntry", key=key, value=text) for key, text in said.items()],
    )
    if not node.attrs:
        return head
    schema = op_schema(node.op, opset, node.domain)
    kinds = {} if schema is None else schema.attributes
    parts: list[PiecedMessage | bytes] = [head]
    for name, attribute in sorted(node.attrs.items()):
        kind = kinds.get(name) or _kind(attribute)
        if kind in ("INT", "INTS", "STRING", "STRINGS"):
            parts.append(_plain_attribute(name, attribute, kind))  # type: ignore[arg-type]
        else:
            message = PiecedMessage()
            message.field("Node", "attribute", _attribute(name, attribute, kind, names, opset))
            parts.append(message)
    if all(isinstance(part, bytes) for part in parts):
        return b"".join(parts)  # type: ignore[arg-type]
    message = PiecedMessage()
    for part in parts:
        message.append(part)
    return message


@functools.lru_cache(4096)
def _plain_attribute(name: str, attribute: int | str | tuple[int, ...] | tuple[str, ...], kind: str) -> bytes:
    """An attribute of whole numbers or text as the field of a node; floats are not cached, since 0.0 equals -0.0."""
    field = kind[0].lower() if kind in ("INT", "STRING") else kind.lower()
    form = encode("Attribute", **{"name": name, field: attribute, "type": KINDS[kind]})
    return encode("Node", attribute=[form])


def _attribute(name: str, attribute: Attribute, kind: str, names: Names, opset: int) -> PiecedMessage:
    """One AttributeProto of the type `kind`."""
    message = PiecedMessage()
    message.append(encode("Attribute", name=name))
    match kind:
        case "GRAPH":
            assert isinstance(attribute, Graph)
            message.field("Attribute", "g", _graph_message(attribute, names, opset))
        case "TENSOR":
            message.field("Attribute", "t", tensor_message("", np.asarray(attribute)))
        case "TYPE_PROTO":
            assert isinstance(attribute, Container)
            of = attribute.element if attribute.kind == "tensor" else attribute
            message.append(encode("Attribute", tp=[_type_of(of)]))
        case "FLOAT":
            message.append(encode("Attribute", f=attribute))
        case _:
            message.append(encode("Attribute", **{kind.lower(): attribute}))
    message.append(encode("Attribute", type=KINDS[kind]))
    return message


def _kind(attribute: Attribute) -> str:
    for kind, python in PYTHON.items():
        if isinstance(attribute, python):
            return kind
    assert isinstance(attribute, tuple)
    return _kind(attribute[0]) + "S" if attribute else "INTS"


def tensor_message(name: str, array: np.ndarray, external: ExternalData | None = None) -> PiecedMessage:
    """A TensorProto; its bytes are a view of the array, or go to the external data."""
    code = ELEM_TYPES.get(type_name(array.dtype))
    if code is None:
        raise ConversionError(f"{name}: a constant of type {array.dtype} has no form in ONNX")
    message = PiecedMessage()
    message.append(encode("Tensor", dims=array.shape, data_type=code, name=name))
    if code == STRING:
        message.append(encode("Tensor", string_data=text_items(array)))
        return message
    data = TensorData(array)
    if external is not None and data.nbytes >= external.threshold:
        message.append(encode("Tensor", external_data=external.place(data), data_location=1))
    else:
        message.field("Tensor", "raw_data", data)
    return message


def _value_info(name: str, value: Value) -> bytes:
    of = value.container or TensorType(value.dtype, value.shape)
    return encode("ValueInfo", name=name, type=_type_of(of))


def _type_of(of: TensorType | Container) -> bytes:
    """A TypeProto; empty where nothing is known."""
    if isinstance(of, Container):
        return encode("Type", **{f"{of.kind}_type": encode("ElementType", elem_type=_type_of(of.element))})
    code = None if of.dtype is None else ELEM_TYPES.get(type_name(of.dtype))
    return b"" if code is None else _type(code, of.shape)


@functools.lru_cache(4096)
def _type(code: int, shape: Shape | None) -> bytes:
    if shape is None:
        return encode("Type", tensor_type=encode("TensorType", elem_type=code))
    dims = [encode("Dimension", **{"dim_param" if isinstance(dim, str) else "dim_value": dim}) for dim in shape]
    # an empty shape is written: it says "scalar", where no shape says "unknown"
    return encode("Type", tensor_type=encode("TensorType", elem_type=code, shape=[encode("Shape", dim=dims)]))
