"""Every message that the source can print, as templates: text with `{}` where something is filled in.

A message is the text of an error of ours, of `refuse`, or of a function in MAKERS that builds one of them. Text that
stands elsewhere is followed: a local name to its assignments, a call to the `return` of a function of that name, a
name in capitals to the texts of the table of that name, lines that are joined to the first of them.
"""

from __future__ import annotations

import ast
import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from mgeconvert import registry

ROOT = Path(__file__).parents[2]
FOLDERS = ("cli", "converters", "mgeconvert")
HOLE = "{}"
MAKERS = {
    "refuse": 0, "invalid": 0, "bad": 1, "_unsafe": 1, "unknown": 1,
    "Problem": 2, "BadParameter": 0, "error": -1, "InferenceError": 0, "EvaluationError": 0,
}  # fmt: skip
"""Functions that take a message, with its position; the classes of errors have it first."""


class Message(NamedTuple):
    """A template, the class or function that takes it, and where."""

    template: str
    taker: str
    file: str
    line: int


@dataclass
class Source:
    """The syntax trees of the packages."""

    root: Path = ROOT

    @cached_property
    def trees(self) -> dict[str, ast.Module]:
        files = (file for folder in FOLDERS for file in sorted((self.root / folder).rglob("*.py")))
        return {str(file.relative_to(self.root)): ast.parse(file.read_text(encoding="utf-8")) for file in files}

    @cached_property
    def errors(self) -> set[str]:
        """The classes of errors that a user sees, by name."""
        bases = {
            node.name: [ast.unparse(base).rpartition(".")[2] for base in node.bases]
            for tree in self.trees.values()
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
        }
        found = {"MgeconvertError", "RefusedError", "UsageError", "ClickException"}
        while more := {name for name, of in bases.items() if found & {*of} and name not in found}:
            found |= more
        return found

    @cached_property
    def functions(self) -> dict[str, list[tuple[str, ast.FunctionDef]]]:
        found: dict[str, list[tuple[str, ast.FunctionDef]]] = defaultdict(list)
        for file, tree in self.trees.items():
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef):
                    found[node.name].append((file, node))
        return found

    @cached_property
    def tables(self) -> dict[str, list[tuple[str, ast.expr]]]:
        """What is assigned to each name in capitals, with its file."""
        found: dict[str, list[tuple[str, ast.expr]]] = defaultdict(list)
        for file, tree in self.trees.items():
            for node in tree.body:
                if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                    if isinstance(target, ast.Name) and target.id.strip("_").isupper():
                        found[target.id].append((file, node.value))
        return found

    def messages(self) -> list[Message]:
        """Every message, in the order of the files."""
        found = []
        for file, tree in self.trees.items():
            for scope, call in _calls(tree):
                name = ast.unparse(call.func).rpartition(".")[2]
                at = 0 if name in self.errors else MAKERS.get(name)
                if at is None or name == "UnsupportedError" or len(call.args) <= max(at, 0):
                    continue
                texts = Texts(self, file, scope).of(call.args[at])
                found += [Message(text, name, file, call.lineno) for text in texts if _says(text)]
        return found

    def near(self, name: str, file: str) -> list[ast.expr]:
        """The tables of a name in the file, else in those whose folders have most in common with it."""
        given = self.tables.get(name, [])
        near = max((_common(other, file) for other, _ in given), default=0)
        return [value for other, value in given if _common(other, file) == near]


