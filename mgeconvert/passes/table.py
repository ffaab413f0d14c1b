"""What a pass is made of: rules that rewrite the pattern that ends at one node, and functions of the whole graph.

    @rule("merge-negations", "Neg")
    def negations(r: Rewriter, node: Node) -> Result:
        \"\"\"Neg(Neg(x)) -> x\"\"\"
        inner = r.producer(node.inputs[0], "Neg")
        return None if inner is None else inner.inputs[0]

A rule returns the value (or values) that stand for the node's outputs, or None where it does not apply. New nodes are
made with `r.op`; where a rule nearly applies it says why it does not: ``raise Decline("...")``. Importing this module
costs nothing.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from .outcome import Decline as Decline

if TYPE_CHECKING:
    from mgeconvert.ir import Node, Value

    from .rewriter import Rewriter

Result: TypeAlias = "Value | Sequence[Value] | None"
"""What a rule returns: what stands for the node's outputs, or None where it does not apply."""

EVERY = "*"
"""In place of an operator: rules for the nodes of every operator that has none of its own in that pass."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rewrite of the pass `name`, tried at every node whose operator is one of `ops`.

    A rule is exact, the new nodes give the same bits, also for -0.0, infinities, NaN and equal operands, unless it
    `rounds`: numbers may change by rounding, by the sign of a zero, or where the pattern overflows.
    """

    name: str
    ops: tuple[str, ...]
    function: Callable[[Rewriter, Node], Result]
    rounds: bool = False

    def __call__(self, r: Rewriter, node: Node) -> Result:
        return self.function(r, node)


@dataclass(frozen=True, slots=True)
class Sweep:
    """A function of the pass `name` that changes the whole graph and returns how often it did."""

    name: str
    function: Callable[[Rewriter], int]

    def __call__(self, r: Rewriter) -> int:
        return self.function(r)


Step: TypeAlias = "Rule | Sweep"


@dataclass(frozen=True, slots=True)
class Pass:
    """Rules under one name. `level` is the lowest optimization level that runs the pass (None: only where it is named),
    `done` says what its count counts (``20 BatchNormalization folded``; {s} is the plural). The rules are `rules`, and
    those of this name in the module `home` of this package."""

    name: str
    level: int | None = None
    help: str = ""
    done: str = "change{s}"
    home: str = ""
    rules: tuple[Step, ...] = ()

    def steps(self) -> tuple[Step, ...]:
        """All rules of the pass, in the order they are tried; imports the module they stand in."""
        if not self.home:
            return self.rules
        module = importlib.import_module(f"{__package__}.{self.home}")
        found = (item for item in vars(module).values() if isinstance(item, Rule | Sweep))
        own = (step for step in found if step.name == self.name and step.function.__module__ == module.__name__)
        return (*self.rules, *own)

    def said(self, count: int) -> str:
        """The number of changes in words."""
        return f"{count} {self.done.format(s='' if count == 1 else 's')}"


def rule(name: str, *ops: str, rounds: bool = False) -> Callable[[Callable[[Rewriter, Node], Result]], Rule]:
    """Make a function a rule of the pass `name` for nodes of these operators (`EVERY`: of all)."""
    return lambda function: Rule(name, ops, function, rounds)


def sweep(name: str) -> Callable[[Callable[[Rewriter], int]], Sweep]:
    """Make a function of the whole graph a part of the pass `name`."""
    return lambda function: Sweep(name, function)
