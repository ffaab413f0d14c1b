"""Written files read as if somebody had written them: style, names, length."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pytorch.written import FOLDER, NETWORKS, write

AUTHORS = Path(__file__).parents[2] / "networks"
LENGTHS = {
    "resnet-basic": ("residual.py", "ResNet", "BasicBlock"),
    "MobileNetV2": ("mobile.py", "MobileNetV2"),
    "ShuffleNet": ("mobile.py", "ShuffleNet"),
    "RetinaNet": ("one_stage.py", "RetinaNet"),
    "Bert": ("language.py", "Bert"),
    "Swin": ("vision_transformer.py", "Swin"),
}
"""The author's file and classes of each network whose length is compared."""


def classes(text: str) -> dict[str, ast.ClassDef]:
    """The classes of a file."""
    return {node.name: node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)}


def definitions(text: str) -> dict[str, ast.ClassDef | ast.FunctionDef]:
    """The classes and functions of a file."""
    return {node.name: node for node in ast.parse(text).body if isinstance(node, ast.ClassDef | ast.FunctionDef)}


def lines(text: str, *names: str) -> int:
    """The lines, without blank ones, of some classes and of the classes and functions that they name."""
    found, wanted, seen = definitions(text), list(names), set()
    total = 0
    while wanted:
        name = wanted.pop()
        if name in seen or name not in found:
            continue
        seen.add(name)
        node = found[name]
        body = text.splitlines()[node.lineno - 1 : node.end_lineno]
        total += sum(bool(line.strip()) for line in body)
        wanted += [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
    return total


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("written")
    return {name: write(name, folder) for name in NETWORKS}


def test_the_goldens_are_what_is_written(written: dict[str, Path]) -> None:
    """After a change: python -m tests.pytorch.written, and read the difference."""
    assert sorted(path.name for path in FOLDER.glob("*.py")) == sorted(path.name for path in written.values())
    other = [path.name for path in written.values() if path.read_text() != FOLDER.joinpath(path.name).read_text()]
    assert not other


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "format", "--isolated", "--check"),
        ("ruff", "check", "--isolated", "--select", "F,E7,E9,W,ARG,SIM,B"),
        ("mypy", "--ignore-missing-imports", "--follow-imports=skip", "--config-file=", "--cache-dir=/dev/null"),
    ],
    ids=lambda command: "-".join(command[:2]),
)
def test_style(command: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, "-m", *command, str(FOLDER)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_no_class_twice(path: Path) -> None:
    bodies = [ast.unparse(node).partition("\n")[2] for node in classes(path.read_text()).values()]
    assert len(set(bodies)) == len(bodies)


@pytest.mark.parametrize("name", LENGTHS)
def test_length(name: str) -> None:
    """At most twice the lines of the author's classes."""
    file, *names = LENGTHS[name]
    text = FOLDER.joinpath(f"{name.replace('-', '_').lower()}.py").read_text()
    assert lines(text, *classes(text)) <= 2 * lines(AUTHORS.joinpath(file).read_text(), *names)
