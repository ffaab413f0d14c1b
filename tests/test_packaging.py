"""What the repository promises about itself: complete packages, one version, import arrows, console command."""

from __future__ import annotations

import ast
import configparser
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

import mgeconvert.version

ROOT = Path(__file__).parents[1]
FOLDERS = {"mgeconvert": "mgeconvert", "mgeconvert_cli": "cli", "mgeconvert_converters": "converters"}
FILES = [(package, path) for package, folder in FOLDERS.items() for path in sorted((ROOT / folder).rglob("*.py"))]
MAY_IMPORT_DIRECTLY = {
    "mgeconvert": {"mgeconvert"},
    "mgeconvert_cli": {"mgeconvert"},
    "mgeconvert_converters": {"mgeconvert"},
}
"""Which of our packages a file may name in an import; everything else of ours is reached by relative imports."""


def settings() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(level, dotted name) of every import in the file; level counts the leading dots."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or ""


def test_setup_cfg_lists_every_package() -> None:
    listed = settings()["options"]["packages"].split()
    present = [
        ".".join([package, *path.parent.relative_to(ROOT / FOLDERS[package]).parts])
        for package, path in FILES
        if path.name == "__init__.py"
    ]
    assert sorted(listed) == sorted(present)


def test_every_folder_with_code_is_a_package() -> None:
    assert [path for _, path in FILES if not path.with_name("__init__.py").is_file()] == []


def test_packages_are_typed() -> None:
    assert all((ROOT / folder / "py.typed").is_file() for folder in FOLDERS.values())


def test_one_version() -> None:
    assert metadata.version("mgeconvert") == mgeconvert.version.VERSION == mgeconvert.__version__
    assert settings()["metadata"]["version"] == "attr: mgeconvert.version.VERSION"
    newest = next(line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line.startswith("## "))
    assert newest.split()[1] == mgeconvert.version.VERSION


@pytest.mark.parametrize(("package", "path"), [pytest.param(*row, id=str(row[1].relative_to(ROOT))) for row in FILES])
def test_import_arrows(package: str, path: Path) -> None:
    """The core imports neither converters nor the CLI, the CLI no converter, a converter no other converter."""
    depth = len(path.relative_to(ROOT / FOLDERS[package]).parts)
    deepest = depth - 1 if package == "mgeconvert_converters" else depth
    for level, name in imports(path):
        top = name.partition(".")[0]
        assert level or top not in FOLDERS or top in MAY_IMPORT_DIRECTLY[package], f"imports {name}"
        assert level <= deepest, f"reaches out of its package with {'.' * level}{name}"


@pytest.mark.parametrize(("package", "path"), [pytest.param(*row, id=str(row[1].relative_to(ROOT))) for row in FILES])
def test_only_the_command_line_prints(package: str, path: Path) -> None:
    if package == "mgeconvert_cli":
        return
    calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    assert not [call for call in calls if isinstance(call, ast.Name) and call.id == "print"]


@pytest.mark.parametrize("command", [["-m", "mgeconvert"], ["-c", "from mgeconvert_cli.main import main; main()"]])
def test_starts_outside_the_repository(command: list[str], tmp_path: Path) -> None:
    answer = subprocess.run([sys.executable, *command, "--version"], cwd=tmp_path, capture_output=True, text=True)
    assert (answer.returncode, answer.stdout) == (0, f"mgeconvert {mgeconvert.version.VERSION}\n")
