"""What a page tells its reader to do, in order.

* A block ```` ```console ```` holds commands after `$ ` and what they print. A line `...` stands for any lines, `...`
  in a line for any text; numbers are not compared. ``# exit code 1`` after a command says that it fails.
* A block ```` ```python net.py ```` (or toml, yaml, sh) is a file of that name.
* Indented lines that begin with `mgeconvert` are commands whose output is not shown.
* ``Files: `a`, `b` `` (in Chinese ``文件：``) names the files of examples/ that lie in the folder at the beginning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHINESE = ROOT / "docs" / "zh"
EXIT_CODE = re.compile(r"\s+#.*\bexit code (\d+)$")


@dataclass(frozen=True)
class Command:
    """A command line, what it prints (None: the page does not say) and where that stands in the page."""

    line: str
    prints: tuple[str, ...] | None = None
    lines: tuple[int, int] = (0, 0)

    @property
    def exit_code(self) -> int:
        """What the page says, or 0."""
        found = EXIT_CODE.search(self.line)
        return int(found.group(1)) if found else 0

    @property
    def words(self) -> str:
        """The line without the note on its exit code."""
        return EXIT_CODE.sub("", self.line)


@dataclass(frozen=True)
class Written:
    """A file that the reader writes."""

    name: str
    content: str


def documents() -> list[Path]:
    """All pages, of both languages."""
    return [ROOT / "README.md", *ROOT.glob("README.*.md"), *sorted((ROOT / "docs").rglob("*.md"))]


def files(text: str) -> list[str]:
    """The files of examples/ that a page speaks of; those of the demonstration where it names none."""
    line = re.search(r"^(?:Files: |文件：)(.*)", text, re.MULTILINE)
    return re.findall(r"`([^`]+)`", line.group(1)) if line else ["model.pkl", "model.npz"]


def steps(text: str) -> Iterator[Command | Written]:
    """The commands and files of a page."""
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        opening = re.fullmatch(r"```(\w+) ?(\S*)", lines[at])
        if opening is None:
            if re.match(r"    (?:\S.* \| )?mgeconvert ", lines[at]):
                line = lines[at].strip()
                yield Command(line if EXIT_CODE.search(line) else re.sub(r"\s+#.*", "", line))
            at += 1
            continue
        end = lines.index("```", at)
        body = lines[at + 1 : end]
        if opening.group(1) == "console":
            yield from _console(body, at + 1)
        elif opening.group(2):
            yield Written(opening.group(2), "\n".join([*body, ""]))
        at = end + 1


def _console(body: list[str], start: int) -> Iterator[Command]:
    command: Command | None = None
    for at, line in enumerate([*body, "$ "], start):
        if command is not None and not line.startswith("$ "):
            command = replace(command, prints=(*(command.prints or ()), line), lines=(command.lines[0], at + 1))
            continue
        if command is not None:
            yield command
        command = Command(line[2:], (), (at + 1, at + 1))


def headings(text: str) -> list[int]:
    """The level of each heading outside blocks."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [len(marks) for marks in re.findall(r"^(#+) ", prose, re.MULTILINE)]
