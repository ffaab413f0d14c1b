"""Optimizing a TracedModule leaves no more calls than MegEngine's own `tm.optimize` does.

tests/goldens/optimized_calls.json has for each network the calls of MegEngine's flattened graph before and after it;
test_megengine_leaves_as_many measures them again.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import mgeconvert
from mgeconvert.passes import names
from mgeconvert.reference.environment import environment
from mgeconvert.tracedmodule.lower.load import load
from mgeconvert.tracedmodule.read.model import read
from tests.tracedmodule import sources
from tests.tracedmodule.test_tree import calls

FIGURES: dict[str, list[int]] = json.loads(
    (Path(__file__).parents[1] / "goldens" / "optimized_calls.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", FIGURES)
def test_never_more_calls_than_megengine_leaves(name: str, tmp_path: Path) -> None:
    """By the change: MegEngine counts a QAT module of the user's as one call, and what is read twice once."""
    source = tmp_path / "source.pkl"
    source.write_bytes(sources.source(name)[0])
    graph = load(source, faithful=True)
    mgeconvert.optimize(graph, target="tm")
    mgeconvert.save(graph, tmp_path / "optimized.pkl")
    more = len(calls(read(tmp_path / "optimized.pkl"))) - len(calls(read(source)))
    before, after = FIGURES[name]
    assert more <= after - before


def test_a_pass_that_is_asked_for_runs_in_any_case(tmp_path: Path) -> None:
    """Some take the LSTMCell apart that is called with zeros; the level leaves that whole."""
    (tmp_path / "source.pkl").write_bytes(sources.source("networks_others/RnnTagger")[0])

    def cells(**chosen: object) -> int:
        graph = load(tmp_path / "source.pkl", faithful=True)
        mgeconvert.optimize(graph, target="tm", **chosen)  # type: ignore[arg-type]
        mgeconvert.save(graph, tmp_path / "optimized.pkl")
        return sum("LSTMCell" in line for line in calls(read(tmp_path / "optimized.pkl")))

    assert cells() == cells(passes=[]) > cells(enable=names()) == 2


MEASURE = """
import json, sys
import megengine as mge, megengine.traced_module as tm
from megengine.traced_module.expr import Apply, CallFunction, CallMethod

sys.setrecursionlimit(100000)

def count(net):
    return sum(isinstance(expr, (CallFunction, CallMethod, Apply)) for expr in net.flatten().graph._exprs)

nets = [mge.load(path) for path in sys.argv[1:]]
print(json.dumps([[count(net), count(tm.optimize(net))] for net in nets]))
"""


@pytest.mark.reference
def test_megengine_leaves_as_many(tmp_path: Path) -> None:
    for number, name in enumerate(FIGURES):
        (tmp_path / f"{number}.pkl").write_bytes(sources.source(name)[0])
    paths = [str(tmp_path / f"{number}.pkl") for number in range(len(FIGURES))]
    command = [environment("megengine").python, "-c", MEASURE, *paths]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stderr[-3000:]
    assert dict(zip(FIGURES, json.loads(done.stdout.splitlines()[-1]), strict=True)) == FIGURES
