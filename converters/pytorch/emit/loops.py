"""Modules called in a row: the whole of an nn.Sequential, or a loop over a part of an nn.ModuleList."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from mgeconvert.ir import Value
from mgeconvert.ir.modules import Body

from .text import MARK

LOOP = "\x03"
"""Encloses the path of a list and the bounds of what a loop runs over."""
CALL = re.compile(f"(\\w+) = {MARK}(?:([^{MARK}]*)\\.)?(\\d+){MARK}\\((.*)\\)")
FEWEST = 2


class Texts(Protocol):
    """What knows the arguments of a body and what is read how often."""

    total: dict[Value, int]


class Chain:
    """The modules that a body calls one after the other."""

    def __init__(self) -> None:
        self._calls: list[tuple[str, Value | None, Value]] = []
        self._is_one = True

    def add(self, expression: str, result: Value, operands: Sequence[Value | None], writer: Texts) -> None:
        """Note a statement."""
        path = expression[1:].partition(MARK)[0]
        given = operands[0] if operands else None
        plain = expression.startswith(f"{MARK}{path}{MARK}(") and "," not in expression and " " not in expression
        if not plain or given is None or writer.total.get(given, 0) != 1 or expression.count(MARK) != 2:
            self._is_one = False
        self._calls.append((path, given, result))

    def paths(self, body: Body) -> tuple[str, ...]:
        """The paths in order; empty where the body does anything else."""
        if not self._is_one or not self._calls or body.results != [self._calls[-1][2]]:
            return ()
        last = next((value for value in body.arguments if value is not None), None)
        for _, given, result in self._calls:
            if given is not last:
                return ()
            last = result
        return tuple(path for path, _, _ in self._calls) if len(body.steps) == len(self._calls) else ()


def in_loops(lines: Sequence[str]) -> list[str]:
    """The statements, with equal calls of consecutive parts of one list as a loop."""
    result: list[str] = []
    number = 0
    while number < len(lines):
        run = _run(lines[number:])
        if run < FEWEST:
            result.append(lines[number])
            number += 1
            continue
        found = CALL.fullmatch(lines[number])
        assert found is not None
        name, path, first, given = found.groups()
        path = path or ""
        variable = _variable(path, lines)
        result.append(f"for {variable} in {LOOP}{path}:{first}:{int(first) + run}{LOOP}:")
        result.append(f"    {name} = {variable}({given})")
        number += run
    return result


def _run(lines: Sequence[str]) -> int:
    """How many statements from the first on differ in the number of the module only."""
    first = CALL.fullmatch(lines[0])
    if first is None or first[1] not in re.split(r"\W+", first[4]):
        return 0
    count = 1
    for line in lines[1:]:
        found = CALL.fullmatch(line)
        if found is None or found.group(1, 2, 4) != first.group(1, 2, 4) or int(found[3]) != int(first[3]) + count:
            break
        count += 1
    return count


def _variable(path: str, lines: Sequence[str]) -> str:
    """``layer`` for ``encoder.layers``; another word where the statements have it."""
    last = path.rpartition(".")[2]
    wanted = last.removesuffix("s") if len(last) > 2 and last.isidentifier() else "block"
    words = set(re.findall(r"\w+", re.sub(f"{MARK}[^{MARK}]*{MARK}", "", " ".join(lines))))
    return next(name for name in (wanted, "block", "part", "each_block") if name not in words or name == "each_block")
