"""Writes the forward() of one body: one statement per node, names reused where the value before is read no more."""

from __future__ import annotations

import builtins
import re
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from mgeconvert.errors import Problem, RefusedError
from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.modules import Body
from mgeconvert.ir.scopes import Attribute, Scope
from mgeconvert.ir.whole_calls import CALL

from ..write.helpers import HELPERS
from .emission import Emission
from .expressions import Many, Nested, Sizes, Whole
from .loops import Chain, in_loops
from .pending import Pending
from .refused import REFUSED, UNKNOWN
from .table import CALLS, EMITTERS
from .text import MARK, identifier, literal, marked, torch_dtype
from .tree import WAY, WORD, Made, Method

FUNCTIONS = tuple(name for name in HELPERS if name.islower())
"""What a file may have beside its classes."""
BUILT_IN = ("self", "torch", "nn", "F", "math", *FUNCTIONS, *dir(builtins))
"""Names that a variable must not hide."""

CALLED = re.compile(f"{MARK}([^{MARK}]*){MARK}\\(")
UNNAMED = re.compile(r"out(_\d+)?")
PLAIN_NAME = re.compile(r"\d|^(conv|bn|norm|linear|dense|fc|act|proj|relu|pool|maxpool|avgpool|dropout|drop)")
"""Names of modules that say nothing of what they give."""


class Around(Protocol):
    """What writes the bodies within this one and knows where things hang."""

    graph: Graph
    problems: list[Problem]
    declined: set[Scope]

    def body(self, body: Body, sizes: Mapping[Value, str]) -> tuple[list[Value], str]: ...

    def below(self, path: str, inner: str) -> str: ...

    def hang_tensor(self, home: str, value: Value) -> str: ...

    def record(self, path: str) -> Any: ...

    def hang_module(self, home: str, node: Node, made: Made, state: Mapping[str, Any]) -> str: ...


