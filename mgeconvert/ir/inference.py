"""Infers the dtypes and shapes of a node's outputs: our own rules for the commonest operators, onnx's for the rest."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .control import infer_control
from .dtypes import dtype_of as dtype_of
from .dtypes import elem_type as elem_type
from .graph import OPSET, Container, Graph, Node, Shape, TensorType, Value, subgraphs
from .shape_rules import SHAPE_RULES
from .validity import InvalidError, check, check_sizes

if TYPE_CHECKING:
    import onnx


InferenceError = InvalidError


SMALL = 4096
"""Constants up to this many elements are shown to onnx's inference, which reads shapes, axes and sizes from them."""


def infer(node: Node) -> None:
    """Set dtype and shape of the node's outputs as far as the inputs tell; unknown stays None.

    Dimensions that only the run will tell get symbolic names. Raises InferenceError.
    """
    if node.domain:
        return
    if subgraphs(node):
        infer_control(node)
        return
    check(node)
    _infer(node)
    check_sizes(node)


def _infer(node: Node) -> None:
    if (len(node.outputs) == 1 or node.op == "MaxPool") and _known(node):
        if (rule := _RULES.get(node.op)) is not None:
            rule(node)
            return
        if (shape_rule := SHAPE_RULES.get(node.op)) is not None and shape_rule(node):
            return
    _infer_with_onnx(node)


def broadcast(shapes: Sequence[Shape]) -> Shape | None:
    """The numpy broadcast of shapes, None if they do not fit.

    A number above 1 wins over a name, a name over 1; of several names the first stands for all, since they must be
    equal when the model runs.
    """
    rank = max(map(len, shapes))
    result: list[int | str] = []
    for axis in range(-rank, 0):
        dims = dict.fromkeys(shape[axis] for shape in shapes if len(shape) >= -axis and shape[axis] != 1)
        numbers = [dim for dim in dims if isinstance(dim, int)]
        if len(numbers) > 1:
            return None
        result.append(numbers[0] if numbers else next(iter(dims), 1))
    return tuple(result)


def _known(node: Node) -> bool:
    for value in node.inputs:  # noqa: SIM110 - asked for every node
        if value is not None and (value.dtype is None or value.shape is None):
            return False
    return True


def _operands(node: Node) -> list[Value]:
    return [value for value in node.inputs if value is not None]


def _like_first(node: Node) -> None:
    source = _operands(node)[0]
    node.outputs[0].dtype, node.outputs[0].shape = source.dtype, source.shape


def _broadcasting(node: Node) -> None:
    operands = _operands(node)
    node.outputs[0].dtype = operands[-1 if node.op == "Where" else 0].dtype
    node.outputs[0].shape = broadcast([value.shape for value in operands if value.shape is not None])
    if node.outputs[0].shape is None:
        raise InferenceError(
            f"{node.name}: {node.op} of {', '.join(value.type_text for value in operands)}, which do not broadcast"
        )


def _comparison(node: Node) -> None:
    _broadcasting(node)
    node.outputs[0].dtype = np.dtype(bool)


def _cast(node: Node) -> None:
    node.outputs[0].dtype = dtype_of(node.attrs["to"])
    node.outputs[0].shape = _operands(node)[0].shape


