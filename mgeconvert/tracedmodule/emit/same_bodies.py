"""Which calls of one module have equal bodies, so that they can share its graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mgeconvert.ir import Node, Value
from mgeconvert.ir.keys import computation, hashable
from mgeconvert.ir.modules import Body
from mgeconvert.ir.scopes import Attribute
from mgeconvert.ir.whole_calls import CALL

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
            numbers: dict[Any, int] = {}
            for _, item, _ in self._signatures[body].inputs():
                numbers.setdefault(_identity(item), len(numbers))
            steps = tuple(self._step(step, numbers) for step in body.steps)
            results = tuple(_number(item, numbers) for item in self._signatures[body].results)
            self._keys[body] = (len(numbers), body.as_called, steps, results)
        return self._keys[body]

    def _step(self, step: Node | Body, numbers: dict[Any, int]) -> Any:
        inputs: Sequence[Any]
        if isinstance(step, Body):
            signature = self._signatures[step]
            key: Any = (self._key(step), id(signature.record))
            inputs, outputs = [item for _, item, _ in signature.inputs()], step.results
        else:
            key, inputs, outputs = _what(step), arguments(step), step.outputs
        read = tuple(_number(item, numbers) for item in inputs)
        for value in outputs:
            numbers[value] = len(numbers)
        return (key, read)


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
