"""The blocks of a file's functions: every list of statements in them, and the body of every lambda.

    def f(x):                    block  FILE::f:0
        if x < 0:                       FILE::f:1
            return -x
        return x                 again  FILE::f:0

All statements of one block are executed together, unless one of them returns or raises: a note at its beginning costs a
hundredth of a tracer. A block is known by its file, the qualified name of its function, and its number in it.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
BODIES = ("body", "orelse", "finalbody")


@dataclass
class _Walk:
    """Goes through a tree in one order, so that numbers agree between the notes and those who ask."""

    file: str
    note: str = ""
    names: list[str] = field(default_factory=list)
    count: dict[str, int] = field(default_factory=dict)
    spans: list[tuple[int, int, str]] = field(default_factory=list)

    def key(self, first: ast.AST, last: ast.AST) -> str:
        name = ".".join(self.names)
        number = self.count.get(name, 0)
        self.count[name] = number + 1
        key = f"{self.file}::{name}:{number}"
        self.spans.append((first.lineno, last.end_lineno, key))  # type: ignore[attr-defined]
        return key

    def call(self, key: str) -> ast.expr:
        return ast.Call(ast.Name(self.note, ast.Load()), [ast.Constant(key)], [])

    def block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        key = self.key(statements[0], statements[-1])
        for statement in statements:
            self.visit(statement, inside=True)
        if not self.note:
            return statements
        documented = isinstance(statements[0], ast.Expr) and isinstance(statements[0].value, ast.Constant)
        begin = 1 if documented else 0
        at = ast.copy_location(ast.Expr(self.call(key)), statements[0])
        return [*statements[:begin], at, *statements[begin:]]

    def visit(self, node: ast.AST, inside: bool) -> None:
        if isinstance(node, ast.Lambda):
            self.names.append("<lambda>")
            key = self.key(node.body, node.body)
            self.visit(node.body, inside=True)
            if self.note:
                pair = ast.Tuple([self.call(key), node.body], ast.Load())
                node.body = ast.copy_location(ast.Subscript(pair, ast.Constant(1), ast.Load()), node.body)
            self.names.pop()
            return
        is_function, is_named = isinstance(node, FUNCTIONS), isinstance(node, (*FUNCTIONS, ast.ClassDef))
        if is_named:
            self.names.append(node.name)  # type: ignore[attr-defined]
        has_blocks = is_function or (inside and not isinstance(node, ast.ClassDef))
        for name, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                if has_blocks:
                    setattr(node, name, self.block(value))
                else:
                    for statement in value:
                        self.visit(statement, inside=False)
            elif isinstance(value, list):
                for child in value:
                    if isinstance(child, ast.AST):
                        self.visit(child, inside)
            elif isinstance(value, ast.AST):
                self.visit(value, inside)
        if is_named:
            self.names.pop()


def with_notes(tree: ast.Module, file: str, note: str) -> ast.Module:
    """The tree, changed in place: each block calls the function named `note` with its key."""
    _Walk(file, note).visit(tree, inside=False)
    return tree


def spans(tree: ast.Module, file: str) -> list[tuple[int, int, str]]:
    """(first line, last line, key) of each block; the innermost of a line is the last that has it."""
    walk = _Walk(file)
    walk.visit(tree, inside=False)
    return walk.spans


def block_of(line: int, blocks: list[tuple[int, int, str]]) -> str | None:
    """The key of the innermost block with the line; None for what is executed when the module is imported."""
    having = [block for block in blocks if block[0] <= line <= block[1]]
    return min(having, key=lambda block: block[1] - block[0])[2] if having else None
