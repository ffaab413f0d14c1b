"""The lines that differ from a commit, by git."""

from __future__ import annotations

import re
import subprocess

from tests.reached.instrument import ROOT

HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@")


def lines_of(diff: str) -> dict[str, set[int]]:
    """File to numbers of new lines, of a diff without context."""
    found: dict[str, set[int]] = {}
    file = ""
    for line in diff.splitlines():
        if line.startswith("+++ "):
            file = line.removeprefix("+++ ").removeprefix("b/")
        match = HUNK.match(line)
        if match:
            start, count = int(match[1]), int(match[2] or 1)
            found.setdefault(file, set()).update(range(start, start + count))
    return found


def changed_lines(since: str) -> dict[str, set[int]]:
    """File to numbers of the lines that differ from a commit; CalledProcessError if there is no such commit."""
    command = ["git", "diff", "--unified=0", "--no-color", "--no-ext-diff", since, "--", "*.py"]
    return lines_of(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
