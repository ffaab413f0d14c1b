"""What stands behind a code such as MGE301."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

PREFIX = "MGE"


class Text(NamedTuple):
    """One language's entry: a title, what the message means, why it comes, and what to do."""

    title: str
    means: str
    why: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Kind:
    """Messages that are explained alike; the hundreds of `number` are the chapter."""

    number: int
    english: Text
    chinese: Text

    @property
    def code(self) -> str:
        return f"{PREFIX}{self.number}"
