"""Chained steps: how a command line is cut, and what flows from step to step."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

import mgeconvert.passes
from mgeconvert import registry
from mgeconvert.ir import Graph
from mgeconvert.passes import Declined, Outcome, PassReport
from mgeconvert_cli.main import application
from mgeconvert_cli.steps import split
from tests.cli.test_main import Invoke, invoke, record, write
from tests.harness import small_graphs as lst
from tests.plugins import Install, plugins

__all__ = ["invoke", "plugins"]

CUTS = {
    "load m.lst": ["load m.lst"],
    "load m.lst lst-to-lst -o out.lst": ["load m.lst", "lst-to-lst -o out.lst"],
    "load m.lst lst-to-lst -o load": ["load m.lst", "lst-to-lst -o load"],
    "load m.lst lst-to-lst -o=load inspect": ["load m.lst", "lst-to-lst -o=load", "inspect"],
    "load m.lst --debug lst-to-lst --no-verify inspect": [
        "load m.lst --debug",
        "lst-to-lst --no-verify",
        "inspect",
    ],
    "load -- inspect": ["load -- inspect"],
    "ops load": ["ops load"],
    "load m.lst ops inspect": ["load m.lst ops", "inspect"],
    "lst-to-lst m.lst --io inspect --rtol 1 inspect": [
        "lst-to-lst m.lst --io inspect --rtol 1",
        "inspect",
    ],
}


@pytest.mark.parametrize("line", CUTS)
def test_a_word_that_names_a_step_starts_it(plugins: Install, line: str) -> None:
    plugins({"lst": lst.FRONTEND}, {"lst": lst.BACKEND})
    with click.Context(application) as context:
        calls = split(line.split(), lambda name: application.get_command(context, name))
    assert [" ".join([call.name, *call.args]) for call in calls] == CUTS[line]


def test_the_graph_and_the_recorded_data_flow_on(invoke: Invoke) -> None:
    record("m.npz")
    result = invoke("load m.lst lst-to-lst -o a.lst lst-to-lst -o b.lst --wrong 1 --rtol 1 inspect --json")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert [step["command"] for step in document["steps"]] == [
        "load",
        "lst-to-lst",
        "lst-to-lst",
        "inspect",
    ]
    assert document["steps"][2]["verification"]["truth"] == "the recorded outputs of m.npz"
    assert document["steps"][3]["nodes"] == 2


def test_each_step_reports_its_time(invoke: Invoke) -> None:
    lines = invoke("load m.lst lst-to-lst -o a.lst").stderr.splitlines()
    assert lines[1].startswith("load: ")
    assert [line.partition(":")[0] for line in lines[-2:]] == ["lst-to-lst", "next"]


def test_a_failing_step_stops_the_chain_with_its_name(invoke: Invoke) -> None:
    result = invoke("load m.lst lst-to-lst -o nothere/a.lst lst-to-lst -o b.lst")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "error: step lst-to-lst: nothere/a.lst: cannot be written: the folder nothere does not exist",
        "hint: mkdir -p nothere",
    ]
    assert not Path("b.lst").exists()


def test_a_typing_error_in_the_last_step_costs_nothing(invoke: Invoke) -> None:
    result = invoke("load m.lst lst-to-lst -o a.lst lst-to-lst --rtol x")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[0].startswith("error: step lst-to-lst: Invalid value for '--rtol'")
    assert not Path("a.lst").exists()


def test_steps_in_a_wrong_order(invoke: Invoke, plugins: Install) -> None:
    plugins({"lst": lst.FRONTEND, "other": lst.FRONTEND}, {"lst": lst.BACKEND})
    result = invoke("load m.lst other-to-lst -o a.lst")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-2:] == [
        "error: step other-to-lst: the step before gives a lst model, other-to-lst takes other",
        "hint: mgeconvert load MODEL lst-to-lst -o OUT",
    ]


def test_verify_takes_the_loaded_model_for_the_truth(invoke: Invoke) -> None:
    write("c.lst", {"inputs": {"x": ["float32", [2, 3]]}, "ops": ["Neg", "Abs"], "wrong": 1})
    result = invoke("load m.lst verify c.lst")
    assert result.exit_code == 1
    assert "verified in the lst runtime against m.lst run in the lst runtime: 1 of 1 FAILED" in result.stdout


def test_completion_knows_the_step_that_is_typed(plugins: Install) -> None:
    plugins({"lst": lst.FRONTEND}, {"lst": lst.BACKEND})
    from click.shell_completion import ShellComplete

    completer = ShellComplete(application, {}, "mgeconvert", "_MGECONVERT_COMPLETE")
    offered = {item.value for item in completer.get_completions(["load", "m.lst", "lst-to-lst"], "--r")}
    assert offered == {"--report", "--rtol"}
    assert "lst-to-lst" in {item.value for item in completer.get_completions([], "lst")}


def test_help_of_a_pair_has_the_options_of_both_formats(invoke: Invoke) -> None:
    text = invoke("lst-to-lst --help").stdout
    assert "--wrong FLOAT" in text
    assert "--from-wrong FLOAT" in text
    assert "--batch INTEGER" in text


def test_names_are_read_from_the_registry_only() -> None:
    names = [name for name in application.list_commands(click.Context(application)) if "-to-" in name]
    assert names == [
        "checkpoint-to-safetensors",  # of weights, not of a model
        *(f"{source}-to-{target}" for source in registry.frontend_names() for target in registry.backend_names()),
    ]


OUTCOME = Outcome(
    (PassReport("eliminate-identity", 1, "1 node removed", {"unchanged": 1}),),
    (Declined("fuse-pad", "Conv", "it crops"),),
)


def _remove_identity(graph: Graph, *_: object) -> Outcome:
    graph.replace({node.output: node.inputs[0] for node in graph.nodes if node.op == "Identity" and node.inputs[0]})
    graph.remove_dead_nodes()
    return OUTCOME


def test_optimize_shows_what_it_changed_and_writes_it(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mgeconvert.passes, "optimize", _remove_identity)
    write("n.lst", {"inputs": {"x": ["float32", [2, 3]]}, "ops": ["Neg", "Identity", "Abs"]})
    result = invoke("optimize n.lst -o out.lst")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "  operator          before  after",
        "  Neg                    1      1",
        "  Identity               1      0",
        "  Abs                    1      1",
        "  all nodes              3      2",
        "  all parameters         0      0",
        "  all weight bytes       0      0",
        "  all macs               0      0",
        "  all flops             12     12",
    ]
    assert "eliminate-identity: 1 node removed" in result.stderr.splitlines()
    assert json.loads(Path("out.lst").read_text())["ops"] == ["Neg", "Abs"]
    document = json.loads(invoke("--json optimize n.lst -o out.lst").stdout)
    assert (document["before"]["nodes"], document["after"]["nodes"]) == (3, 2)
    assert document["files"][0]["path"] == "out.lst"


@pytest.mark.parametrize(
    "line",
    ["optimize m.lst -o out.lst", "lst-to-lst m.lst -o out.lst", "convert m.lst out.lst"],
)
def test_declined_patterns_reach_the_user(invoke: Invoke, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setattr(mgeconvert.passes, "optimize", lambda *_, **__: OUTCOME)
    said = "declined: fuse-pad: Conv: it crops"
    assert said not in invoke(line).stderr.splitlines()
    assert said in invoke(f"{line} --show-declined").stderr.splitlines()
    document = json.loads(invoke(f"--json {line}").stdout)
    assert document["declined"] == [{"name": "fuse-pad", "node": "Conv", "reason": "it crops"}]
    assert document["passes"] == [
        {"name": "eliminate-identity", "count": 1, "text": "1 node removed", "rules": {"unchanged": 1}}
    ]


def test_passes_beside_a_level_and_growth(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[object, ...]] = []
    monkeypatch.setattr(mgeconvert.passes, "optimize", lambda _, *given: seen.append(given) or Outcome())
    line = "optimize m.lst --enable forward-fold-scale,fuse-pad --no-fuse-gelu --allow-growth 1000"
    assert invoke(line).exit_code == 0
    assert [(level, enable, disable, growth) for level, enable, disable, _, growth, *_ in seen] == [
        (1, ("forward-fold-scale", "fuse-pad"), ("fuse-gelu",), 1000)
    ]


def test_optimize_to_standard_output_writes_the_model_only(invoke: Invoke) -> None:
    result = invoke("optimize m.lst -o -")
    assert json.loads(result.stdout)["ops"] == ["Neg", "Abs"]
    assert "  all nodes              2      2" in result.stderr.splitlines()


def test_optimize_without_a_model(invoke: Invoke) -> None:
    result = invoke("optimize")
    assert (result.exit_code, result.stderr) == (
        2,
        "error: MODEL is missing and no step before gives one\nhint: mgeconvert optimize MODEL -o OUT\n",
    )


def test_list_passes(invoke: Invoke) -> None:
    names = [line.split()[0] for line in invoke("optimize --list-passes").stdout.splitlines()[1:]]
    assert names == list(mgeconvert.passes.names())


@pytest.mark.parametrize("line", ["--passes fuse-conv-bn,eliminate-identity", "--passes eliminate-identity"])
def test_passes_by_name_run_in_place_of_a_level(invoke: Invoke, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    seen: list[tuple[int, list[str]]] = []

    def note(_: Graph, level: int, enable: tuple[str, ...], *__: object) -> Outcome:
        seen.append((level, list(enable)))
        return Outcome()

    monkeypatch.setattr(mgeconvert.passes, "optimize", note)
    assert invoke(f"optimize m.lst {line}").exit_code == 0
    assert seen == [(0, line.split()[1].split(","))]


@pytest.mark.parametrize(
    ("line", "text"),
    {
        "--passes fuse-conv-bm": "error: no pass is called fuse-conv-bm\n"
        "hint: did you mean fuse-conv-bn or fuse-conv-scale or fuse-nms?\n",
        "-O2 --passes fuse-pad": "error: -O and --passes both say which passes run\nhint: give one of them\n",
        "--passes fuse-pad -O2": "error: -O and --passes both say which passes run\nhint: give one of them\n",
    }.items(),
)
def test_passes_by_wrong_names(invoke: Invoke, line: str, text: str) -> None:
    result = invoke(f"optimize m.lst {line}")
    assert (result.exit_code, result.stderr) == (2, text)


def test_completion_of_values(plugins: Install) -> None:
    """Steps that may follow, formats, runtimes; the shell completes the names of files."""
    from click.shell_completion import ShellComplete

    plugins({"lst": lst.FRONTEND}, {"lst": lst.BACKEND})
    completer = ShellComplete(application, {}, "mgeconvert", "_MGECONVERT_COMPLETE")

    def offered(line: str, incomplete: str) -> list[tuple[str, str]]:
        return [(item.value, item.type) for item in completer.get_completions(line.split(), incomplete)]

    assert offered("load m.lst", "opt") == [("optimize", "plain")]
    assert offered("load m.lst", "lo") == []
    assert offered("convert m.lst out --to", "") == [("lst", "plain")]
    assert offered("convert m.lst out --from", "x") == []
    assert offered("run m.lst --runtime", "") == [("the", "plain")]
    assert offered("lst-to-lst", "m") == [("m", "file")]
    assert offered("lst-to-lst m.lst -o", "") == [("", "file")]
