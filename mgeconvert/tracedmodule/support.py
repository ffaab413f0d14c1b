"""The support tables of TracedModules: what is read, by MegEngine's names, and what is written, by the IR's."""

from __future__ import annotations

from collections.abc import Sequence

from mgeconvert.compose.support import with_composed
from mgeconvert.registry import Handlers, OpSupport

from .emit.driver import load_tables
from .emit.refused import REFUSED
from .emit.table import handlers as emit_handlers
from .emit.table import written_operators
from .lower import table
from .lower.driver import load_table

_PREFIX = "megengine."


def read() -> Sequence[OpSupport]:
    """The lowering table and its refusals."""
    load_table()
    rows = [OpSupport(key.removeprefix(_PREFIX)) for key in table.lowered()]
    rows += [OpSupport(key.removeprefix(_PREFIX), refused=reason) for key, reason in table.refused()]
    return sorted(rows, key=lambda row: row.op)


def lowerings() -> Handlers:
    """Every callable of MegEngine that is read, with its handlers."""
    load_table()
    return ((key.removeprefix(_PREFIX), handler) for key, handler in table.handlers())


def written() -> Sequence[OpSupport]:
    """The operators of the IR that are written, and refusals."""
    load_tables()
    has = list(written_operators())
    rows = [OpSupport(op) for op in has] + [OpSupport(op, refused=reason) for op, reason in REFUSED.items()]
    return with_composed(rows, {*has})


def emitters() -> Handlers:
    """Every operator of the IR that is written, with its emitters and rewrites."""
    load_tables()
    return emit_handlers()
