"""One model to one target: the command line that does it, with the places of files in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from .urls import Url, Where

Word: TypeAlias = "str | Where | tuple[str | Where, ...]"
"""A word of a command line: text, a file, or both in a row (``a.npy,b.npy``)."""


@dataclass(frozen=True, slots=True)
class Job:
    """One model to one target: the command line that does it, and the file it writes.

    `source` is the model, or the Python file of a traced network; `reads` are files that options name.
    """

    name: str
    target: str
    source: Where
    output: Where
    args: tuple[Word, ...]
    reads: tuple[Where, ...] = ()
    source_format: str = ""

    @property
    def title(self) -> str:
        return f"{self.name} {self.target}"

    @property
    def is_remote(self) -> bool:
        """Whether it cannot be done where the files are."""
        return any(isinstance(place, Url) for place in (self.source, self.output, *self.reads))

    def words(self, at: Callable[[Where], str] = str) -> list[str]:
        """The command line, files by the names that `at` gives them."""
        return [_spelled(word, at) for word in self.args]


def _spelled(word: Word, at: Callable[[Where], str]) -> str:
    parts = word if isinstance(word, tuple) else (word,)
    return "".join(at(part) if isinstance(part, Path | Url) else part for part in parts)
