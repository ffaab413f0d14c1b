"""Rules that do not say that they round change no bit: every row of every pass, with numbers that break rules."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from mgeconvert.ir import Graph, Node
from mgeconvert.ir.builder import Builder
from mgeconvert.passes import Rule, rule, select
from mgeconvert.passes.driver import run
from mgeconvert.passes.rewriter import Rewriter
from mgeconvert.passes.table import Result
from tests.passes.exact import STEPS, check_exact, fired, is_exact
from tests.passes.harness import Row, graph_of

MODULES = [importlib.import_module(f"tests.passes.{path.stem}") for path in sorted(Path(__file__).parent.glob("test_*"))
           if path.stem != "test_exact"]  # fmt: skip
ROWS = [row for module in MODULES for row in getattr(module, "ROWS", ()) if isinstance(row, Row) and row.after]
FIRED = [(row, fired(run(graph_of(row.build), select(0, row.passes.split(","))))) for row in ROWS]
EXACT = [row for row, rules in FIRED if row.runs and all(is_exact(STEPS[each]) for each in rules)]


def test_every_exact_rule_has_a_row() -> None:
    tested = set().union(*(rules for row, rules in FIRED if row in EXACT))
    assert {name for name, step in STEPS.items() if is_exact(step)} == {
        each for each in tested if is_exact(STEPS[each])
    }


@pytest.mark.parametrize("row", EXACT, ids=str)
def test_no_bit_changes(row: Row, tmp_path: Path) -> None:
    check_exact(graph_of(row.build), row.passes.split(","), tmp_path)


@rule("wrong", "Neg")
def reversed_difference(r: Rewriter, node: Node) -> Result:
    """-(x - y) -> y - x: 0.0 in place of -0.0 where x is y"""
    inner = r.producer(node.inputs[0], "Sub")
    return None if inner is None else r.op("Sub", inner.inputs[1], inner.inputs[0])


@rule("wrong", "Mul")
def times_zero(r: Rewriter, node: Node) -> Result:
    """x * 0 -> x - x: 0.0 for negative numbers too"""
    return r.op("Sub", node.inputs[0], node.inputs[0])


@rule("wrong", "Div")
def itself(r: Rewriter, node: Node) -> Result:
    """x / y * y -> x: NaN where y is zero"""
    return node.inputs[0]


@rule("wrong", "Less")
def negated_comparison(r: Rewriter, node: Node) -> Result:
    """x < y -> not (y <= x): otherwise for NaN"""
    return r.op("Not", r.op("LessOrEqual", node.inputs[1], node.inputs[0]))


def graph_with(op: str, *inner: str) -> Graph:
    b = Builder()
    x, y = (b.input(name, "float32", (2, 3)) for name in "xy")
    operands = [b.op(inner[0], x, y)] if inner else [x, y]
    b.output("z", b.op(op, *operands))
    return b.graph


@pytest.mark.parametrize(
    ("wrong", "graph"),
    [
        (reversed_difference, graph_with("Neg", "Sub")),
        (times_zero, graph_with("Mul")),
        (itself, graph_with("Div")),
        (negated_comparison, graph_with("Less")),
    ],
    ids=["reversed_difference", "times_zero", "itself", "negated_comparison"],
)
def test_a_wrong_rule_is_noticed(wrong: Rule, graph: Graph, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"z: .* became .* for "):
        check_exact(graph, [wrong], tmp_path)


def test_a_term_of_zero_is_rightly_marked(tmp_path: Path) -> None:
    b = Builder()
    b.output("y", b.op("Reciprocal", b.op("Add", b.input("x", "float32", (2,)), 0.0)))
    with pytest.raises(AssertionError, match=r"y: \[inf\] became \[-inf\]"):
        check_exact(b.graph, ["eliminate-identity"], tmp_path)
