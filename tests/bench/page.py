"""Writes docs/performance.md, and the plots in it, from what was measured."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path

from .measured import Point, Row

DOCS = Path(__file__).parents[2] / "docs"
PLOTS = {
    "operators": ("Operators and CPU seconds", "operators of a chain", "seconds"),
    "weights": ("Weights and CPU seconds", "megabytes of weights", "seconds"),
}
"""Name of a plot -> its title and what its axes are."""
HEAD = """# What it costs

`make bench` measures CPU time (user and system) of whole processes with cached bytecode, and their peak memory; each
figure is the least of several runs that take turns. It fails where a limit is exceeded.
`make bench ARGUMENTS='--only growth'` measures one group, `--largest 6000` weights of up to 6 GB, `--longest 100000`
chains of up to 100,000 operators; `--write` writes this page.

The figures below come from {machine}, shared with other
work: seconds are up to three times those of an idle machine.

"""


def write_page(groups: Sequence[tuple[str, str, Sequence[Row]]]) -> None:
    """The page of these groups: a title, what was measured, and the rows."""
    machine = f"{os.cpu_count()} cores of {platform.machine()}, Python {platform.python_version()}"
    parts = [HEAD.format(machine=machine)]
    for title, words, rows in groups:
        parts.append(f"## {title}\n\n{words}\n\n| what | measured | beside | limit |\n| --- | --- | --- | --- |\n")
        parts += [f"| {row.what} | {row.found} | {row.beside} | {row.limit_text} |\n" for row in rows]
        for name in dict.fromkeys(point.plot for row in rows for point in row.points):
            path = DOCS / "pictures" / f"performance-{name}.svg"
            draw(name, [point for row in rows for point in row.points if point.plot == name], path)
            parts.append(f"\n![{PLOTS[name][0]}]({path.relative_to(DOCS).as_posix()})\n")
        parts.append("\n")
    (DOCS / "performance.md").write_text("".join(parts).rstrip() + "\n")


def draw(name: str, points: Sequence[Point], path: Path) -> None:
    """A line for each of the names, both axes logarithmic; the same points give the same bytes."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = name
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.5), layout="constrained")
    axes = figure.add_subplot()
    title, along, up = PLOTS[name]
    for line in dict.fromkeys(point.line for point in points):
        own = [point for point in points if point.line == line]
        axes.loglog([point.x for point in own], [point.y for point in own], marker="o", label=line)
    axes.set(title=title, xlabel=along, ylabel=up)
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    figure.savefig(path, format="svg", metadata={"Date": None})
