"""The reference lane: MegEngine live, asked whether the goldens are what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.errors import ReferenceEnvironmentError
from mgeconvert.reference import client
from mgeconvert.reference.environment import environment
from tests.harness import Case, Code, X, goldens
from tests.harness.check import difference

pytestmark = pytest.mark.reference
FAMILIES = list(goldens.families())
RTOL = 1e-6
"""Of max abs: another processor may round otherwise."""


@pytest.mark.parametrize("family", FAMILIES)
def test_goldens_are_what_megengine_says(family: str, tmp_path: Path) -> None:
    """The committed pickles load in MegEngine, which computes the committed outputs."""
    rows = goldens.families()[family]
    committed = [goldens.load(family, row) for row in rows]
    jobs = []
    for number, golden in enumerate(committed):
        model = tmp_path / f"{number}.pkl"
        model.write_bytes(golden.model)
        jobs.append((model, golden.inputs))
    complaints = []
    for row, golden, live in zip(rows, committed, client.run_all(jobs), strict=True):
        assert len(live) == len(golden.outputs), row.id
        pairs = zip(live, golden.outputs, strict=True)
        complaints += [f"{row.id}: {text}" for ours, theirs in pairs if (text := difference(ours, theirs, RTOL))]
    assert complaints == []


@pytest.mark.parametrize("family", FAMILIES)
def test_goldens_can_be_remade(family: str, tmp_path: Path) -> None:
    """Tracing the rows anew records the same calls and gives the same numbers."""
    rows = goldens.families()[family]
    remade = goldens.make(family, rows, tmp_path)
    assert goldens.index(remade) == goldens.index(goldens.archive(family))
    complaints = []
    for row in rows:
        now, then = goldens.load(family, row, tmp_path), goldens.load(family, row)
        for ours, theirs in zip(now.inputs + now.outputs, then.inputs + then.outputs, strict=True):
            complaints += [f"{row.id}: {text}" for text in [difference(ours, theirs, RTOL)] if text]
    assert complaints == []


def test_remaking_gives_the_same_bytes(tmp_path: Path) -> None:
    rows = [Code("x + 1", X(2, 3)), Code("self.fc(x)", X(2, 3), init="self.fc = M.Linear(3, 4)", id="linear")]
    first = goldens.make("bytes", rows, tmp_path).read_bytes()
    assert goldens.make("bytes", rows, tmp_path).read_bytes() == first


def test_every_row_that_megengine_refuses_is_named_with_its_reason(tmp_path: Path) -> None:
    rows = [
        Code("F.no_such_function(x)", X(2), id="unknown"),
        Code("x + 1", X(2)),
        Code("x.reshape(3)", X(2), id="wrong-shape"),
    ]
    with pytest.raises(goldens.GoldenError) as failure:
        goldens.make("broken", rows, tmp_path)
    text = str(failure.value)
    assert "tests/rows/broken.py: unknown: AttributeError: module 'megengine.functional' has no attribute" in text
    assert 'File "unknown", line 6, in forward\n    return F.no_such_function(x)\n' in text
    assert "tests/rows/broken.py: wrong-shape: " in text
    assert "x+1" not in text
    assert not list(tmp_path.iterdir())


def test_a_target_that_megengine_records_under_another_name_is_named(tmp_path: Path) -> None:
    with pytest.raises(goldens.GoldenError) as failure:
        goldens.make("alias", [Case("megengine.functional.relu", (X(2),))], tmp_path)
    assert str(failure.value) == (
        "tests/rows/alias.py: relu-2: MegEngine records megengine.functional.nn.relu: "
        "make that the target, or write it with Code"
    )


def test_a_failure_in_megengine_is_readable(tmp_path: Path) -> None:
    row = Code("self.fc(x)", X(2, 3), init="self.fc = M.Linear(3, 4)", id="linear")
    goldens.make("run", [row], tmp_path)
    model = tmp_path / "model.pkl"
    model.write_bytes(goldens.load("run", row, tmp_path).model)
    with pytest.raises(ReferenceEnvironmentError) as failure:
        client.run(model, [np.zeros((2, 5), np.float32)])
    assert failure.value.message.startswith("MegEngine 1.13.0: run: RuntimeError: ")
    assert "backtrace" not in failure.value.message
    assert "megengine/module/linear.py" in failure.value.trace


def test_a_missing_file_is_readable(tmp_path: Path) -> None:
    with pytest.raises(ReferenceEnvironmentError) as failure:
        client.run(tmp_path / "none.pkl", [])
    assert failure.value.message == (
        f"MegEngine 1.13.0: run: FileNotFoundError: [Errno 2] No such file or directory: '{tmp_path / 'none.pkl'}'"
    )


@pytest.mark.shared_models
@pytest.mark.parametrize("name", ["shufflenet_v2_x0_5", "retinanet_res18_coco_3x_800size", "bert_one_input_cut2"])
def test_recorded_outputs_of_real_networks_are_reproduced(
    name: str, shared_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The recording processor took MKL's compatible kernels. Others take AVX2 or AVX-512 and add in another order:
    # up to 2.2e-6 apart.
    monkeypatch.setenv("MKL_CBWR", "COMPATIBLE")
    with np.load(shared_models / f"{name}.npz") as archive:
        inputs = [archive[key] for key in archive.files if key.startswith("in_")]
        recorded = [archive[key] for key in archive.files if key.startswith("out_")]
    live = client.run(shared_models / f"{name}.pkl", inputs)
    assert [difference(ours, theirs, RTOL) for ours, theirs in zip(live, recorded, strict=True)] == [""] * len(recorded)


def test_the_stamp_says_what_is_installed() -> None:
    stamp = environment("megengine").stamp()
    assert stamp["packages"]["MegEngine"] == "1.13.0"
    assert stamp["packages"]["numpy"].startswith("1.23.")
