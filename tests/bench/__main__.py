"""`make bench`: what the command costs beside what nothing can undercut, measured in one run, with the limits beside.

Exit code 1 when a limit is exceeded.
"""

from __future__ import annotations

import argparse
import functools
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from mgeconvert_cli.table import Table

from .conversion import SHORT, growth_rows, model_rows, nesting_rows, optimized_rows, run_model, start_rows
from .measured import Row
from .page import write_page
from .pairs import pair_rows
from .shapes import shape_rows
from .sizes import SMALL, size_rows

GROUPS: dict[str, tuple[Callable[..., list[Row]], str, str]] = {
    "start": (start_rows, "Start", "Beside a process that imports click, which every subcommand needs."),
    "model": (
        model_rows,
        "One network",
        "Without verification, beside a process that imports numpy and onnx and copies.",
    ),
    "pairs": (pair_rows, "Every pair of formats", "Without verification and with it, which runs both sides."),
    "growth": (growth_rows, "Operators", "A chain of Conv2d, relu, addition and clip from a TracedModule."),
    "shapes": (shape_rows, "Shapes", "Graphs on which what is not linear shows, beside a chain; of 20,000 operators."),
    "sizes": (size_rows, "Bytes", "Weights that are all different, in convolutions of a chain."),
    "optimized": (optimized_rows, "What passes are for", "The written file in onnxruntime."),
    "nesting": (nesting_rows, "Modules", "Scopes put back together to modules, beside writing the file."),
}


def main() -> int:
    """Print the report; 1 when a limit is exceeded."""
    parser = argparse.ArgumentParser(prog="make bench", description="Time and memory beside plain copying.")
    parser.add_argument("--only", choices=list(GROUPS), action="append", help="measure these groups")
    parser.add_argument("--largest", type=int, default=SMALL, metavar="MB", help=f"the most weights; {SMALL} if unset")
    parser.add_argument("--longest", type=int, default=SHORT, metavar="N", help=f"the most operators; {SHORT} if unset")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    parser.add_argument("--run", metavar="ONNX", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        run_model(arguments.run)
        return 0
    asked = {"sizes": {"largest": arguments.largest}, "growth": {"longest": arguments.longest}}
    groups: list[tuple[str, str, list[Row]]] = []
    for name, (measure, title, words) in GROUPS.items():
        if arguments.only and name not in arguments.only:
            continue
        call = functools.partial(measure, **asked.get(name, {}))
        with tempfile.TemporaryDirectory(prefix="mgeconvert-bench-") as folder:
            groups.append((title, words, call(Path(folder))))
        print(f"{name}: done", file=sys.stderr, flush=True)
    rows = [row for _, _, each in groups for row in each]
    Table("", ("what", "measured", "beside", "limit", "verdict"), [row.cells for row in rows]).print(sys.stdout)
    if arguments.write:
        write_page(groups)
    return 0 if all(row.passed for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
