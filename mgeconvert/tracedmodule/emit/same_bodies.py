"""Which calls of one module have equal bodies, so that they can share its graph."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.modules import Body
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
            for value in body.arguments:
                numbers.setdefault(value, len(numbers))
            steps = tuple(self._step(step, numbers) for step in body.steps)
            results = tuple(_number(value, numbers) for value in body.results)
            self._keys[body] = (len(body.arguments), body.as_called, steps, results)
        return self._keys[body]

    def _step(self, step: Node | Body, numbers: dict[Any, int]) -> Any:
        if isinstance(step, Body):
            key: Any = (self._key(step), id(self._signatures[step].record))
            inputs, outputs = step.arguments, step.results
        else:
            key, inputs, outputs = _what(step), step.inputs, step.outputs
        read = tuple(_number(value, numbers) for value in inputs)
        for value in outputs:
            numbers[value] = len(numbers)
        return (key, read)


def _what(node: Node) -> Any:
    """What a node computes, apart from its operands."""
    call = node.scope.call if node.scope is not None else None
    if node.domain == CALL and call is not None:
        return id(call.form[0].expr)
    place = (node.scope.path, node.scope.kind) if node.scope is not None else ()
    return (node.domain, node.op, place, tuple((name, _hashable(value)) for name, value in sorted(node.attrs.items())))


def _number(value: Value | None, numbers: Mapping[Any, int]) -> Any:
    if value is None or value.array is None:
        return numbers.get(value)
    return _hashable(value.array)


def _hashable(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.shape, hashlib.sha256(np.ascontiguousarray(value).data).digest())
    return id(value) if isinstance(value, Graph) else value
