"""eliminate-dead: nodes that reach no output of the graph."""

from __future__ import annotations

from .rewriter import Rewriter
from .table import whole


@whole("eliminate-dead")
def dead(r: Rewriter) -> int:
    return r.drop_dead()
