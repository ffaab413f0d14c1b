"""The classes of a network as the text of a Python file."""

from __future__ import annotations

import re
from typing import Any

from ..emit.classes import Class, Name, classes
from ..emit.text import MARK, is_identifier, literal
from ..emit.tree import Made, Method, Place

WIDTH = 88
"""The longest line, as ruff and black have it."""

LOAD = '''

def load(weights: str | Path | None = None) -> nn.Module:
    """The network with its weights (those beside this file unless given), in inference mode."""
    network = {made}
    network.load_state_dict(load_file(weights or Path(__file__).with_suffix(".safetensors")))
    return network.eval()
'''


def source(root: Place, title: str) -> str:
    """The whole file."""
    found, made = classes(root)
    blocks = ["\n".join(_class(each)) for each in found]
    body = "\n\n\n".join(blocks) + "\n" + LOAD.format(made=_made(made))
    standard = "import math\nfrom pathlib import Path" if re.search(r"\bmath\.", body) else "from pathlib import Path"
    functional = "import torch.nn.functional as F\n" if re.search(r"\bF\.", body) else ""
    torch = f"import torch\n{functional}from safetensors.torch import load_file\nfrom torch import nn"
    head = f'"""{title}"""\n\nfrom __future__ import annotations\n\n{standard}\n\n{torch}\n\n\n'
    return head + body


def _class(made: Class) -> list[str]:
    lines = [f"class {made.name}(nn.Module):"]
    if made.arguments or made.attributes:
        lines += _wrapped(f"    def __init__({', '.join(['self', *made.arguments])}):")
        lines.append("        super().__init__()")
        for name, value in made.attributes.items():
            lines += _attribute(name, value)
        lines.append("")
    for number, method in enumerate(made.place.methods):
        lines += [*_method(made.place, method, number), ""]
    if len(lines) == 1:
        lines.append("    pass")
    return lines[:-1] if not lines[-1] else lines


def _attribute(name: str, made: Made) -> list[str]:
    if made.callee == "buffer":
        return _wrapped(f"        self.register_buffer({literal(name)}, {_made(made.args[0][1])})")
    if is_identifier(name):
        return _wrapped(f"        self.{name} = {_made(made)}")
    method = "register_parameter" if made.callee == "nn.Parameter" else "add_module"
    return _wrapped(f"        self.{method}({literal(name)}, {_made(made)})")


def _made(made: Made) -> str:
    parts = []
    for name, value in made.args:
        text = _made(value) if isinstance(value, Made) else value.text if isinstance(value, Name) else literal(value)
        parts.append(text if name is None else f"{name}={text}")
    return f"[{', '.join(parts)}]" if made.callee == "[]" else f"{made.callee}({', '.join(parts)})"


def _method(place: Place, method: Method, number: int) -> list[str]:
    name = f"forward_{number + 1}" if number else "forward"
    lines = _wrapped(f"    def {name}({', '.join(['self', *method.arguments])}):")
    statements = list(method.lines)
    result = method.result
    if statements and statements[-1].startswith(f"{result} = ") and is_identifier(result):
        result = statements.pop().partition(" = ")[2]
    for statement in [*statements, f"return {result}"]:
        lines += _wrapped(f"        {_resolved(place, statement)}")
    return lines


def _resolved(place: Place, statement: str) -> str:
    return re.sub(f"{MARK}([^{MARK}]*){MARK}", lambda found: place.way(found[1]), statement)


def _wrapped(line: str) -> list[str]:
    """The line, or several where it is too long: the outermost bracket is opened, then one item a line."""
    if len(line) <= WIDTH:
        return [line]
    spans = _outermost(line)
    if spans is None:
        return [line]
    start, end, commas = spans
    indent = " " * (len(line) - len(line.lstrip()))
    head, inner, tail = line[: start + 1], line[start + 1 : end], line[end:]
    if not inner:
        return [line]
    single = f"{indent}    {inner}"
    if len(single) <= WIDTH and not inner.endswith(","):
        return [head, single, f"{indent}{tail}"]
    items, last = [], start + 1
    for comma in [*commas, end]:
        items.append(line[last:comma].strip())
        last = comma + 1
    lines = [head]
    for item in filter(None, items):
        lines += _wrapped(f"{indent}    {item},")
    return [*lines, f"{indent}{tail}"]


def _outermost(line: str) -> tuple[int, int, list[int]] | None:
    """The last bracket of the outermost level that takes a comma at its end: its ends and the commas in it."""
    depth, quoted = 0, False
    start = -1
    best: tuple[int, int] | None = None
    commas: list[int] = []
    kept: list[int] = []
    for number, letter in enumerate(line):
        if letter == '"' and line[number - 1] != "\\":
            quoted = not quoted
        if quoted:
            continue
        if letter in "([{":
            depth += 1
            if depth == 1:
                start, commas = number, []
        elif letter in ")]}":
            depth -= 1
            if depth == 0 and number > start + 1 and (commas or _is_call(line, start)):
                best, kept = (start, number), commas
        elif letter == "," and depth == 1:
            commas.append(number)
    return None if best is None else (*best, kept)


def _is_call(line: str, start: int) -> bool:
    return line[start] == "(" and start > 0 and (line[start - 1].isalnum() or line[start - 1] in "_])")


def checked(text: Any) -> str:
    """The text, which must be a Python file."""
    compile(text, "network", "exec")
    return str(text)
