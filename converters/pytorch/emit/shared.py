"""Modules and parameters that the source has at two paths: ``self.out.weight = self.embed.weight``.

Rules:
* Two places are one module where the source's record is the same, or where they do the same and all their parts are
  one.
* The innermost class around both places makes them one at the end of its constructor; both keys are in the state dict.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .tree import Place

Record = Callable[[str], Any]
"""What the source has at a path, None where it has nothing there."""


def share(root: Place, record: Record) -> None:
    """Note in the classes what of theirs is the same."""
    _Shared(root, record).walk("", root)


class _Shared:
    def __init__(self, root: Place, record: Record) -> None:
        self.root = root
        self.record = record
        self.seen: dict[Any, str] = {}
        self.marks: dict[int, int] = {}
        self.numbers: dict[Any, int] = {}

    def walk(self, path: str, place: Place) -> None:
        """Note the places below this one that were met before, and what is in the others."""
        mark = self._mark(path, place)
        if place is not self.root and _has_state(place):
            if mark in self.seen:
                self._tie(path, self.seen[mark])
                return
            self.seen[mark] = path
        for name, part in place.parts.items():
            self.walk(f"{path}.{name}" if path else name, part)
        for name, array in place.state.items():
            known = self.record(inner := f"{path}.{name}")
            if known is None:
                continue
            key = (id(known), view(array))
            if key in self.seen:
                self._tie(inner, self.seen[key])
            self.seen.setdefault(key, inner)

    def _mark(self, path: str, place: Place) -> int:
        """A number that is equal for places that are one."""
        if id(place) not in self.marks:
            self.marks[id(place)] = self._new_mark(path, place)
        return self.marks[id(place)]

    def _new_mark(self, path: str, place: Place) -> int:
        if place.tensor is not None or place.made is not None:
            known = self.record(path)
            form = None if place.tensor is None else view(place.tensor.array)
            return self._number((id(place) if known is None else id(known), form))
        parts = (
            (name, self._mark(f"{path}.{name}" if path else name, part)) for name, part in sorted(place.parts.items())
        )
        return self._number((place.forms(), *parts))

    def _number(self, mark: Any) -> int:
        return self.numbers.setdefault(mark, len(self.numbers))

    def _tie(self, path: str, first: str) -> None:
        names = path.split(".")
        common = 0
        for one, other in zip(names, first.split("."), strict=False):
            if one != other:
                break
            common += 1
        while common and not self.root.find(".".join(names[:common])).is_class:
            common -= 1
        place = self.root.find(".".join(names[:common]))
        place.ties.append((".".join(names[common:]), ".".join(first.split(".")[common:])))


def _has_state(place: Place) -> bool:
    return place.tensor is not None or bool(place.state) or any(map(_has_state, place.parts.values()))


def view(array: np.ndarray[Any, Any]) -> Any:
    """What is equal for views of the same bytes in the same form."""
    return array.__array_interface__["data"][0], array.shape, array.strides, array.dtype.str
