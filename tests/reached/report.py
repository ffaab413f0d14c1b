"""Lists the statements that no test has executed: ``python -m tests.reached.report FOLDER``.

FOLDER has the notes of a run, ``MGECONVERT_REACHED=FOLDER pytest``; `make test-core` does both. It fails on
a statement that no test executes and neither list has: `unreachable`, with reasons, or ``awaited.txt``, the statements
that still lack a negative case. The latter only becomes shorter: ``--write`` leaves out what is executed by now; lines
that need not stand there any more are told. What tests run in another process, such as a shell's command, is not noted.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from pathlib import Path

from .instrument import statements
from .unreachable import UNREACHABLE

AWAITED = Path(__file__).with_name("awaited.txt")


def unreached(folder: Path) -> list[str]:
    """``FILE:LINE  TEXT`` of each statement that no process of the run has executed."""
    found = {line for path in folder.glob("*.txt") for line in path.read_text().splitlines()}
    return [f"{place}  {text}" for place, text in statements().items() if place not in found]


def without_line(statement: str) -> str:
    """``FILE  TEXT``: what a list has of a statement, since lines move."""
    place, _, text = statement.partition("  ")
    return f"{place.rpartition(':')[0]}  {text}"


def faults(left: Iterable[str], listed: Collection[str]) -> list[str]:
    """The statements that no list has."""
    return [each for each in left if without_line(each) not in listed]


def settled(left: Iterable[str], listed: Iterable[str]) -> list[str]:
    """Lines of a list that a test executes by now, or that the source does not have any more."""
    return sorted(set(listed) - {without_line(each) for each in left})


def main(folder: Path, writes: bool) -> int:
    left, awaited = unreached(folder), AWAITED.read_text().splitlines()
    for line in settled(left, [*awaited, *UNREACHABLE]):
        sys.stdout.write(f"executed by now, or no more: {line}\n")
    found = faults(left, {*awaited, *UNREACHABLE})
    if writes:
        AWAITED.write_text("".join(f"{line}\n" for line in sorted(set(awaited) - set(settled(left, awaited)))))
    sys.stdout.write("".join(f"no test executes {line}\n" for line in found))
    sys.stdout.write(f"{len(left)} of {len(statements())} raise and refuse statements are executed by no test\n")
    if found:
        sys.stdout.write("make test-core: FAILED: write a row that expects each; see tests/reached/report.py\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), "--write" in sys.argv))
