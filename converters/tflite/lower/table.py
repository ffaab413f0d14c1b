"""The table of lowerings: TFLite operator to IR operators.

    @lower("LEAKY_RELU", wants=ANY)
    def leaky_relu(t: Translation, x: Value) -> Value:
        return t.b.op("LeakyRelu", x, alpha=t.option("Alpha"))

A lowering gets a `Translation` and its data operands as values that are already in the layout `t.layout`. It returns
the results in that layout (or sets another `t.layout`, or returns `Held`s). What it cannot lower it declines with
`refuse`.
A custom operator stands under its custom code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ..layout.wants import PLAIN, Wants

H = TypeVar("H", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Lowering:
    """`data` is how many leading operands are values (None: all); the others are parameters. `first` is the number of
    the first one. `moves` says that results are operands' own numbers, so that integers stay the integers they are."""

    function: Callable[..., Any]
    wants: Wants
    data: int | None
    first: int
    moves: bool
    note: str


LOWERINGS: dict[str, Lowering] = {}
REFUSED: dict[str, str] = {}
"""TFLite operators that have no ONNX form, with the reason."""


def lower(
    *ops: str, wants: Wants = PLAIN, data: int | None = None, first: int = 0, moves: bool = False, note: str = ""
) -> Callable[[H], H]:
    """Claim TFLite operators for a function; a second claim is a mistake and raises ValueError."""

    def register(function: H) -> H:
        for op in ops:
            if op in LOWERINGS:
                raise ValueError(f"{op} already has a lowering")
            LOWERINGS[op] = Lowering(function, wants, data, first, moves, note)
        return function

    return register
