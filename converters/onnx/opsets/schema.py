"""What each operator looks like at each opset, from `onnx.defs`, in plain Python records that are quick to ask."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from mgeconvert.ir import OPSET

OLDEST = 7
"""The oldest opset that can be written: the first with numpy broadcasting."""

IR_VERSIONS = {7: 3, 8: 3, 9: 4, 10: 5, 11: 6, 12: 7, 13: 7, 14: 7, 15: 8, 16: 8, 17: 8, 18: 8, 19: 9, 20: 9}
IR_VERSIONS |= {21: 10, 22: 10, 23: 11, 24: 12, 25: 13, 26: 13, 27: 13, 28: 14}
"""opset -> the IR version of the ONNX release that brought it, so that a runtime of that time loads the file.

Source: onnx/docs/Versioning.md."""

OWN_DOMAINS = frozenset({"megengine", "mgeconvert"})
"""Operator sets of our IR that no ONNX file has; nodes of all others are read and written as they are."""

ELEM_TYPE_NAMES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(string)": "object",
    "tensor(float8e4m3fn)": "float8_e4m3fn",
    "tensor(float8e4m3fnuz)": "float8_e4m3fnuz",
    "tensor(float8e5m2)": "float8_e5m2",
    "tensor(float8e5m2fnuz)": "float8_e5m2fnuz",
    "tensor(float4e2m1)": "float4_e2m1fn",
    "tensor(float8e8m0)": "float8_e8m0fnu",
}
"""Type names of schemas that differ from numpy's in more than ``tensor(...)``."""


@dataclass(frozen=True, slots=True)
class Operand:
    """A formal input or output: `types` are numpy names, `group` is the type variable it shares with others."""

    name: str
    optional: bool
    variadic: bool
    group: str
    types: frozenset[str]


@dataclass(frozen=True, slots=True)
class OpSchema:
    """One version of one operator; `attributes` maps names to AttributeProto kinds (``INT``, ``FLOATS``).

    `is_function`: onnx defines it by other operators; `required` are the attributes without a default."""

    op: str
    since: int
    deprecated: bool
    is_function: bool
    attributes: dict[str, str]
    inputs: tuple[Operand, ...]
    outputs: tuple[Operand, ...]
    required: frozenset[str]

    def input(self, index: int) -> Operand | None:
        """The formal input at a position (the last one again where it is variadic), None beyond the last."""
        return _formal(self.inputs, index)

    def output(self, index: int) -> Operand | None:
        """The same for outputs."""
        return _formal(self.outputs, index)


def _formal(formals: tuple[Operand, ...], index: int) -> Operand | None:
    if index < len(formals):
        return formals[index]
    return formals[-1] if formals and formals[-1].variadic else None


@functools.cache
def newest() -> int:
    """The newest opset that the installed onnx knows and we have checked."""
    import onnx.defs

    return min(max(IR_VERSIONS), onnx.defs.onnx_opset_version())


@functools.cache
def op_schema(op: str, opset: int = OPSET, domain: str = "") -> OpSchema | None:
    """The schema in force at `opset`, None where the operator does not exist (yet)."""
    import onnx.defs

    if not onnx.defs.has(op, domain):
        return None
    try:
        schema = onnx.defs.get_schema(op, opset, domain)
    except onnx.defs.SchemaError:
        return None
    allowed = {
        constraint.type_param_str: frozenset(map(_type_name, constraint.allowed_type_strs))
        for constraint in schema.type_constraints
    }
    optional = onnx.defs.OpSchema.FormalParameterOption.Optional
    variadic = onnx.defs.OpSchema.FormalParameterOption.Variadic

    def operand(formal: onnx.defs.OpSchema.FormalParameter) -> Operand:
        types = allowed.get(formal.type_str, frozenset({_type_name(formal.type_str)}))
        return Operand(formal.name, formal.option == optional, formal.option == variadic, formal.type_str, types)

    return OpSchema(
        op,
        schema.since_version,
        schema.deprecated,
        bool(schema.has_function or schema.has_context_dependent_function),  # type: ignore[attr-defined]
        {name: str(attribute.type).rpartition(".")[2] for name, attribute in schema.attributes.items()},
        tuple(map(operand, schema.inputs)),
        tuple(map(operand, schema.outputs)),
        frozenset(name for name, attribute in schema.attributes.items() if attribute.required),
    )


@functools.cache
def versions(op: str) -> tuple[int, ...]:
    """Every opset at which the operator (domain "") came or changed, oldest first."""
    found: list[int] = []
    schema = op_schema(op, newest())
    while schema is not None:
        found.append(schema.since)
        schema = op_schema(op, schema.since - 1) if schema.since > 1 else None
    return tuple(reversed(found))


def _type_name(text: str) -> str:
    if text in ELEM_TYPE_NAMES:
        return ELEM_TYPE_NAMES[text]
    return text.removeprefix("tensor(").removesuffix(")") if text.startswith("tensor(") else text
