"""Passes of other packages and of the caller, and backends that say what passes may introduce."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest

import mgeconvert
from mgeconvert import api, registry
from mgeconvert.errors import UsageError
from mgeconvert.ir import Graph, Node
from mgeconvert.ir.builder import Builder
from mgeconvert.passes import Pass, PassReport, rule, select
from mgeconvert.passes.table import Result
from mgeconvert.registry import Backend, OpSupport
from mgeconvert_cli.main import application
from tests.harness.runner import Runner
from tests.plugins import Install, plugins

__all__ = ["plugins"]


@rule("sum-of-two", "Add")
def sum_of_two(r: object, node: Node) -> Result:
    """x + x -> x: wrong, and easy to see"""
    return node.inputs[0] if node.inputs[0] is node.inputs[1] else None


SUM_OF_TWO = Pass("sum-of-two", help="Take sums of equal terms for one term.", done="sum{s} taken", rules=(sum_of_two,))


def doubled() -> Graph:
    b = Builder()
    x = b.input("x", "float32", (2,))
    b.output("y", b.op("Exp", b.op("Identity", b.op("Add", x, x))))
    return b.graph


def test_a_rule_is_a_pass() -> None:
    graph = doubled()
    outcome = mgeconvert.optimize(graph, passes=[sum_of_two, "eliminate-identity"])
    assert outcome.passes == (
        PassReport("sum-of-two", 1, "1 change", {"sum_of_two": 1}),
        PassReport("eliminate-identity", 1, "1 node removed", {"unchanged": 1}),
    )
    assert [node.op for node in graph.nodes] == ["Exp"]


def test_beside_the_passes_of_a_level() -> None:
    outcome = mgeconvert.optimize(doubled(), enable=[SUM_OF_TWO], disable=["eliminate-identity"])
    assert list(map(str, outcome.passes)) == ["sum-of-two: 1 sum taken"]


def test_a_pass_of_another_package_runs_where_it_is_named(plugins: Install) -> None:
    plugins({}, {}, {"sum-of-two": SUM_OF_TWO})
    assert [row.name for row in select(2)] == [name for name in mgeconvert.passes.names() if name != "four-axes"]
    assert select(0, ["fuse-pad", "sum-of-two"])[0] is not None
    assert [row.name for row in select(0, ["fuse-pad", "sum-of-two"])] == ["sum-of-two", "fuse-pad"]
    assert mgeconvert.optimize(doubled(), ["sum-of-two"]).changes == 1


@pytest.mark.parametrize(
    ("passes", "message"),
    [
        (["sum-of-too"], "no pass is called sum-of-too"),
        ([Pass("fuse-pad", rules=(sum_of_two,))], "fuse-pad is a pass of mgeconvert"),
        (["other"], "other: what its package gives is no Pass of that name, but "),
        (["text"], "text: what its package gives is no Pass of that name, but 'sum-of-two'"),
    ],
)
def test_wrong_passes(plugins: Install, passes: Sequence[object], message: str) -> None:
    plugins({}, {}, {"sum-of-two": SUM_OF_TWO, "other": SUM_OF_TWO, "text": "sum-of-two"})
    with pytest.raises(UsageError) as caught:
        mgeconvert.optimize(doubled(), passes)  # type: ignore[arg-type]
    assert caught.value.message.startswith(message)
    if passes == ["sum-of-too"]:
        assert caught.value.hint == "did you mean sum-of-two?"


def test_it_is_listed(plugins: Install) -> None:
    plugins({}, {}, {"sum-of-two": SUM_OF_TWO})
    result = Runner().invoke(application, ["optimize", "--list-passes", "--json"])
    assert json.loads(result.stdout)["passes"][-1] == {"name": "sum-of-two", "level": None, "help": SUM_OF_TWO.help}


def backend(*rows: OpSupport) -> Backend:
    return Backend("x", "X", (".x",), save=list, problems=list, ops=lambda: rows)  # type: ignore[arg-type]


def gelu() -> Graph:
    b = Builder()
    x = b.input("x", "float32", (2,))
    inner = b.op("Add", b.op("Erf", b.op("Div", x, float(np.sqrt(2)))), 1.0)
    b.output("y", b.op("Mul", b.op("Mul", x, inner), 0.5))
    return b.graph


@pytest.mark.parametrize(
    ("rows", "fused"),
    {
        (OpSupport("*"),): True,
        (OpSupport("G*u"),): True,
        (OpSupport("Gelu"), OpSupport("Erf")): True,
        (OpSupport("*"), OpSupport("Gelu", refused="has no such layer")): False,
        (OpSupport("Reduce*"),): False,
        (OpSupport("*", refused="writes nothing"),): False,
    }.items(),
    ids=str,
)
def test_wildcards_of_a_backend(rows: tuple[OpSupport, ...], fused: bool) -> None:
    outcome = api.run_passes(gelu(), api.Selection(0, ("fuse-gelu",)), backend(*rows))
    assert bool(outcome.changes) is fused
    assert list(map(str, outcome.declined)) == ([] if fused else ["fuse-gelu: Mul_1: the target has no Gelu"])


def test_a_plugins_wildcard_through_the_registry(plugins: Install) -> None:
    plugins({}, {"x": backend(OpSupport("*"))})
    assert registry.backend_names() == ["x"]
    assert mgeconvert.optimize(gelu(), target="x").changes
