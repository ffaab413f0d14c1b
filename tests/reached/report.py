"""Lists the statements that no test has executed: ``python -m tests.reached.report FOLDER``.

FOLDER has the notes of a run, ``MGECONVERT_REACHED=FOLDER pytest``; `make reached` does both. What tests run in another
process, such as the command in a shell, is not noted.
"""

from __future__ import annotations

import sys
from pathlib import Path

from .instrument import statements


def unreached(folder: Path) -> list[str]:
    """``FILE:LINE  TEXT`` of each statement that no process of the run has executed."""
    found = {line for path in folder.glob("*.txt") for line in path.read_text().splitlines()}
    return [f"{place}  {text}" for place, text in statements().items() if place not in found]


if __name__ == "__main__":
    left = unreached(Path(sys.argv[1]))
    sys.stdout.write("".join(f"{line}\n" for line in left))
    sys.stdout.write(f"{len(left)} of {len(statements())} statements are executed by no test\n")
