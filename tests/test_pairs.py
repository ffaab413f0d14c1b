"""The two files of a model know each other: a torn pair is bad input that says how to mend it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert import registry
from mgeconvert.errors import BadInputError
from tests.cli.kills import found, network


def pair(folder: Path, suffix: str, fill: float) -> Path:
    folder.mkdir()
    mgeconvert.save(network(fill), folder / f"m{suffix}")
    return folder / f"m{suffix}"


@pytest.mark.parametrize(
    ("suffix", "other", "given"),
    [
        (".prototxt", ".caffemodel", "--weights {weights} reads them as they are"),
        (".py", ".safetensors", "load(PATH) of the source takes any"),
    ],
)
def test_weights_of_another_export(suffix: str, other: str, given: str, tmp_path: Path) -> None:
    one, two = pair(tmp_path / "one", suffix, 1.0), pair(tmp_path / "two", suffix, 2.0)
    assert (found(one), found(two)) == ({1.0}, {2.0})
    weights = one.with_suffix(other)
    shutil.copy(two.with_suffix(other), weights)
    with pytest.raises(BadInputError) as caught:
        mgeconvert.load(one) if suffix == ".prototxt" else registry.backend("pytorch").describe(one)  # type: ignore[misc]
    fact = "a run ended between the two files, or one was replaced"
    assert caught.value.message == f"{weights}: was written with another {one.name}: {fact}"
    hint = f"write the model again, or copy both files of one export; {given.format(weights=weights)}"
    assert caught.value.hint == hint
    if suffix == ".prototxt":
        graph = mgeconvert.load(one, weights=str(weights))
        assert all((value.array == 2).all() for value in graph.constants() if np.size(value.array) > 1000)


@pytest.mark.parametrize("suffix", [".prototxt", ".py"])
def test_equal_models_have_equal_fingerprints(suffix: str, tmp_path: Path) -> None:
    one, two = pair(tmp_path / "one", suffix, 1.0), pair(tmp_path / "two", suffix, 1.0)
    assert [file.read_bytes() for file in sorted(one.parent.iterdir())] == [
        file.read_bytes() for file in sorted(two.parent.iterdir())
    ]


def test_weights_that_somebody_else_wrote_belong_to_any(tmp_path: Path) -> None:
    """Caffe drops the fingerprint when it trains and saves; a description without one is an older file."""
    path = pair(tmp_path / "one", ".prototxt", 1.0)
    weights = path.with_suffix(".caffemodel")
    content = weights.read_bytes()
    assert content[-19:-16] == b"\xc2\x3e\x10"  # field 1000, 16 bytes
    weights.write_bytes(content[:-19])
    assert found(path) == {1.0}
    other = pair(tmp_path / "two", ".prototxt", 2.0)
    text = path.read_text().splitlines(keepends=True)
    assert text[1].startswith("# weights ")
    path.write_text("".join([text[0], *text[2:]]))
    shutil.copy(other.with_suffix(".caffemodel"), weights)
    assert found(path) == {2.0}
