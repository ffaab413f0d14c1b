"""The classes of a network as the text of a Python file."""

from __future__ import annotations

import re
from typing import Any

from ..emit.classes import classes
from ..emit.constructors import Argument, Class, Name
from ..emit.loops import LOOP
from ..emit.text import MARK, is_identifier, literal
from ..emit.tree import Made, Method, Place
from .helpers import called
from .layout import definition, statement

INDENT = " " * 8

PLACE_OF_FINGERPRINT = "fingerprint of the weights"
"""Stands in the source where the fingerprint goes, which is computed from all the rest."""

LOAD = f'''

_WEIGHTS = "{PLACE_OF_FINGERPRINT}"


def load(weights: str | Path | None = None) -> nn.Module:
    """The network with its weights (those beside this file unless given), in inference mode."""
    network = {{made}}
    path = weights or Path(__file__).with_suffix(".safetensors")
    with safe_open(path, "pt") as file:
        written = (file.metadata() or {{{{}}}}).get("fingerprint", _WEIGHTS)
    if weights is None and written != _WEIGHTS:
        raise ValueError(f"{{{{path}}}} belongs to another network; load(path) takes any")
    network.load_state_dict(load_file(path))
    return network.eval()
'''


def source(root: Place, title: str) -> str:
    """The whole file."""
    found, made = classes(root)
    blocks = ["\n".join(_class(each)) for each in found]
    body = "\n\n\n".join([*called("\n".join(blocks)), *blocks]) + "\n" + LOAD.format(made=_made(made))
    standard = "import math\nfrom pathlib import Path" if re.search(r"\bmath\.", body) else "from pathlib import Path"
    functional = "import torch.nn.functional as F\n" if re.search(r"\bF\.", body) else ""
    whole = "import torch\n" if re.search(r"\btorch\.", body.replace("safetensors.torch", "")) else ""
    tensors = "from safetensors import safe_open\nfrom safetensors.torch import load_file"
    torch = f"{whole}{functional}{tensors}\nfrom torch import nn"
    head = f'"""{title}"""\n\nfrom __future__ import annotations\n\n{standard}\n\n{torch}\n\n\n'
    return head + body


def _class(made: Class) -> list[str]:
    lines = [f"class {made.name}(nn.Module):"]
    if made.arguments or made.attributes:
        lines += definition("__init__", ["self", *map(_argument, made.arguments)], "    ")
        lines.append("        super().__init__()")
        tied = made.place.tied()
        for name, value in made.attributes.items():
            lines += statement(tied.pop(name), INDENT) if name in tied else _attribute(name, value)
        for each in tied.values():
            lines += statement(each, INDENT)
        lines.append("")
    for number, method in enumerate(made.place.methods):
        lines += [*_method(made.place, method, number), ""]
    if len(lines) == 1:
        lines.append("    pass")
    return lines[:-1] if not lines[-1] else lines


def _argument(argument: Argument) -> str:
    return f"{argument.name}={literal(argument.default)}" if argument.is_optional else argument.name


def _attribute(name: str, made: Made) -> list[str]:
    if made.callee == "buffer":
        return statement(f"self.register_buffer({literal(name)}, {_made(made.args[0][1])})", INDENT)
    if is_identifier(name):
        return statement(f"self.{name} = {_made(made)}", INDENT)
    method = "register_parameter" if made.callee == "nn.Parameter" else "add_module"
    return statement(f"self.{method}({literal(name)}, {_made(made)})", INDENT)


def _made(made: Made) -> str:
    parts = []
    for number, (name, value) in enumerate(made.args):
        text = _made(value) if isinstance(value, Made) else value.text if isinstance(value, Name) else literal(value)
        parts.append(text if name is None or number < made.bare else f"{name}={text}")
    if made.callee in ("*", "for"):
        return f"{made.callee.removesuffix('for')}({parts[0]} for _ in range({parts[1]}))"
    if made.callee in ("", "or"):
        return parts[0] if not made.callee else f"{parts[0]} or nn.Identity()"
    if made.callee == "torch.zeros" and isinstance(made.args[0][1], tuple) and made.args[0][1]:
        parts[0] = ", ".join(map(str, made.args[0][1]))
    return f"[{', '.join(parts)}]" if made.callee == "[]" else f"{made.callee}({', '.join(parts)})"


def _method(place: Place, method: Method, number: int) -> list[str]:
    name = f"forward_{number + 1}" if number else "forward"
    lines = definition(name, ["self", *method.arguments], "    ")
    statements = [each for line in method.lines for each in _loop(place, line)]
    result = method.result
    if statements and statements[-1].startswith(f"{result} = ") and is_identifier(result):
        result = statements.pop().partition(" = ")[2]
    for each in [*statements, f"return {result}"]:
        inner = each.lstrip()
        lines += statement(_resolved(place, inner), INDENT + each[: len(each) - len(inner)])
    return lines


def _loop(place: Place, line: str) -> list[str]:
    """The line, with the part of a list that a loop runs over."""
    found = re.search(f"{LOOP}([^{LOOP}]*){LOOP}", line)
    if found is None:
        return [line]
    path, first, last = found[1].split(":")
    whole = place.find(path)
    start = "" if first == "0" else first
    end = "" if int(last) == len(whole.parts) else last
    way = place.way(path) + (f"[{start}:{end}]" if start or end else "")
    return [line.replace(found[0], way)]


def _resolved(place: Place, line: str) -> str:
    return re.sub(f"{MARK}([^{MARK}]*){MARK}", lambda found: place.way(found[1]), line)


def checked(text: Any) -> str:
    """The text, which must be a Python file."""
    compile(text, "network", "exec")
    return str(text)
