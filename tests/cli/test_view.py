"""`mgeconvert view`: what netron is given."""

from __future__ import annotations

import types
from pathlib import Path

import pytest

import mgeconvert
from mgeconvert import save
from mgeconvert_cli.main import application
from tests.harness.runner import Runner
from tests.verification.layers.test_compare import network


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What a netron is asked to show: the file's name, and how many nodes it has."""
    found: list[tuple[str, int]] = []

    def start(path: str) -> tuple[str, int]:
        found.append((Path(path).name, len(mgeconvert.load(path).nodes)))
        return "localhost", 8080

    netron = types.SimpleNamespace(start=start, wait=lambda: None)
    monkeypatch.setitem(__import__("sys").modules, "netron", netron)
    return found


@pytest.mark.parametrize(("name", "opened"), [("m.onnx", "m.onnx"), ("m.tm", "m.onnx")])
def test_what_is_opened(tmp_path: Path, shown: list[tuple[str, int]], name: str, opened: str) -> None:
    save(network(), tmp_path / name)
    result = Runner().invoke(application, ["view", str(tmp_path / name)])
    assert result.exit_code == 0, result.output
    assert result.stdout == f"http://localhost:8080 shows {opened}; Ctrl+C ends it\n"
    assert [each for each, _ in shown] == [opened]
    assert shown[0][1] >= 10


def test_without_netron(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "netron", None)
    save(network(), tmp_path / "m.onnx")
    result = Runner().invoke(application, ["view", str(tmp_path / "m.onnx")])
    assert result.exit_code == 1
    assert "netron shows models and cannot be imported" in result.stderr
    assert "hint: pip install netron" in result.stderr
