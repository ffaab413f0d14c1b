"""Writes the forward() of one body: a statement a node, names reused where the value before is read no more."""

from __future__ import annotations

import builtins
import re
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from mgeconvert.errors import Problem, RefusedError
from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.modules import Body
from mgeconvert.ir.scopes import Scope
from mgeconvert.ir.whole_calls import CALL

from .emission import Emission
from .expressions import Many, Sizes, Whole
from .refused import REFUSED, UNKNOWN
from .table import CALLS, EMITTERS
from .text import MARK, identifier, literal, torch_dtype
from .tree import Made, Method

BUILT_IN = ("self", "torch", "nn", "F", "math", *dir(builtins))
"""Names that a variable must not hide."""


class Around(Protocol):
    """What writes the bodies within this one and knows where things hang."""

    graph: Graph
    problems: list[Problem]
    declined: set[Scope]

    def body(self, body: Body) -> tuple[list[Value], str]: ...

    def below(self, path: str, inner: str) -> str: ...

    def hang_tensor(self, home: str, value: Value) -> str: ...

    def hang_module(self, home: str, node: Node, made: Made, state: Mapping[str, Any]) -> str: ...


class BodyWriter:
    """One body. `lines` are its statements, `texts` what stands for each value."""

    def __init__(self, driver: Around, body: Body) -> None:
        self.driver = driver
        self.body = body
        self.lines: list[str] = []
        self.texts: dict[Value, str] = {}
        self.used = set(BUILT_IN)
        self.left = self._uses()
        self.arguments = self._named_arguments()

    def method(self) -> Method:
        """The statements of the body."""
        for step in self.body.steps:
            if isinstance(step, Body):
                self._call(step)
            elif step.op:
                self._node(step)
        results = [self.tensor(value) for value in self.body.results]
        result = results[0] if len(results) == 1 else f"({', '.join(results)})" if results else "None"
        return Method(tuple(self.arguments), self.lines, result)

    def text(self, value: Value) -> str:
        """A value as source: a name, a constant, or the expression of whole numbers that it is."""
        if value in self.texts:
            return self.texts[value]
        if value.array is None:
            return "None"
        if value.array.ndim == 0 and value.array.dtype.name in ("float32", "int32", "int64", "bool"):
            return f"torch.tensor({literal(value.array)}, dtype={torch_dtype(value.array.dtype)})"
        path = self.driver.hang_tensor(self.body.path, value)
        return f"{MARK}{path}{MARK}"

    def tensor(self, value: Value) -> str:
        """A value as a tensor."""
        text = self.text(value)
        if isinstance(text, Whole | Sizes):
            dtype = torch_dtype(value.dtype or np.dtype(np.int64))
            return f"torch.tensor({text}, dtype={dtype})"
        return text

    def current(self, value: Value) -> Value:
        """What stands for a value of a call's signature."""
        return value if value in self.texts else self.driver.graph.current(value)

    def hang(self, node: Node, made: Made, state: Mapping[str, Any]) -> str:
        """The path, below this body, of a built-in module."""
        return self.driver.hang_module(self.body.path, node, made, state)

    def _uses(self) -> dict[Value, int]:
        left: dict[Value, int] = {}
        for step in self.body.steps:
            for value in step.arguments if isinstance(step, Body) else step.inputs:
                if value is not None:
                    left[value] = left.get(value, 0) + 1
        for value in self.body.results:
            left[value] = left.get(value, 0) + 1
        return left

    def _named_arguments(self) -> list[str]:
        call = self.body.scope.call if self.body.scope is not None else None
        names = list(call.names) if call is not None else []
        if not self.body.path:
            names = list(self.driver.graph.inputs)
        arguments: list[str] = []
        for number, value in enumerate(self.body.arguments):
            if value is None or value.is_constant or value in self.texts:
                continue
            wanted = names[number] if number < min(len(names), self.body.given) else _base(value)
            name = self._free(identifier(wanted))
            self.texts[value] = name
            arguments.append(name)
        return arguments

    def _free(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self.used:
            number += 1
            name = f"{wanted.rstrip('_')}_{number}"
        self.used.add(name)
        return name

    def _read(self, values: list[Value | None]) -> None:
        for value in values:
            if value is not None and value in self.left:
                self.left[value] -= 1

    def _target(self, value: Value, operands: list[Value | None]) -> str:
        """The name for a result: that of the first operand which is read no more, else a free one."""
        for operand in operands:
            if operand is not None and not self.left.get(operand, 1) and self.texts.get(operand, "").isidentifier():
                text = self.texts[operand]
                if not isinstance(text, Whole | Sizes) and text != "None" and self._is_only(operand, text):
                    return text
        return self._free("out" if "out" not in self.used else _base(value))

    def _is_only(self, operand: Value, text: str) -> bool:
        """Whether no whole number that is written where it is read (``x.shape[0]``) needs the name any longer."""
        word = re.compile(rf"(?<![\w.]){re.escape(text)}(?!\w)")
        return not any(
            value is not operand and self.left.get(value, 0) and word.search(other)
            for value, other in self.texts.items()
        )

    def _node(self, node: Node) -> None:
        table = CALLS if node.domain == CALL else EMITTERS
        handler = table.get(node.op) if node.domain in ("", CALL) else None
        try:
            if handler is None:
                raise RefusedError(REFUSED.get(node.op, UNKNOWN))
            expression = handler(Emission(self, node))
        except RefusedError as refused:
            if node.domain == CALL and node.scope is not None:
                self.driver.declined.add(node.scope)
            self.driver.problems.append(Problem(node.origin or node.name or "model", node.op, refused.reason))
            expression = "None"
        self._read(node.inputs)
        if isinstance(expression, Whole | Sizes):
            self.texts[node.outputs[0]] = expression
            return
        self._assign(node.outputs, expression, node.inputs, isinstance(expression, Many))

    def _assign(self, outputs: list[Value], expression: str, operands: list[Value | None], many: bool) -> None:
        if len(outputs) == 1 and not many:
            name = self._target(outputs[0], operands)
            self.texts[outputs[0]] = name
            if name != expression:
                self.lines.append(f"{name} = {expression}")
            return
        names = []
        for value in outputs:
            name = self._free(_base(value)) if self.left.get(value) else "_"
            self.texts[value] = name
            names.append(name)
        self.lines.append(f"{', '.join(names)}{',' if len(names) == 1 else ''} = {expression}")

    def _call(self, body: Body) -> None:
        arguments, method = self.driver.body(body)
        path = self.driver.below(self.body.path, body.path)
        callee = f"{MARK}{path}{MARK}" if path else "self"
        callee = callee if method == "forward" else f"{callee}.{method}"
        expression = f"{callee}({', '.join(self.tensor(value) for value in arguments)})"
        self._read(list(body.arguments))
        if body.results:
            self._assign(body.results, expression, list(arguments), len(body.results) > 1)


def _base(value: Value) -> str:
    """``branch_out`` for ``layer1.0.branch_out_1``."""
    last = re.split(r"[./:]", value.name)[-1]
    last = re.sub(r"(_out)?(_\d+)*$", "", last).strip("_").lower()
    return identifier(last if last and not last.isdigit() else "out")
