"""Entry points are what `importlib.metadata` finds, without it."""

from __future__ import annotations

import os
import sys
from importlib import metadata
from pathlib import Path

import pytest

from mgeconvert.entry_points import Entry, entry_points


@pytest.mark.parametrize("group", ["mgeconvert.frontends", "mgeconvert.backends", "console_scripts", "nobody's"])
def test_of_this_environment(group: str) -> None:
    found = metadata.entry_points(group=group)
    assert {name: entry.value for name, entry in entry_points(group).items()} == {
        entry.name: entry.value.partition("[")[0].strip() for entry in found
    }


def _install(folder: Path, distribution: str, text: str) -> None:
    (folder / f"{distribution}.dist-info").mkdir(parents=True)
    (folder / f"{distribution}.dist-info" / "entry_points.txt").write_text(text)


def test_the_first_on_the_path_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    _install(first, "some-1.0", "[other]\nx = a:X\n\n[formats]\n# a = comment:A\nb = one:B.c\na=one:A [extra]\n")
    _install(second, "some-2.0", "[formats]\nold = gone:Old\n")
    _install(second, "more-2.0", "[formats]\na = two:A\nd = two:D\n[formats.more]\nz = two:Z\n")
    (second / "bare-1.0.dist-info").mkdir()
    monkeypatch.setattr(sys, "path", [str(first), str(second), str(tmp_path / "none")])
    assert [*entry_points("formats").values()] == [Entry("a", "one:A"), Entry("b", "one:B.c"), Entry("d", "two:D")]


def test_an_entry_is_loaded() -> None:
    assert Entry("join", "os:path.join").load() is os.path.join
    with pytest.raises(ModuleNotFoundError, match="nowhere"):
        Entry("x", "nowhere:X").load()
    with pytest.raises(AttributeError, match="nothing"):
        Entry("x", "os:nothing").load()
