"""`python -m tests.fuzz [READER ...]`: fuzz readers for some time each; exit code 1 where there are findings."""

from __future__ import annotations

import argparse
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .judge import OTHERS, READERS
from .run import fuzz, keep
from .server import Server


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("readers", nargs="*", metavar="READER", help=f"{', '.join(READERS + OTHERS)}; default: all")
    parser.add_argument("--seconds", type=float, default=600, help="for each reader")
    parser.add_argument("--seed", type=int, default=0, help="the first case's number")
    parser.add_argument(
        "--cases", type=int, help="at most so many for each reader; default: as many as there is time for"
    )
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"), help="the folder for files of findings")
    parser.add_argument("--jobs", type=int, default=1, help="how many readers at a time")
    given = parser.parse_args()
    readers = given.readers or READERS + OTHERS
    if given.jobs > 1:
        options = [f"--{name}={getattr(given, name)}" for name in ("seconds", "seed", "keep")]
        options += [] if given.cases is None else [f"--cases={given.cases}"]
        lines = [[sys.executable, "-m", __package__, reader, *options] for reader in readers]
        with ThreadPoolExecutor(given.jobs) as pool:
            return max(pool.map(lambda line: subprocess.run(line, check=False).returncode, lines))
    found = 0
    for reader in readers:
        with Server() as server:
            outcome = fuzz(
                server,
                reader,
                seconds=given.seconds,
                start=given.seed,
                cases=given.cases,
                tell=lambda text: print(text, file=sys.stderr, flush=True),
            )
        print(outcome, flush=True)
        found += len(outcome.findings)
        keep(outcome, given.keep)
    if found:
        print(f"{found} kinds of findings are in {given.keep}/: mend them, and keep one of each in tests/fuzz/corpus")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
