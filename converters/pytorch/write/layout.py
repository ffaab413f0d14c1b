"""Statements laid out as ``ruff format`` lays them out: as few parentheses as the meaning needs, at most 88 columns.

Style: https://docs.astral.sh/ruff/formatter/black/. What does not fit is broken in its last bracket, first all items
on one line of their own, then one item a line with a comma behind each. Operations that do not fit get parentheses.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from ..emit.text import literal

WIDTH = 88
STEP = "    "
SIGNS: Mapping[type[ast.AST], tuple[str, int]] = {
    ast.Or: ("or", 2), ast.And: ("and", 3), ast.Not: ("not", 4),
    ast.BitOr: ("|", 6), ast.BitXor: ("^", 7), ast.BitAnd: ("&", 8), ast.LShift: ("<<", 9), ast.RShift: (">>", 9),
    ast.Add: ("+", 10), ast.Sub: ("-", 10), ast.Mult: ("*", 11), ast.MatMult: ("@", 11), ast.Div: ("/", 11),
    ast.FloorDiv: ("//", 11), ast.Mod: ("%", 11), ast.USub: ("-", 12), ast.UAdd: ("+", 12), ast.Invert: ("~", 12),
    ast.Pow: ("**", 13),
    ast.Eq: ("==", 5), ast.NotEq: ("!=", 5), ast.Lt: ("<", 5), ast.LtE: ("<=", 5), ast.Gt: (">", 5), ast.GtE: (">=", 5),
    ast.Is: ("is", 5), ast.IsNot: ("is not", 5), ast.In: ("in", 5), ast.NotIn: ("not in", 5),
}  # fmt: skip
"""How each operator is written and how strongly it binds."""
ATOM = 15


def statement(text: str, indent: str = "") -> list[str]:
    """The lines of a simple statement, or of a compound one without a body (``for x in y:``)."""
    if text.endswith(":"):
        return _header(text, indent)
    (node,) = ast.parse(text).body
    if isinstance(node, ast.Return):
        return _laid("return ", _bare(node.value), "", indent) if node.value else [f"{indent}return"]
    if isinstance(node, ast.Assign):
        targets = "".join(f"{_items(target)} = " for target in node.targets)
        return _laid(targets, node.value, "", indent)
    if isinstance(node, ast.Expr):
        return _laid("", node.value, "", indent)
    return [f"{indent}{line}" for line in ast.unparse(node).splitlines()]


def definition(name: str, arguments: Sequence[str], indent: str = "") -> list[str]:
    """``def name(arguments):``"""
    inner = ", ".join(arguments)
    if len(one := f"{indent}def {name}({inner}):") <= WIDTH:
        return [one]
    if len(row := f"{indent}{STEP}{inner}") <= WIDTH:
        return [f"{indent}def {name}(", row, f"{indent}):"]
    return [f"{indent}def {name}(", *(f"{indent}{STEP}{item}," for item in arguments), f"{indent}):"]


def _header(text: str, indent: str) -> list[str]:
    (node,) = ast.parse(f"{text}\n    pass").body
    if isinstance(node, ast.For):
        return [f"{indent}for {_items(node.target)} in {flat(node.iter)}:"]
    return [f"{indent}{text}"]


def _bare(node: ast.expr | None) -> ast.expr:
    assert node is not None
    return node


def _items(node: ast.expr) -> str:
    """A tuple without its parentheses where it has more than none."""
    text = flat(node)
    return text[1:-1] if isinstance(node, ast.Tuple) and node.elts else text


def _laid(before: str, node: ast.expr, after: str, indent: str) -> list[str]:
    """An expression between two texts, in as many lines as it needs."""
    top = before.endswith((" = ", "return ")) or not before
    text = _items(node) if top and isinstance(node, ast.Tuple) else flat(node)
    if len(one := f"{indent}{before}{text}{after}") <= WIDTH:
        return [one]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Call):
        rest = f".{node.func.attr}({', '.join(name + flat(item) for name, item in _arguments(node))}){after}"
        if len(f"{indent}{before}{flat(node.func)}(") > WIDTH or not (node.args or node.keywords):
            return _laid(before, node.func.value, rest, indent)
    if isinstance(node, ast.Call) and (node.args or node.keywords):
        return _opened(f"{before}{flat(node.func)}(", _arguments(node), f"){after}", indent)
    if isinstance(node, ast.Tuple | ast.List) and node.elts:
        left, right = ("[", "]") if isinstance(node, ast.List) else ("(", ")")
        lines = [line for item in node.elts for line in _laid("", item, ",", indent + STEP)]
        return [f"{indent}{before}{left}", *lines, f"{indent}{right}{after}"]
    if isinstance(node, ast.Subscript):
        index = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return _opened(f"{before}{_tight(node.value, ATOM)}[", [("", item) for item in index], f"]{after}", indent)
    if isinstance(node, ast.BinOp) and isinstance(node.right, ast.Call | ast.Subscript):
        sign, binding = SIGNS[type(node.op)]
        lines = _laid(f"{before}{_tight(node.left, binding)} {sign} ", node.right, after, indent)
        if len(lines) > 1 and len(lines[0]) <= WIDTH and _binding(node.left) != binding:
            return lines
    if isinstance(node, ast.BinOp | ast.Compare | ast.BoolOp | ast.IfExp) and top:
        return _operation(before, node, after, indent)
    return [one]


def _operation(before: str, node: ast.expr, after: str, indent: str) -> list[str]:
    """An operation in parentheses, one operand per line where one line is too short."""
    inner = indent + STEP
    lines = [inner + flat(node)] if len(inner + flat(node)) <= WIDTH else _operands("", node, "", inner)
    return [f"{indent}{before}(", *lines, f"{indent}){after}"]


def _operands(before: str, node: ast.expr, after: str, indent: str) -> list[str]:
    """An operation with each operand on lines of its own; parentheses or a bracket stand around it."""
    if not isinstance(node, ast.BinOp):
        return [f"{indent}{before}{flat(node)}{after}"]
    binding = SIGNS[type(node.op)][1]
    operands: list[tuple[str, ast.expr, int]] = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp) and SIGNS[type(left.op)][1] == binding:
        operands.insert(0, (f"{SIGNS[type(left.op)][0]} ", left.right, binding + 1))
        left = left.left
    lines = []
    for number, (sign, operand, least) in enumerate([(before, left, binding), *operands]):
        end = after if number == len(operands) else ""
        if _binding(operand) >= least:
            lines += _laid(sign, operand, end, indent)
        elif len(one := f"{indent}{sign}({flat(operand)}){end}") <= WIDTH:
            lines.append(one)
        else:
            lines += _operation(sign, operand, end, indent)
    return lines


def _opened(before: str, items: Sequence[tuple[str, ast.expr]], after: str, indent: str) -> list[str]:
    """A bracket with its items on lines of their own."""
    inner = indent + STEP
    if len(row := inner + ", ".join(name + flat(item) for name, item in items)) <= WIDTH:
        return [f"{indent}{before}", row, f"{indent}{after}"]
    lines = []
    for name, item in items:
        fits = len(f"{inner}{name}{flat(item)},") <= WIDTH
        lines += _laid(name, item, ",", inner) if fits or _binding(item) == ATOM else _operands(name, item, ",", inner)
    return [f"{indent}{before}", *lines, f"{indent}{after}"]


def _arguments(node: ast.Call) -> list[tuple[str, ast.expr]]:
    named = [(f"{each.arg}=" if each.arg else "**", each.value) for each in node.keywords]
    return [("", item) for item in node.args] + named


def flat(node: ast.expr) -> str:
    """An expression on one line."""
    match node:
        case ast.Constant(value=value):
            return literal(value)
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            return f"{_tight(value, ATOM)}.{name}"
        case ast.Call(func=function, args=[ast.GeneratorExp() as only], keywords=[]):
            return f"{_tight(function, ATOM)}{ast.unparse(only)}"
        case ast.Call(func=function):
            return f"{_tight(function, ATOM)}({', '.join(name + flat(item) for name, item in _arguments(node))})"
        case ast.Subscript(value=value, slice=index):
            return f"{_tight(value, ATOM)}[{_items(index)}]"
        case ast.Slice():
            return _slice(node)
        case ast.Tuple(elts=items):
            return f"({', '.join(map(flat, items))}{',' if len(items) == 1 else ''})"
        case ast.List(elts=items):
            return f"[{', '.join(map(flat, items))}]"
        case ast.Starred(value=value):
            return f"*{flat(value)}"
        case _:
            return _operators(node)


def _operators(node: ast.expr) -> str:
    match node:
        case ast.UnaryOp(op=op, operand=operand):
            sign, binding = SIGNS[type(op)]
            return f"{sign}{' ' if sign == 'not' else ''}{_tight(operand, binding)}"
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            space = "" if _is_simple(left) and _is_simple(right) else " "
            return f"{_tight(left, 14)}{space}**{space}{_tight(right, 12)}"
        case ast.BinOp(left=left, op=op, right=right):
            sign, binding = SIGNS[type(op)]
            return f"{_tight(left, binding)} {sign} {_tight(right, binding + 1)}"
        case ast.Compare(left=left, ops=ops, comparators=others):
            parts = [_tight(left, 6)]
            for sign, other in zip((SIGNS[type(each)][0] for each in ops), others, strict=True):
                parts.append(f"{sign} {_tight(other, 6)}")
            return " ".join(parts)
        case ast.BoolOp(op=op, values=values):
            sign, binding = SIGNS[type(op)]
            return f" {sign} ".join(_tight(value, binding + 1) for value in values)
        case ast.IfExp(test=test, body=body, orelse=other):
            return f"{_tight(body, 2)} if {_tight(test, 2)} else {_tight(other, 1)}"
        case _:
            return ast.unparse(node)


def _binding(node: ast.expr) -> int:
    if isinstance(node, ast.BinOp | ast.UnaryOp | ast.BoolOp):
        return SIGNS[type(node.op)][1]
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return 14
    return 5 if isinstance(node, ast.Compare) else 1 if isinstance(node, ast.IfExp) else ATOM


def _tight(node: ast.expr, binding: int) -> str:
    """The text, in parentheses where it binds less than it must."""
    return f"({flat(node)})" if _binding(node) < binding else flat(node)


def _slice(node: ast.Slice) -> str:
    """``a:b:c``, with a space at each side where a part is more than a name or a number."""
    parts = [node.lower, node.upper, *([node.step] if node.step else [])]
    space = "" if all(part is None or _is_plain(part) for part in parts) else " "
    texts = ["" if part is None else flat(part) for part in parts]
    result = texts[0]
    for text in texts[1:]:
        result = (f"{result}{space}:" if result else ":") + (f"{space}{text}" if text else "")
    return result


def _is_plain(node: ast.expr) -> bool:
    return isinstance(node.operand if isinstance(node, ast.UnaryOp) else node, ast.Name | ast.Constant)


def _is_simple(node: ast.expr) -> bool:
    """Whether ``**`` stands without spaces beside it."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
        return isinstance(node, ast.Constant | ast.Name | ast.Attribute) and _is_simple(node)
    if isinstance(node, ast.Attribute):
        return _is_simple(node.value) and not isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Name) or (isinstance(node, ast.Constant) and isinstance(node.value, int | float))
