"""The house: no import cycles, no file too long, every handler in the file of its operator's family."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from mgeconvert import registry
from mgeconvert.ir.claims import claim_of
from mgeconvert.ir.families import FAMILIES, ONNX
from tests.harness import operators

ROOT = Path(__file__).parents[1]
FOLDERS = ("mgeconvert", "converters", "cli")
FILES = sorted(path.relative_to(ROOT) for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
TESTS = sorted(path.relative_to(ROOT) for path in (ROOT / "tests").rglob("*.py"))
LONGEST = 400
"""Lines of a source file or a test, at most."""


def module_of(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}


def imports(path: Path) -> Iterator[str]:
    """Our modules that a file imports anywhere in it, also for annotations only."""
    here = module_of(path).split(".")
    package = here if path.name == "__init__.py" else here[:-1]
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *(node.module or "").split(".")]).rstrip(".")
            for alias in node.names:
                if f"{module}.{alias.name}" in MODULES:
                    yield f"{module}.{alias.name}"
                elif module in MODULES:
                    yield module


def cycle(arrows: dict[str, set[str]]) -> list[str]:
    """The modules of one cycle in order, empty where there is none."""
    done: set[str] = set()
    for start in arrows:
        path: list[str] = []
        stack = [(start, iter(sorted(arrows[start])))] if start not in done else []
        while stack:
            module, rest = stack[-1]
            if len(path) < len(stack):
                path.append(module)
            following = next((each for each in rest if each not in done), None)
            if following is None:
                done.add(module)
                path.pop()
                stack.pop()
            elif following in path:
                return [*path[path.index(following) :], following]
            else:
                stack.append((following, iter(sorted(arrows[following]))))
    return []


def test_no_import_cycle() -> None:
    arrows = {module: set(imports(path)) - {module} for module, path in MODULES.items()}
    # a package's face imports its own modules; what they import of the package is seen at the modules themselves
    assert cycle(arrows) == []


def test_a_cycle_is_found() -> None:
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["b", "c", "b"]
    assert cycle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_who_knows_the_operators_name_knows_the_file() -> None:
    """Over all tables together; the tests of each format say which rows may stand elsewhere, such as rules in a row."""
    pairs = [
        (name if reads else ONNX.get(name, name), claim_of(function).module.split("."))
        for names, record, reads in (
            (registry.frontend_names(), registry.frontend, True),
            (registry.backend_names(), registry.backend, False),
        )
        for found in map(record, names)
        if found.handlers is not None
        for name, function in found.handlers()
    ]
    at_home = [parts for wanted, parts in pairs if (wanted if wanted in FAMILIES else "") in ("", *parts)]
    known = [parts for parts in at_home if FAMILIES.keys() & set(parts)]
    assert len(pairs) > 1500
    assert len(known) / len(pairs) >= 0.95


def test_rows_of_an_operator_stand_in_the_file_of_its_family() -> None:
    """Those of ONNX operators; the rows of each format are looked at beside its handlers."""
    known = [(family, row) for family in operators.FAMILIES for row in operators.rows(family)]
    assert [f"{family}: {row.id}" for family, row in known if ONNX[row.op] != family] == []


def test_a_file_has_one_idea() -> None:
    long = [path.as_posix() for path in (*FILES, *TESTS) if len((ROOT / path).read_text().splitlines()) > LONGEST]
    assert long == []
