"""Imports our packages with a note at every `raise` and every call of `refuse`, which says that it was executed.

    raise UsageError("...")      ->  raise (note("cli/ops.py:47"), UsageError("..."))[1]
    x or refuse("...")           ->  x or (note("converters/..."), refuse)[1]("...")

A statement is known by its file and line. A `raise` without an exception passes another one on and is none of ours.
Every block of a function begins with a note as well, so that it is known which tests a changed line concerns; see
`blocks`.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from .blocks import with_notes

ROOT = Path(__file__).parents[2]
FOLDERS = {"mgeconvert": "mgeconvert", "mgeconvert_cli": "cli", "mgeconvert_converters": "converters"}
"""Import package -> folder."""
NOTE = "__reached__"
reached: set[str] = set()
"""``FILE:LINE`` of each statement that was executed in this process."""
BLOCK_NOTE = "__block__"
entered: set[str] = set()
"""The blocks that were entered since the set was last cleared."""


def is_statement(node: ast.AST) -> bool:
    """Whether a node raises an error of ours: `raise X`, or a call of `refuse` or `decline`."""
    if isinstance(node, ast.Raise):
        return node.exc is not None
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "refuse"


def is_counted(path: Path) -> bool:
    """Scripts for the interpreters of real frameworks import nothing of ours and run there."""
    is_script = path.name.endswith("_worker.py") and path.parent.name == "reference"
    return not is_script and path.parts[-3:-1] != ("reference", "worker")


def statements() -> dict[str, str]:
    """Every statement: ``FILE:LINE`` to its first line."""
    found = {}
    for folder in FOLDERS.values():
        for path in sorted((ROOT / folder).rglob("*.py")):
            if is_counted(path):
                text = path.read_text(encoding="utf-8")
                lines = text.splitlines()
                for node in ast.walk(ast.parse(text)):
                    if is_statement(node):
                        line = node.lineno  # type: ignore[attr-defined]
                        found[f"{path.relative_to(ROOT).as_posix()}:{line}"] = lines[line - 1].strip()
    return found


class _Noting(ast.NodeTransformer):
    def __init__(self, file: str) -> None:
        self._file = file

    def _with_note(self, value: ast.expr, line: int) -> ast.expr:
        note = ast.Call(ast.Name(NOTE, ast.Load()), [ast.Constant(f"{self._file}:{line}")], [])
        pair = ast.Tuple([note, value], ast.Load())
        return ast.copy_location(ast.Subscript(pair, ast.Constant(1), ast.Load()), value)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        self.generic_visit(node)
        if node.exc is not None:
            node.exc = self._with_note(node.exc, node.lineno)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        is_one = is_statement(node)
        self.generic_visit(node)
        if is_one:
            node.func = self._with_note(node.func, node.lineno)
        return node


class _Loader(importlib.machinery.SourceFileLoader):
    """Compiles a module with notes; bytecode is neither read nor written."""

    def get_code(self, fullname: str) -> CodeType:
        path = Path(self.get_filename(fullname))
        tree = ast.parse(path.read_bytes())
        if is_counted(path):
            file = path.relative_to(ROOT).as_posix()
            tree = ast.fix_missing_locations(_Noting(file).visit(with_notes(tree, file, BLOCK_NOTE)))
        code: CodeType = compile(tree, str(path), "exec", dont_inherit=True)
        return code

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__[NOTE] = reached.add
        module.__dict__[BLOCK_NOTE] = entered.add
        super().exec_module(module)


class Finder(importlib.abc.MetaPathFinder):
    """Finds our modules as always, to be loaded by another loader of source files."""

    def __init__(self, loader: type[importlib.machinery.SourceFileLoader]) -> None:
        self._loader = loader

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in FOLDERS:
            return None
        for finder in sys.meta_path:
            found: Any = None if finder is self else finder.find_spec(fullname, path, target)
            if found is not None:
                if type(found.loader) is importlib.machinery.SourceFileLoader:
                    found.loader = self._loader(found.loader.name, found.loader.path)
                return found  # type: ignore[no-any-return]
        return None


def install() -> None:
    """From now on our packages are imported with notes; they must not be imported yet."""
    early = sorted(FOLDERS.keys() & sys.modules.keys())
    if early:
        raise RuntimeError(f"imported before their statements could be noted: {', '.join(early)}")
    sys.meta_path.insert(0, Finder(_Loader))