def _common(one: str, other: str) -> int:
    pairs = zip(Path(one).parts, Path(other).parts, strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def refusals() -> list[Message]:
    """The reasons in the tables of operators that a format refuses in every form."""
    records = [*map(registry.frontend, registry.frontend_names()), *map(registry.backend, registry.backend_names())]
    reasons = {row.refused for record in records for row in (record.ops() if record.ops is not None else ())}
    return [Message(reason, "refuse", "tables", 0) for reason in sorted(filter(None, reasons))]


def _says(text: str) -> bool:
    return any(letter.isalpha() for letter in text.replace(HOLE, ""))


def _calls(tree: ast.Module) -> Iterator[tuple[ast.AST, ast.Call]]:
    """Each call with the function that it stands in."""
    todo: list[tuple[ast.AST, ast.AST]] = [(tree, tree)]
    while todo:
        scope, node = todo.pop()
        if isinstance(node, ast.Call):
            yield scope, node
        inner = node if isinstance(node, ast.FunctionDef) else scope
        todo += [(inner, child) for child in ast.iter_child_nodes(node)]


@dataclass
class Texts:
    """The texts that an expression can be."""

    source: Source
    file: str
    scope: ast.AST
    seen: set[str] = field(default_factory=set)

    def of(self, node: ast.expr | None) -> list[str]:
        match node:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.JoinedStr(values=values):
                return self._joined([self._part(value) for value in values])
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._joined([self.of(left), self.of(right)])
            case ast.BinOp(left=left, op=ast.Mod()):
                return [_percent(text) for text in self.of(left)]
            case ast.IfExp(body=body, orelse=other):
                return self.of(body) + self.of(other)
            case ast.BoolOp(values=values):
                return [text for value in values for text in self.of(value)]
            case ast.Subscript(value=ast.Name(id=name)) if name in self.source.tables:
                return self._table(name)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="get"), args=[_, *rest]):
                return [*self._table(name), *(text for other in rest for text in self.of(other))]
            case ast.Call(
                func=ast.Attribute(value=ast.Constant(value="\n"), attr="join"), args=[ast.List(elts=[first, *_])]
            ):
                return self.of(first)
            case ast.Call(func=ast.Attribute(value=ast.Constant(value="\n"), attr="join"), args=[ast.Name(id=name)]):
                return self._first_line(name)
            case ast.Call(func=ast.Attribute(value=value, attr="format")):
                return self.of(value)
            case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
                return self._returned(name)
            case ast.Name(id=name):
                return self._assigned(name)
            case _:
                return [HOLE]

    def _part(self, value: ast.expr) -> list[str]:
        if isinstance(value, ast.Constant):
            return [str(value.value)]
        inner = value.value if isinstance(value, ast.FormattedValue) else value
        if isinstance(inner, ast.IfExp):
            return self.of(inner)
        return [HOLE]

    @staticmethod
    def _joined(parts: list[list[str]]) -> list[str]:
        whole = [""]
        for part in parts:
            whole = [before + text for before in whole for text in (part or [HOLE])]
        return whole

    def _table(self, name: str) -> list[str]:
        found = []
        for value in self.source.near(name, self.file):
            parts = value.values if isinstance(value, ast.Dict) else getattr(value, "elts", [value])
            for part in parts:
                found += self.of(part) if part is not None else []
        return found or [HOLE]

    def _assigned(self, name: str) -> list[str]:
        if name.strip("_").isupper():
            return self._table(name)
        if name in self.seen:
            return [HOLE]
        self.seen.add(name)
        found = []
        for node in ast.walk(self.scope):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    found += self._from(target, node.value, name)
            elif isinstance(node, ast.NamedExpr) and node.target.id == name:
                found += self.of(node.value)
        return found or [HOLE]

    def _first_line(self, name: str) -> list[str]:
        lists = [
            node.value for node in ast.walk(self.scope) if isinstance(node, ast.Assign) and self._is_of(node, name)
        ]
        return [
            text for value in lists if isinstance(value, ast.List) and value.elts for text in self.of(value.elts[0])
        ]

    @staticmethod
    def _is_of(node: ast.Assign, name: str) -> bool:
        return any(isinstance(target, ast.Name) and target.id == name for target in node.targets)

    def _from(self, target: ast.expr, value: ast.expr, name: str) -> list[str]:
        if isinstance(target, ast.Name) and target.id == name:
            return self.of(value)
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            return [
                text for at, each in zip(target.elts, value.elts, strict=True) for text in self._from(at, each, name)
            ]
        return []

    def _returned(self, name: str) -> list[str]:
        if name in self.seen:
            return [HOLE]
        self.seen.add(name)
        found = []
        for file, function in self.source.functions.get(name, ())[:3]:
            inner = Texts(self.source, file, function, self.seen)
            for node in ast.walk(function):
                if isinstance(node, ast.Return) and node.value is not None:
                    found += inner.of(node.value)
        return [text for text in found if _says(text)] or [HOLE]


def _percent(text: str) -> str:
    for form in ("%s", "%d", "%r"):
        text = text.replace(form, HOLE)
    return text