class BodyWriter:
    """One body. `lines` are its statements, `texts` what stands for each value, `pending` what is not written yet."""

    def __init__(self, driver: Around, body: Body, sizes: Mapping[Value, str]) -> None:
        self.driver = driver
        self.body = body
        self.lines: list[str] = []
        self.texts: dict[Value, str] = {}
        self.sizes: dict[Value, str] = {}
        self.holders: dict[str, Value] = {}
        self.used = set(BUILT_IN)
        self.left = self._uses()
        self.total = dict(self.left)
        self.pending = Pending(self._say)
        self.chain = Chain()
        self.arguments = self._named_arguments(sizes)
        self.given = next((name for name in self.arguments if name in self.holders), "")

    def method(self) -> Method:
        """The statements of the body."""
        for step in self.body.steps:
            if isinstance(step, Body):
                self._call(step)
            elif step.op:
                self._node(step)
        results = [self.tensor(value) for value in self.body.results]
        result = results[0] if len(results) == 1 else f"({', '.join(results)})" if results else "None"
        result = self.pending.inside(result)[0]
        chain = self.chain.paths(self.body) if len(self.arguments) == 1 else ()
        names = frozenset(self.used) - frozenset(BUILT_IN)
        return Method(tuple(self.arguments), in_loops(self.lines), result, chain, names)

    @property
    def home(self) -> str:
        """The path of the module."""
        return self.body.path

    @property
    def on(self) -> str:
        """Where a tensor is made: on the device of the first argument that is a tensor, whatever its name holds now."""
        return f", device={self.given}.device" if self.given else ""

    def text(self, value: Value) -> str:
        """A value as source: a name, a constant, a token, or the expression of whole numbers that it is."""
        if value in self.pending:
            return self.pending.token(value)
        if value in self.texts:
            return self.texts[value]
        if value.array is None:
            return "None"
        if value.array.ndim == 0 and value.array.dtype.name in ("float32", "int32", "int64", "bool"):
            return f"torch.tensor({literal(value.array)}, dtype={torch_dtype(value.array.dtype)})"
        path = self.driver.hang_tensor(self.body.path, value)
        return marked(path)

    def tensor(self, value: Value) -> str:
        """A value as a tensor."""
        text = self.text(value)
        if isinstance(text, Whole | Sizes):
            dtype = torch_dtype(value.dtype or np.dtype(np.int64))
            return f"torch.tensor({text}, dtype={dtype}{self.on if isinstance(text, Sizes) else ''})"
        return text

    def current(self, value: Value) -> Value:
        """What stands for a value of a call's signature."""
        return value if value in self.texts or value in self.pending else self.driver.graph.current(value)

    def hang(self, node: Node, made: Made, state: Mapping[str, Any]) -> str:
        """The path, below this body, of a built-in module."""
        return self.driver.hang_module(self.body.path, node, made, state)

    def attribute(self, attribute: Attribute) -> str:
        """A tensor of the source's module tree, as an argument."""
        return self.text(Value(attribute.path, array=attribute.record.array))

    def record(self, path: str) -> Any:
        """What the source has at a path from the top module."""
        return self.driver.record(path)

    def _uses(self) -> dict[Value, int]:
        left: dict[Value, int] = {}
        for step in self.body.steps:
            for value in step.arguments if isinstance(step, Body) else step.inputs:
                if value is not None:
                    left[value] = left.get(value, 0) + 1
        for value in self.body.results:
            left[value] = left.get(value, 0) + 1
        return left

    def _named_arguments(self, sizes: Mapping[Value, str]) -> list[str]:
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
            if value in sizes:
                self.texts[value] = self.sizes[value] = type(sizes[value])(name)
            else:
                self.texts[value] = name
                self.holders[name] = value
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

    def _target(self, expression: str) -> str:
        """The name for a result: that of an operand which is read no more, else a free one.

        What a module gives for a value that others read too is called as the module is (``key = self.key(x)``).
        """
        called = CALLED.match(expression)
        named = called[1].rpartition(".")[2] if called else ""
        own = len(named) > 2 and named.isidentifier() and not PLAIN_NAME.search(named)
        words = dict.fromkeys(WORD.findall(WAY.sub("", expression.replace(self.on, ""))))
        free = [name for name in words if name in self.holders and self._is_free(name)]
        if own:
            free = [name for name in free if self.total.get(self.holders[name], 0) == 1]
        if free and len([name for name in free if name in self.arguments]) < 2:
            return "out" if "out" in free else free[0]
        if own:
            return self._free(identifier(named))
        unnamed = [name for name in self.holders if UNNAMED.fullmatch(name) and name not in self.arguments]
        return next((name for name in unnamed if self._is_free(name)), None) or self._free("out")

    def _is_free(self, name: str) -> bool:
        """Whether nothing reads the variable any more."""
        holder = self.holders[name]
        return not self.left.get(holder, 1) and self._is_only(holder, name)

    def _is_only(self, operand: Value, text: str) -> bool:
        """Whether nothing that is written later (a waiting expression, ``x.shape[0]``) needs the name any longer."""
        word = re.compile(rf"(?<![\w.]){re.escape(text)}(?!\w)")
        sizes = (other for value, other in self.sizes.items() if value is not operand and self.left.get(value, 0))
        return not any(word.search(other) for other in (*sizes, *self.pending.texts()))

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
        if isinstance(expression, Whole | Sizes):
            text = type(expression)(self.pending.said(expression))
            self._read(node.inputs)
            self.texts[node.outputs[0]] = self.sizes[node.outputs[0]] = text
            return
        self._assign(node.outputs, expression, node.inputs, many=isinstance(expression, Many))

    def _assign(self, outputs: list[Value], expression: str, operands: list[Value | None], *, many: bool) -> None:
        if len(outputs) == 1:
            self.chain.add(expression, outputs[0], operands, self)
        text, steps = self.pending.inside(expression)
        self._read(operands)
        if len(outputs) == 1 and not many:
            if self.total.get(outputs[0], 0) == 1 and not text.isidentifier():
                self.pending.add(outputs[0], text, steps, calls=self.pending.nested)
            else:
                self._say(outputs[0], text)
            return
        names = []
        for value in outputs:
            name = self._free(_base(value)) if self.left.get(value) else "_"
            self.texts[value] = name
            if name != "_":
                self.holders[name] = value
            names.append(name)
        if isinstance(expression, Nested):
            names += ["_"] * (expression.form.count(",") + 1 - len(names))
            target = re.sub(r"\d", lambda found: names[int(found[0])], expression.form).replace(",", ", ")
            self.lines.append(f"{target} = {text}")
            if expression.after and names[0] != "_":
                self.lines.append(f"{names[0]} = {names[0]}{expression.after}")
            return
        self.lines.append(f"{', '.join(names)}{',' if len(names) == 1 else ''} = {text}")

    def _say(self, value: Value, text: str) -> str:
        """Write a statement; returns the name of its result."""
        name = self._target(text)
        self.texts[value] = name
        self.holders[name] = value
        if name != text:
            self.lines.append(f"{name} = {text}")
        return name

    def _call(self, body: Body) -> None:
        known = {value: self.texts[value] for value in body.arguments if value is not None and value in self.sizes}
        arguments, method = self.driver.body(body, known)
        path = "" if body.path == self.body.path else self.driver.below(self.body.path, body.path)
        callee = marked(path) if path else "self"
        callee = callee if method == "forward" else f"{callee}.{method}"
        expression = f"{callee}({', '.join(known.get(value) or self.tensor(value) for value in arguments)})"
        if not body.results:
            self.pending.said(expression)
            self._read(list(body.arguments))
            return
        if len(body.results) == 1:
            self.chain.add(expression, body.results[0], list(arguments), self)
            text = self.pending.inside(expression, 2, calls=False)[0]
            self._read(list(body.arguments))
            if self.total.get(body.results[0], 0) == 1:
                self.pending.add(body.results[0], text, 1, calls=True)
            else:
                self._say(body.results[0], text)
        else:
            self._assign(body.results, expression, list(body.arguments), many=True)


def _base(value: Value) -> str:
    """``branch_out`` for ``layer1.0.branch_out_1``."""
    last = re.split(r"[./:]", value.name)[-1]
    last = re.sub(r"(_out)?(_\d+)*$", "", last).strip("_").lower()
    return identifier(last if last and not last.isdigit() else "out")
