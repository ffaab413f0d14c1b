"""The raising tables: IR operator to emitter, rewrite and refusal. A key is claimed once in each.

An emitter makes the one call of MegEngine that a node is. A rewrite expresses a node by other IR nodes where MegEngine
has no such call, or has it only in another form; it declines by returning None. A refusal is an operator in every form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from mgeconvert.ir import Node, Value

from .calls import Call
from .rewriter import Rewriter

Emitter: TypeAlias = "Callable[[Node], Call]"
Rewrite: TypeAlias = "Callable[[Rewriter, Node], Value | Sequence[Value] | None]"

DOMAIN = "megengine"
"""The domain of nodes that are one call of MegEngine and no ONNX operator; they live only while a graph is raised."""

EMITTERS: dict[str, Emitter] = {}
REWRITES: dict[str, list[Rewrite]] = {}
REFUSALS: dict[str, str] = {
    **dict.fromkeys(("If", "Loop", "Scan"), "a TracedModule has no control flow"),
    "GRU": "MegEngine has no GRU",
}


def emit(*ops: str) -> Callable[[Emitter], Emitter]:
    """Register an emitter."""

    def register(emitter: Emitter) -> Emitter:
        for op in ops:
            if op in EMITTERS:
                raise ValueError(f"{op} is emitted twice")
            EMITTERS[op] = emitter
        return emitter

    return register


def rewrite(*ops: str) -> Callable[[Rewrite], Rewrite]:
    """Register a rewrite; several of one operator are tried in the order they were registered."""

    def register(rule: Rewrite) -> Rewrite:
        for op in ops:
            REWRITES.setdefault(op, []).append(rule)
        return rule

    return register


def raised() -> Iterator[str]:
    """Every IR operator that can be raised, sorted."""
    yield from sorted({*EMITTERS, *REWRITES} - {op for op in EMITTERS if op.startswith(DOMAIN)})


def key(node: Node) -> str:
    """What the tables know a node by."""
    return f"{node.domain}.{node.op}" if node.domain else node.op
