"""The tables of emitters and rewrites by IR operator. A key has one emitter, and any number of rewrites.

An emitter makes the one call of MegEngine that a node is. A rewrite expresses a node by other IR nodes where MegEngine
has no such call, or has it only in another form; a rewrite declines by returning None. Both stand in the file or folder
of their operator's family.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

from mgeconvert.ir import Node, Value

from .builder import EmitBuilder
from .calls import EmittedCall

Emitter: TypeAlias = "Callable[[Node], EmittedCall]"
Rewrite: TypeAlias = "Callable[[EmitBuilder, Node], Value | Sequence[Value] | None]"
_Handler = TypeVar("_Handler", bound=Rewrite)

DOMAIN = "megengine"
"""The domain of nodes that are one call of MegEngine and no ONNX operator; they live only while a graph is written."""

EMITTERS: dict[str, Emitter] = {}
REWRITES: dict[str, list[Rewrite]] = {}
PATTERNS: dict[Rewrite, str] = {}
"""Rewrites of a pattern with the operator that the pattern is about, where that is not the one that ends it."""


def emit(*ops: str) -> Callable[[Emitter], Emitter]:
    """Register an emitter. Operators of MegEngine's own are called ``megengine.NAME``."""

    def register(emitter: Emitter) -> Emitter:
        for op in ops:
            if op in EMITTERS:
                raise ValueError(f"{op} is emitted twice")
            EMITTERS[op] = emitter
        return emitter

    return register


def rewrite(*ops: str, about: str = "") -> Callable[[_Handler], _Handler]:
    """Register a rewrite of `ops`; several of one operator are tried in the order they were registered.

    `about` names the operator whose family a rewrite belongs to, where `ops` only end its pattern.
    """

    def register(handler: _Handler) -> _Handler:
        for op in ops:
            REWRITES.setdefault(op, []).append(handler)
        if about:
            PATTERNS[handler] = about
        return handler

    return register


def written_operators() -> Iterator[str]:
    """Every IR operator that has an emitter or a rewrite, sorted."""
    yield from sorted({*EMITTERS, *REWRITES} - {op for op in EMITTERS if op.startswith(DOMAIN)})


def handlers() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every operator with each of its handlers, emitters first."""
    yield from EMITTERS.items()
    for op, rewrites in REWRITES.items():
        yield from ((op, handler) for handler in rewrites)


def key(node: Node) -> str:
    """What the tables know a node by."""
    return f"{node.domain}.{node.op}" if node.domain else node.op
