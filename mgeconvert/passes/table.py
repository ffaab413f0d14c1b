"""The table of rewrite rules, and the passes that look at a whole graph instead of one node.

    @rule("eliminate-identity", "Identity")
    def identity(r: Rewriter, node: Node) -> Result:
        return node.inputs[0]

A rule returns the value (or values) that stand for the node's outputs, or None where it does not apply. New nodes are
made with `r.op`; where a rule nearly applies it says why it does not: ``raise Decline("...")``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from .rewriter import Decline as Decline
from .rewriter import Result as Result
from .rewriter import Rewriter, Rule

Whole: TypeAlias = "Callable[[Rewriter], int]"

RULES: dict[str, dict[str, list[Rule]]] = {}
"""pass -> operator of the pattern's last node -> its rules, tried in order."""


EVERY = "*"
"""In place of an operator: rules for the nodes of every operator that has none of its own."""

WHOLE: dict[str, list[Whole]] = {}
"""pass -> functions that change the graph themselves and return how often."""


def rule(name: str, *ops: str) -> Callable[[Rule], Rule]:
    """Register a rule of pass `name` for nodes of these operators."""

    def register(function: Rule) -> Rule:
        for op in ops:
            RULES.setdefault(name, {}).setdefault(op, []).append(function)
        return function

    return register


def whole(name: str) -> Callable[[Whole], Whole]:
    """Register a whole-graph function of pass `name`."""

    def register(function: Whole) -> Whole:
        WHOLE.setdefault(name, []).append(function)
        return function

    return register
