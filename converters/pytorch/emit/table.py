"""The table of emitters: ONNX operator to the function that gives its expression in torch.

A handler gets the `Emission` of a node and returns the expression as text. `Whole` is a whole number known at run time
and `Sizes` a list of them: they are written where they are read. `Many` is an expression that gives a tuple.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from .emission import Emission

Handler: TypeAlias = "Callable[[Emission], str]"
EMITTERS: dict[str, Handler] = {}
CALLS: dict[str, Handler] = {}
"""Calls of MegEngine that are written as they were, so that sizes stay what the source computes."""


def emit(*ops: str) -> Callable[[Handler], Handler]:
    """Claim ONNX operators for a handler."""
    return _claim(EMITTERS, ops)


def emit_call(*names: str) -> Callable[[Handler], Handler]:
    """Claim calls of MegEngine by qualified name."""
    return _claim(CALLS, names)


def _claim(table: dict[str, Handler], keys: tuple[str, ...]) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        for key in keys:
            if key in table:
                raise ValueError(f"{key} is emitted twice")
            table[key] = handler
        return handler

    return register
