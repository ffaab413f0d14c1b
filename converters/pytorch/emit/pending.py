"""Expressions that wait for their reader: an expression with one reader is written inside the reader's statement.

Rules:
* A waiting expression stands as a token in that of its reader. Where the reader writes the token once, and a statement
  stays on one line and within `MOST` steps, the expression goes there; else it becomes a statement before.
* A variable that a waiting expression reads keeps its value until then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mgeconvert.ir import Value

from .text import is_closed
from .tree import WAY

OPEN, CLOSE = "\x01", "\x02"
TOKEN = re.compile(f"{OPEN}(\\d+){CLOSE}")
MOST = 4
"""Steps in one statement that one still reads at a glance."""
ROOM = 68
"""Columns for an expression: a line of 88 less its indent and the name before it."""


@dataclass(slots=True)
class Waiting:
    """An expression without its statement, its value, number of steps, and whether it calls a class of the file."""

    value: Value
    text: str
    steps: int
    calls: bool


class Pending:
    """The waiting expressions of one body; `say` writes one as a statement and gives the name of its result."""

    def __init__(self, say: Callable[[Value, str], str]) -> None:
        self._say = say
        self._waiting: dict[int, Waiting] = {}
        self._numbers: dict[Value, int] = {}
        self._count = 0
        self.nested = False
        """Whether the last text that `inside` gave calls a class of the file."""

    def __contains__(self, value: Value) -> bool:
        return value in self._numbers

    def token(self, value: Value) -> str:
        """What stands for a waiting expression in the text of its reader."""
        return f"{OPEN}{self._numbers[value]}{CLOSE}"

    def add(self, value: Value, text: str, steps: int, *, calls: bool = False) -> None:
        """Let an expression wait."""
        self._count += 1
        self._waiting[self._count] = Waiting(value, text, steps, calls)
        self._numbers[value] = self._count

    def texts(self) -> Iterator[str]:
        """All that waits."""
        return (waiting.text for waiting in self._waiting.values())

    def said(self, text: str) -> str:
        """The text with a name for each token, whose expressions are statements now."""
        names = {number: self._name(int(number)) for number in dict.fromkeys(TOKEN.findall(text))}
        return TOKEN.sub(lambda found: names[found[1]], text)

    def inside(self, text: str, most: int = MOST, *, calls: bool = True) -> tuple[str, int]:
        """The text with its tokens' expressions in it where they fit, and how many steps it has.

        Those that call a class of the file are left out unless `calls`.
        """
        numbers = [int(number) for number in TOKEN.findall(text)]
        chosen = {n for n in numbers if numbers.count(n) == 1 and (calls or not self._waiting[n].calls)}
        while chosen and not self._fits(text, chosen, most):
            chosen.remove(
                max(chosen, key=lambda number: (self._waiting[number].steps, len(self._waiting[number].text)))
            )
        self.nested = any(self._waiting[number].calls for number in chosen)
        for number in sorted(set(numbers) - chosen):
            text = text.replace(f"{OPEN}{number}{CLOSE}", self._name(number))
        steps = 1 + sum(self._waiting[number].steps for number in chosen)
        text = self._filled(text, chosen)
        for number in chosen:
            self._forget(number)
        return text, steps

    def _fits(self, text: str, chosen: set[int], most: int) -> bool:
        if sum(self._waiting[number].steps for number in chosen) >= most:
            return False
        return len(WAY.sub(r"self.\1", self._filled(text, chosen))) <= ROOM

    def _filled(self, text: str, chosen: set[int]) -> str:
        for number in chosen:
            inner = self._waiting[number].text
            text = text.replace(f"{OPEN}{number}{CLOSE}", inner if is_closed(inner) else f"({inner})")
        return text

    def _name(self, number: int) -> str:
        waiting = self._waiting[number]
        self._forget(number)
        return self._say(waiting.value, waiting.text)

    def _forget(self, number: int) -> None:
        del self._numbers[self._waiting.pop(number).value]
