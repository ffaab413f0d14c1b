"""Which bodies of a nested graph get a module of their own, and which are written out in the body around them."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mgeconvert.ir import Value
from mgeconvert.ir.keys import computation, hashable
from mgeconvert.ir.modules import Body, Step


class Bodies:
    """The bodies below `top`. `path` gives where the module of a body is to hang, below that of the body around it; the
    first body of a path hangs there, and each later one that is equal to it runs its graph."""

    def __init__(self, top: Body, path: Callable[[Body], str]) -> None:
        self._paths = {body: "" if body is top else path(body) for body in top.bodies()}
        self._keys: dict[Body, Any] = {}
        self._first: dict[str, Body] = {"": top}
        self._called: set[Body] = {top}
        self._note_keys()
        stack = [(body, "") for body in _inner(top)]
        while stack:
            body, around = stack.pop()
            at = self._paths[body]
            is_below = at.startswith(f"{around}.") if around else bool(at)
            first = self._first.setdefault(at, body) if is_below else None
            if first is not None and (first is body or self._keys[first] == self._keys[body]):
                self._called.add(body)
                around = at
            if first is body or body not in self._called:
                stack.extend((step, around) for step in _inner(body))

    def path(self, body: Body) -> str:
        """Where the module hangs that a body runs."""
        return self._paths[body]

    def paths(self) -> list[str]:
        """Where all modules with graphs hang."""
        return list(self._first)

    def written(self) -> list[Body]:
        """The bodies whose graphs are written."""
        return list(self._first.values())

    def steps(self, body: Body) -> Iterator[Step]:
        """The steps of a body, with those of bodies that have no module."""
        for step in body.steps:
            if isinstance(step, Body) and step not in self._called:
                yield from self.steps(step)
            else:
                yield step

    def _note_keys(self) -> None:
        """Keys of the bodies whose path another one has too, and of all within them."""
        count = collections.Counter(self._paths.values())
        again: dict[Body, None] = {}
        for body, path in self._paths.items():
            if count[path] > 1 and body not in again:
                again.update(dict.fromkeys(body.bodies()))
        for body in reversed(again):
            self._keys[body] = self._key(body)

    def _key(self, body: Body) -> Any:
        """Equal for bodies that compute the same in the same way from what they are given."""
        numbers: dict[Value, int] = {}
        for value in body.arguments:
            if value is not None:
                numbers.setdefault(value, len(numbers))
        steps = []
        for step in body.steps:
            inner = isinstance(step, Body)
            inputs = step.arguments if isinstance(step, Body) else step.inputs
            key = (self._paths[step], self._keys[step]) if isinstance(step, Body) else computation(step)
            read = tuple(_operand(value, numbers) for value in inputs)
            for value in step.results if isinstance(step, Body) else step.outputs:
                numbers[value] = len(numbers)
            steps.append((inner, key, read))
        return (len(numbers), tuple(steps), tuple(numbers[value] for value in body.results))


def _inner(body: Body) -> list[Body]:
    """The bodies among the steps of a body, the last one first."""
    return [step for step in reversed(body.steps) if isinstance(step, Body)]


def _operand(value: Value | None, numbers: Mapping[Value, int]) -> Any:
    if value is None or value in numbers:
        return numbers.get(value) if value is not None else None
    return hashable(value.array)
