"""eliminate-dead: nodes that reach no output of the graph."""

from __future__ import annotations

from .rewriter import Rewriter
from .table import sweep


@sweep("eliminate-dead")
def dead(r: Rewriter) -> int:
    """f(x), read by nothing -> nothing"""
    return r.drop_dead()
