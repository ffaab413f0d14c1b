"""``python -m tests.mutation``: how many of a number of seeded changes of our code the tests notice.

    --seed 0 --number 300      which changes; the same on every machine
    --paths FILE_OR_FOLDER...  of these only
    --changed COMMIT           all changes of the lines that differ from a commit, and `--number` of the whole tree
    --minutes 10               stop there; what was judged until then counts
    --at-least 92              fail below so many hundredths
    --contexts FOLDER          what `make test-core` has recorded

Prints every change that no test notices, with its line. Changes of tests/mutation/equivalent.py are not made.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from pathlib import Path

from .equivalent import is_equivalent
from .judging import Judging
from .lines import changed_lines
from .mutants import Mutant, files, mutants_of
from .selection import Recorded


def chosen(paths: list[str], seed: int, number: int, since: str | None) -> list[Mutant]:
    """The changes to judge: those of changed lines, as many as are wanted, then the seeded ones."""
    everything = [mutant for file in files(paths) for mutant in mutants_of(file)]
    numbers = random.Random(seed)
    first: list[Mutant] = []
    if since:
        lines = changed_lines(since)
        first = [mutant for mutant in everything if mutant.line in lines.get(mutant.file, ())]
        numbers.shuffle(first)
    seeded = numbers.sample(everything, min(number, len(everything)))
    mixed = [*seeded, *(mutant for mutant in first if mutant not in set(seeded))]
    return [mutant for mutant in mixed if not is_equivalent(mutant)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--number", type=int, default=300)
    parser.add_argument("--paths", nargs="*", default=[])
    parser.add_argument("--changed", metavar="COMMIT")
    parser.add_argument("--minutes", type=float, default=24 * 60)
    parser.add_argument("--at-least", type=float, default=0)
    parser.add_argument("--contexts", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    end = time.monotonic() + 60 * options.minutes
    mutants = chosen(options.paths, options.seed, options.number, options.changed)
    recorded = Recorded(options.contexts, {mutant.file for mutant in mutants})
    judging = Judging(mutants, recorded, end, options.jobs, lambda line: print(line, flush=True))
    judging.run()
    judged = judging.killed + len(judging.survivors)
    score = 100 * judging.killed / judged if judged else 100.0
    print(f"{judging.killed} of {judged} changes are noticed: {score:.1f} %; {len(mutants) - judged} were not judged")
    if score < options.at_least:
        print(f"make mutants: FAILED: at least {options.at_least:g} % must be noticed")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
