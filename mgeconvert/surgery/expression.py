"""Expressions of patterns and replacements: ``Mul(x, Sigmoid(x))``. They are read, never executed.

An expression is a call of an operator by its ONNX name, a name, a number, or a value's name in quotes
(``'layer1.0.conv1_out'``, for names that are no Python identifiers). ``_`` is anything in a pattern and an operand that
is left out in a replacement. Attributes are keyword arguments.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from mgeconvert.errors import UsageError
from mgeconvert.ir import Node, Value
from mgeconvert.ir.builder import Builder

ANYTHING = "_"
SHAPE = 'write it as "Relu(Add(x, y))"'


@dataclass(frozen=True, slots=True)
class Quoted:
    """A value, node or module of the graph by its name."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class OperatorCall:
    """An operator of an expression."""

    op: str
    operands: tuple[Part, ...]
    attrs: Mapping[str, Any] = field(default_factory=dict)


Part: TypeAlias = "OperatorCall | Quoted | str | float"
"""A call, a value of the graph, a name, a number."""
Lookup: TypeAlias = "Callable[[str], Value]"
"""The value that a name means."""


def parse(text: str) -> Part:
    """The expression that a text is; UsageError says what is wrong with it."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise UsageError(f"pattern {text}: is no expression: {reason}", hint=SHAPE) from error
    return _part(tree, text)


def calls(part: Part) -> Iterator[OperatorCall]:
    """The calls of an expression, each before its operands."""
    if isinstance(part, OperatorCall):
        yield part
        for operand in part.operands:
            yield from calls(operand)


def names(part: Part) -> Iterator[str]:
    """The names that stand in an expression, in order."""
    if isinstance(part, OperatorCall):
        for operand in part.operands:
            yield from names(operand)
    elif isinstance(part, str) and part != ANYTHING:
        yield part


def build(b: Builder, part: Part, lookup: Lookup, attributes: Mapping[OperatorCall, Node]) -> Value | float | None:
    """What an expression says, built; an operator gets the attributes of the node that `attributes` gives for it, where
    it does not say others (None: leave it out)."""
    if isinstance(part, OperatorCall):
        operands = [build(b, operand, lookup, attributes) for operand in part.operands]
        like = attributes.get(part)
        attrs = dict(like.attrs) if like is not None else {}
        return b.op(part.op, *operands, **{**attrs, **part.attrs})
    if isinstance(part, Quoted):
        return lookup(part.name)
    if isinstance(part, str):
        return None if part == ANYTHING else lookup(part)
    return part


def literal(tree: ast.expr, text: str) -> Any:
    """The Python constant that a part of an expression is; UsageError."""
    try:
        return ast.literal_eval(tree)
    except ValueError as error:
        raise UsageError(f"pattern {text}: {ast.unparse(tree)} is no operator, name or number", hint=SHAPE) from error


def _part(tree: ast.expr, text: str) -> Part:
    if isinstance(tree, ast.Name):
        return tree.id
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
        attrs = {each.arg: literal(each.value, text) for each in tree.keywords if each.arg}
        return OperatorCall(tree.func.id, tuple(_part(each, text) for each in tree.args), attrs)
    constant = literal(tree, text)
    if isinstance(constant, str):
        return Quoted(constant)
    if not isinstance(constant, int | float):
        raise UsageError(f"pattern {text}: {ast.unparse(tree)} is no operator, name or number", hint=SHAPE)
    return float(constant)
