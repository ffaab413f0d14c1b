"""The tables of emitters and rewrites: every handler in the file of its family, every rewrite with its formula."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from mgeconvert.compose.support import composed_operators
from mgeconvert.ir.families import FAMILIES, ONNX
from mgeconvert.tracedmodule.emit import driver
from mgeconvert.tracedmodule.emit.families import OWN
from mgeconvert.tracedmodule.emit.refused import REFUSED
from mgeconvert.tracedmodule.emit.table import DOMAIN, EMITTERS, PATTERNS, REWRITES, emit, handlers
from mgeconvert.tracedmodule.support import written

driver.load_tables()
ROOM = driver.__name__.removesuffix("driver")


def family_of(op: str) -> str:
    return OWN[op.removeprefix(f"{DOMAIN}.")] if op.startswith(DOMAIN) else ONNX[op]


@pytest.mark.parametrize(("op", "handler"), list(handlers()), ids=lambda item: item if isinstance(item, str) else "")
def test_a_handler_stands_in_the_file_of_its_operators_family(op: str, handler: Callable[..., Any]) -> None:
    family = family_of(PATTERNS.get(handler, op))
    assert handler.__module__.removeprefix(ROOM).partition(".")[0] == family


def test_a_rewrite_says_its_formula() -> None:
    rewrites = {rewrite for found in REWRITES.values() for rewrite in found}
    assert [rewrite.__name__ for rewrite in rewrites if "->" not in (inspect.getdoc(rewrite) or "")] == []


def test_every_operator_of_our_own_is_emitted() -> None:
    assert {op for op in EMITTERS if op.startswith(DOMAIN)} == {f"{DOMAIN}.{op}" for op in OWN}
    assert set(OWN.values()) <= set(FAMILIES)


def test_an_operator_has_one_emitter() -> None:
    with pytest.raises(ValueError, match="Relu is emitted twice"):
        emit("Relu")(EMITTERS["Relu"])


def test_ops_lists_the_tables() -> None:
    rows = written()
    assert len({row.op for row in rows}) == len(rows)
    assert not any(row.op.startswith(DOMAIN) for row in rows)
    known = {row.op for row in rows if not row.refused}
    assert {"Conv", "Gemm", "Selu", "Resize"} <= known
    own = {op for op in {*EMITTERS, *REWRITES} if "." not in op}
    assert not own & set(REFUSED)
    assert {"Einsum", "Loop", "com.microsoft.FusedConv"} <= known - own
    assert known - own == {row.op for row in composed_operators(own)}