_UNARY = """Abs Acos Acosh Asin Asinh Atan Atanh BatchNormalization Ceil Celu Clip Cos Cosh Elu Erf Exp Floor Gelu
GroupNormalization HardSigmoid HardSwish Identity LayerNormalization LeakyRelu Log LogSoftmax
MeanVarianceNormalization Mish Neg Not PRelu Reciprocal Relu Round Selu Sigmoid Sign Sin Sinh Softmax Softplus
Softsign Sqrt Tan Tanh"""
_RULES: dict[str, Callable[[Node], None]] = {
    **dict.fromkeys(_UNARY.split(), _like_first),
    **dict.fromkeys(
        ["Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "Mod", "And", "Or", "Xor", "Where"], _broadcasting
    ),
    **dict.fromkeys(["Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual"], _comparison),
    "Cast": _cast,
}


@functools.cache
def _schemas(op: str) -> list[Any]:
    """The definition at the IR's opset, and the newest, for what passes through; none of an unknown operator."""
    import onnx

    found: list[Any] = []
    for opset in (OPSET, onnx.defs.onnx_opset_version()):
        with contextlib.suppress(onnx.defs.SchemaError):
            schema = onnx.defs.get_schema(op, opset)
            if not found or schema.since_version != found[0].since_version:
                found.append(schema)
    return found


def _infer_with_onnx(node: Node) -> None:
    import onnx
    from onnx import shape_inference

    inputs = {f"i{index}": value for index, value in enumerate(node.inputs) if value is not None}
    schemas = _schemas(node.op)
    if not schemas or any(value.dtype is None and value.container is None for value in inputs.values()):
        return
    proto = onnx.NodeProto(
        op_type=node.op,
        input=["" if value is None else f"i{index}" for index, value in enumerate(node.inputs)],
        output=[f"o{index}" for index in range(len(node.outputs))],
        attribute=[
            onnx.helper.make_attribute(key, _plain(value), attr_type=_kind_of_empty(value))
            for key, value in node.attrs.items()
            if not isinstance(value, Graph)
        ],
    )
    types = {name: _type_proto(value) for name, value in inputs.items()}
    data = {
        name: onnx.numpy_helper.from_array(value.array)
        for name, value in inputs.items()
        if value.array is not None and value.array.size <= SMALL
    }
    inferred = {}
    for schema in schemas:
        try:
            inferred = shape_inference.infer_node_outputs(schema, proto, types, data)
            break
        except (shape_inference.InferenceError, onnx.checker.ValidationError, ValueError) as error:
            if schema is schemas[-1]:
                operands = ", ".join("_" if value is None else value.type_text for value in node.inputs)
                raise InferenceError(f"{node.name}: {node.op}({operands}): {error}") from error
    for index, value in enumerate(node.outputs):
        result = inferred.get(f"o{index}")
        if result is not None:
            _check_positive(node, result)
            _take(value, result)


def _check_positive(node: Node, proto: Any) -> None:
    """A size below zero is what onnx computes of a window that is larger than its input."""
    dims = [dim.dim_value for dim in proto.tensor_type.shape.dim if dim.HasField("dim_value")]
    if min(dims, default=0) < 0:
        raise InferenceError(f"{node.name}: {node.op}: its output would have the sizes {dims}")


def _kind_of_empty(value: Any) -> int | None:
    """Of what an empty list is a list: of integers; None for other values, which say what they are."""
    import onnx

    return int(onnx.AttributeProto.INTS) if isinstance(value, tuple) and not value else None


def _plain(value: Any) -> Any:
    if isinstance(value, Container):
        return type_proto(value.element if value.kind == "tensor" else value)
    if isinstance(value, np.ndarray):
        import onnx

        return onnx.numpy_helper.from_array(value)
    return value


def _type_proto(value: Value) -> onnx.TypeProto:
    return type_proto(TensorType(value.dtype, value.shape) if value.container is None else value.container)


def type_proto(of: TensorType | Container) -> onnx.TypeProto:
    """A type as onnx has it."""
    import onnx

    if isinstance(of, Container):
        make = onnx.helper.make_sequence_type_proto if of.kind == "sequence" else onnx.helper.make_optional_type_proto
        proto: onnx.TypeProto = make(type_proto(of.element))
        return proto
    number = 0 if of.dtype is None else elem_type(of.dtype)
    tensor: onnx.TypeProto = onnx.helper.make_tensor_type_proto(number, of.shape)
    return tensor


def type_from(proto: Any, name: str) -> TensorType | Container:
    """The type that onnx's says; dimensions without a number or a name are named after the value and their axis."""
    if proto.HasField("sequence_type"):
        return Container("sequence", type_from(proto.sequence_type.elem_type, name))
    if proto.HasField("optional_type"):
        return Container("optional", type_from(proto.optional_type.elem_type, name))
    tensor = proto.tensor_type
    shape: Shape | None = None
    if tensor.HasField("shape"):
        shape = tuple(
            dim.dim_value
            if dim.HasField("dim_value") and dim.dim_value >= 0
            else (dim.dim_param if dim.dim_param != ANY else "") or f"{name}_{axis}"
            for axis, dim in enumerate(tensor.shape.dim)
        )
    return TensorType(dtype_of(tensor.elem_type), shape)


ANY = "?"
"""What exporters call every size that they do not know: each is an unknown of its own."""


def _take(value: Value, proto: Any) -> None:
    found = type_from(proto, value.name)
    if isinstance(found, Container):
        value.container = found
    else:
        value.dtype, value.shape = found.dtype, found.shape
