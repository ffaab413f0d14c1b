"""Which calls of one module have equal bodies, so that they can share its graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mgeconvert.ir import Node, Value
from mgeconvert.ir.keys import computation, hashable
from mgeconvert.ir.modules import Body
from mgeconvert.ir.scopes import Attribute
from mgeconvert.ir.whole_calls import CALL

from ..read import graph as g
from .signature import Signature


class SameBodies:
    """For each body the one whose graph it runs: the first with arguments of the same structure and an equal body."""

    def __init__(self, signatures: Mapping[Body, Signature]) -> None:
        self._signatures = signatures
        self._keys: dict[Body, Any] = {}
        self._models: dict[Body, Body] = {}
        self._first: set[Body] = set()
        groups: dict[tuple[int, Any], list[Body]] = {}
        for body, signature in signatures.items():
            groups.setdefault((id(signature.record), signature.key()), []).append(body)
        for bodies in groups.values():
            self._first.add(bodies[0])
            known: dict[Any, Body] = {}
            for body in bodies:
                self._models[body] = known.setdefault(self._key(body), body) if len(bodies) > 1 else body

    def model(self, body: Body) -> Body:
        """The body whose graph stands for this one too."""
        return self._models[body]

    def is_first(self, body: Body) -> bool:
        """Whether the graph of this body is the module's own for arguments of its structure."""
        return body in self._first

    def _key(self, body: Body) -> Any:
        """Equal for bodies that compute the same in the same way."""
        if body not in self._keys:
            known = _Known()
            for _, item, variable in self._signatures[body].inputs():
                known.add(_identity(item), item, variable)
            steps = tuple(self._step(step, known) for step in body.steps)
            results = tuple(known.operand(item, node) for item, node in self._signatures[body].result_sources())
            self._keys[body] = (body.as_called, steps, results)
        return self._keys[body]

    def _step(self, step: Node | Body, known: _Known) -> Any:
        inputs: Sequence[Any]
        expr = _expression(step)
        read: Sequence[g.Node | None] = expr.inputs if expr is not None else ()
        if isinstance(step, Body):
            signature = self._signatures[step]
            key: Any = (self._key(step), id(signature.record))
            inputs, outputs = [item for _, item, _ in signature.inputs()], step.results
            read = read[1:] if signature.as_called else ()
        else:
            key, inputs, outputs = _what(step), arguments(step), step.outputs
        variables = [*read, *[None] * (len(inputs) - len(read))]
        operands = tuple(map(known.operand, inputs, variables))
        made = iter(expr.outputs if expr is not None else ())
        for value in outputs:
            known.add(value, value, next(made, None) if len(outputs) == len(expr.outputs if expr else ()) else None)
        return (key, operands)


class _Known:
    """The values of one body: by number, and by the variables of the source's graph that hold them.

    Two arguments may be one value in one call and two in another: a variable tells them apart.
    """

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}
        self._held: dict[g.Node, Any] = {}
        self._count = 0

    def add(self, key: Any, item: Any, variable: g.Node | None) -> None:
        """The next value, which the source holds in a variable."""
        self._numbers.setdefault(key, self._count)
        self._count += 1
        if variable is not None:
            self._held[variable] = item

    def operand(self, item: Any, variable: g.Node | None) -> Any:
        """An operand that the source reads from a variable, in terms of the body."""
        if variable is not None and variable in self._held and self._held[variable] is item:
            return ("variable", id(variable))
        return _number(item, self._numbers)


def _expression(step: Node | Body) -> g.Expr | None:
    """The source's expression of a call that is still one."""
    scope = step.scope
    if scope is None or scope.call is None or scope.call.form is None:
        return None
    whole = isinstance(step, Body) or step.domain == CALL
    found: g.Expr | None = scope.call.form[0].expr if whole else None
    return found


def arguments(node: Node) -> list[Any]:
    """The operands of a node; of a call of the source also what it reads from the tree, as its expression has them."""
    call = node.scope.call if node.scope is not None else None
    if node.domain != CALL or call is None:
        return list(node.inputs)
    given = iter(node.inputs)
    return [next(given) if isinstance(item, Value) else item for item in call.form[1]]


def _identity(item: Any) -> Any:
    return ("read", id(item.record)) if isinstance(item, Attribute) else item


def _what(node: Node) -> Any:
    """What a node computes, apart from its operands."""
    call = node.scope.call if node.scope is not None else None
    if node.domain == CALL and call is not None:
        return id(call.form[0].expr)
    return computation(node)


def _number(item: Any, numbers: Mapping[Any, int]) -> Any:
    """An operand in terms of the body: which of its values, else what it is."""
    if isinstance(item, Value) and item.array is not None:
        return hashable(item.array)
    key = _identity(item)
    return numbers.get(key, key if isinstance(item, Attribute) else None)
