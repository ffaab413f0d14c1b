"""The support tables of static graphs."""

from __future__ import annotations

from collections.abc import Sequence

from mgeconvert.ir.claims import claimed_at
from mgeconvert.registry import Handlers, OpSupport

from .lower import table
from .lower.driver import load_tables


def read() -> Sequence[OpSupport]:
    """The operator types that are lowered, and refusals."""
    load_tables()
    rows = [OpSupport(name, note=row.opdef if row.opdef != name else "") for name, row in table.rows()]
    rows += [OpSupport(name, refused=reason) for name, reason in table.refused()]
    return sorted(rows, key=lambda row: row.op)


def lowerings() -> Handlers:
    """Every operator type that is lowered, with the row that claims it and the handler that this calls."""
    load_tables()
    for name, row in table.rows():
        handler = row.find().handler
        yield name, claimed_at(row.claim, handler)
        if row.opdef:
            yield name, handler
