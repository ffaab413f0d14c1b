"""The table of emitters: one IR operator, one function, and which layouts the function asks of the driver.

    @emit("LeakyRelu", wants=ANY)
    def leaky_relu(c: Emission, x: Tensor) -> Tensor:
        return c.op("LEAKY_RELU", x, Alpha=c.attr("alpha", 0.01))

An emitter gets an `Emission` and its data inputs as tensors that are already in the layout `c.layout`. It returns the
output tensors in that layout (or sets another `c.layout`). What it cannot express it declines with `refuse`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..layout.wants import PLAIN, Wants


@dataclass(frozen=True, slots=True)
class Emitter:
    """`data` is how many leading inputs are tensors (None: all); the others are parameters, usually constant."""

    function: Callable[..., Any]
    wants: Wants
    data: int | None
    note: str


EMITTERS: dict[str, Emitter] = {}


def emit(*ops: str, wants: Wants = PLAIN, data: int | None = None, note: str = "") -> Callable[[Any], Any]:
    """Claim IR operators for a function; a second claim is a mistake and raises ValueError."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        for op in ops:
            if op in EMITTERS:
                raise ValueError(f"{op} already has an emitter")
            EMITTERS[op] = Emitter(function, wants, data, note)
        return function

    return register


REFUSED: dict[str, str] = {}
"""IR operators TFLite cannot express, with the reason."""
