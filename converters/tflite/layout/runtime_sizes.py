"""Sizes that only the run will tell: where each can be read, so that a shape of several of them can be put together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mgeconvert.ir import Dim

from ..model import Operator, Tensor


@dataclass(frozen=True, slots=True)
class Read:
    """A size as an axis of a tensor, times a number: ``H*2``."""

    tensor: Tensor
    axis: int
    factor: int = 1


class RuntimeSizes:
    """Which tensor has which symbolic size: those that entered, and what operators gave, the first ones."""

    def __init__(self, operators: list[Operator]) -> None:
        self._operators = operators
        self._seen = 0
        self._places: dict[str, tuple[Tensor, int]] = {}

    def note(self, tensor: Tensor) -> None:
        """Remember where the tensor's symbolic sizes are, unless they are elsewhere already."""
        for axis, dim in enumerate(tensor.shape):
            if isinstance(dim, str):
                self._places.setdefault(dim, (tensor, axis))

    def forget(self, mark: int, gone: set[Tensor]) -> None:
        """The operators from `mark` on, which gave these tensors, are no more."""
        self._seen = min(self._seen, mark)
        self._places = {dim: place for dim, place in self._places.items() if place[0] not in gone}

    def read(self, dims: Sequence[Dim], near: Tensor) -> list[Read | None]:
        """Where each symbolic size can be read, at best in the tensor `near`; None for numbers and unknown ones."""
        for operator in self._operators[self._seen :]:
            for tensor in operator.outputs:
                self.note(tensor)
        self._seen = len(self._operators)
        return [self._place(dim, near) if isinstance(dim, str) else None for dim in dims]

    def _place(self, dim: str, near: Tensor) -> Read | None:
        if dim in near.shape:
            return Read(near, near.shape.index(dim))
        if dim in self._places:
            return Read(*self._places[dim])
        numbers, names = _factors(dim.split("*"))
        if len(names) != 1 or names == [dim]:
            return None
        whole = self._place(names[0], near)
        return whole and Read(whole.tensor, whole.axis, whole.factor * numbers)


def _factors(parts: Iterable[str]) -> tuple[int, list[str]]:
    """The number and the names in a product."""
    number, names = 1, []
    for part in parts:
        if part.isdecimal():
            number *= int(part)
        else:
            names.append(part)
    return number, names
