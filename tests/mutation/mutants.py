"""The changes of a source file, by `ast`: each is one node replaced by another.

    comparison   a < b   -> a <= b        boolean   a and b -> a or b,  not a -> a
    constant     3       -> 4             operator  a + b   -> a - b
    branch       if a:   -> if True:      default   f(x=1)  -> f(x=2)
    dropped call f(x)    -> pass, where nothing is done with the result

Texts stay, since every text of an error has its own test; so do annotations and the fields of `dataclass(...)`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from tests.reached.instrument import FOLDERS, ROOT, is_counted

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
INERT_CALLS = {"dataclass", "field", "Literal", "TypeVar", "cast"}
"""Calls whose arguments say nothing of a computation."""


@dataclass(frozen=True)
class Mutant:
    """One change: the `number`-th of `file`."""

    file: str
    number: int
    line: int
    kind: str

    @property
    def change(self) -> str:
        """What it makes of what."""
        change = list(_changes(_tree(self.file)))[self.number]
        return f"{_shown(change.old)}  ->  {_shown(change.new)}"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}  {self.kind}  {self.change}"


@dataclass(frozen=True)
class _Change:
    kind: str
    holder: ast.AST
    """The node whose `field` is replaced; `index` where the field is a list."""
    field: str
    index: int | None
    new: ast.AST

    @property
    def old(self) -> ast.AST:
        value = getattr(self.holder, self.field)
        found: ast.AST = value if self.index is None else value[self.index]
        return found

    def apply(self) -> None:
        new = ast.copy_location(self.new, self.old)
        if self.index is None:
            setattr(self.holder, self.field, new)
        else:
            getattr(self.holder, self.field)[self.index] = new


def _other_constant(value: object) -> ast.Constant | None:
    if isinstance(value, bool):
        return ast.Constant(not value)
    if isinstance(value, int):
        return ast.Constant(value + 1)
    if isinstance(value, float):
        return ast.Constant(value * 2 if value else 1.0)
    return None


def _others(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """(kind, replacement) of an expression or statement."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield "comparison", ast.Compare(node.left, [COMPARISONS[type(node.ops[0])]()], node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield "boolean", ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "boolean", node.operand
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        yield "operator", ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right)
    elif isinstance(node, ast.Constant):
        other = _other_constant(node.value)
        if other:
            yield "constant", other
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield "dropped call", ast.Pass()


def _is_inert(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return name in INERT_CALLS
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.dump(node.test) or "__main__" in ast.dump(node.test)
    return isinstance(node, ast.JoinedStr) and not any(isinstance(part, ast.FormattedValue) for part in node.values)


def _changes(node: ast.AST) -> Iterator[_Change]:
    """All changes inside a node, in the order of the text."""
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list", "format_spec", "type_params"}:
            continue
        children = value if isinstance(value, list) else [value]
        for index, child in enumerate(children):
            if not isinstance(child, ast.AST) or _is_inert(child):
                continue
            at = index if isinstance(value, list) else None
            is_default = isinstance(node, ast.arguments) and name in {"defaults", "kw_defaults"}
            for kind, new in _others(child):
                yield _Change("default" if is_default else kind, node, name, at, new)
            is_branch = isinstance(node, (ast.If, ast.IfExp)) and name == "test"
            if is_branch or (isinstance(node, ast.comprehension) and name == "ifs"):
                yield _Change("branch", node, name, at, ast.Constant(True))
                if is_branch:
                    yield _Change("branch", node, name, at, ast.Constant(False))
            yield from _changes(child)


def _shown(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 100 else f"{text[:60]} ... {text[-35:]}"


def _tree(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"))


def mutants_of(file: str) -> list[Mutant]:
    """All changes of a file, known by its path from the root of the repository."""
    return [
        Mutant(file, number, change.old.lineno, change.kind)  # type: ignore[attr-defined]
        for number, change in enumerate(_changes(_tree(file)))
    ]


def mutated(mutant: Mutant) -> ast.Module:
    """The tree of the changed file; lines and columns are the original's."""
    tree = _tree(mutant.file)
    list(_changes(tree))[mutant.number].apply()
    return ast.fix_missing_locations(tree)


def files(paths: list[str]) -> list[str]:
    """Our source files below the paths, from the root; all of them without paths."""
    found = set()
    for path in paths or list(FOLDERS.values()):
        start = ROOT / path
        found.update([start] if start.is_file() else start.rglob("*.py"))
    return sorted(path.relative_to(ROOT).as_posix() for path in found if is_counted(path))
