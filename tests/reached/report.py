"""Compares what was reached with `unreached.txt`.

``python -m tests.reached.report FOLDER`` writes that list anew from the notes of a run of all tests that
``MGECONVERT_REACHED=FOLDER pytest`` left; read what changed before you commit it. With ``--check`` it only fails for a
statement that no test executes and that is not in the list.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

from .instrument import reached, statements

FILE = Path(__file__).with_name("unreached.txt")
"""``FILE  TEXT  # why no test can execute it``: a line for each statement, known by its file and its first line."""


def write_notes(folder: Path) -> None:
    """What this process has reached."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{os.getpid()}.txt").write_text("\n".join(sorted(reached)))


def unreached(folder: Path) -> Counter[str]:
    """The statements that no process of the run has executed, as lines of the list; equal ones are counted."""
    found = {line for path in folder.glob("*.txt") for line in path.read_text().splitlines()}
    return Counter(f"{place.rpartition(':')[0]}  {text}" for place, text in statements().items() if place not in found)


def listed() -> Counter[str]:
    """The lines of the list, without their reasons."""
    lines = (line.partition("  # ")[0].rstrip() for line in FILE.read_text(encoding="utf-8").splitlines())
    return Counter(line for line in lines if line)


def complaints(folder: Path) -> list[str]:
    """The statements that no test executes and that are not in the list."""
    return sorted((unreached(folder) - listed()).elements())


def rewrite(folder: Path) -> None:
    """Write the list anew; reasons stay."""
    reasons = dict(line.partition("  # ")[::2] for line in FILE.read_text(encoding="utf-8").splitlines())
    lines = sorted(unreached(folder).elements())
    FILE.write_text("".join(f"{line}  # {reasons[line]}\n" if reasons.get(line) else f"{line}\n" for line in lines))


if __name__ == "__main__":
    *options, notes = sys.argv[1:]
    if "--check" not in options:
        rewrite(Path(notes))
    elif left := complaints(Path(notes)):
        sys.exit("no test executes these statements; write a row that expects the refusal:\n" + "\n".join(left))
