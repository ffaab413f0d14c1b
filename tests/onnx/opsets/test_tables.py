"""The tables of rules between opsets: every rule in the file of its operator's family, with its formula."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mgeconvert.ir.claims import claim_of
from mgeconvert.ir.families import FAMILIES, ONNX
from mgeconvert_converters.onnx import opsets
from mgeconvert_converters.onnx.support import downgrades, upgrades

ROOM = Path(opsets.__file__).parent
RULES = [*upgrades(), *downgrades()]


def claims() -> Iterator[tuple[str, str]]:
    """(operator, module) of every operator that a call of `upgrade` or `downgrade` names."""
    for file in ROOM.glob("*/*.py"):
        for call in ast.walk(ast.parse(file.read_text())):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("upgrade", "downgrade"):
                yield from ((arg.value, file.stem) for arg in call.args if isinstance(arg, ast.Constant))


@pytest.mark.parametrize(("op", "rule"), RULES, ids=lambda item: item if isinstance(item, str) else "")
def test_a_rule_stands_in_the_file_of_its_operators_family(op: str, rule: Callable[..., Any]) -> None:
    assert claim_of(rule).module.rpartition(".")[2] == ONNX[op]


def test_operators_are_claimed_in_the_file_of_their_family() -> None:
    assert [(op, home) for op, home in claims() if home != ONNX[op]] == []


def test_every_family_of_rules_is_known() -> None:
    assert {claim_of(rule).module.rpartition(".")[2] for _, rule in RULES} <= set(FAMILIES)


def test_a_rule_says_its_formula_or_that_it_refuses() -> None:
    docs = {rule.__name__: inspect.getdoc(rule) or "" for _, rule in RULES}
    assert [name for name, doc in docs.items() if "->" not in doc and "refused" not in doc] == []
