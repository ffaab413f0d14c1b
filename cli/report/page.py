"""Writing the page, and the figures for Google's Model Explorer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mgeconvert import __version__
from mgeconvert.errors import MissingDependencyError, UsageError
from mgeconvert.files import output_files
from mgeconvert.ir import Graph
from mgeconvert.verification.layers.compare import Comparison

from .collect import Census, Collected
from .network import network
from .plots import error_plot, histograms
from .quantization import quantization
from .tables import PageTable, tables

HERE = Path(__file__).parent
ERROR, MACS = 8, 6
"""Columns of the rows of `network`."""


def write(collected: Collected, documents: Sequence[Mapping[str, Any]], error: Mapping[str, Any] | None) -> list[Path]:
    """Write the files that are wanted; which. UsageError for figures of a network where there is none,
    MissingDependencyError without jinja2, MgeconvertError where a file cannot be written."""
    written = []
    if collected.report is not None:
        text = page(collected, documents, error)
        with output_files(collected.report) as (file,):
            file.write(text.encode())
        written.append(collected.report)
    if collected.node_data is not None and (error is None or collected.graph is not None):
        if collected.graph is None:
            raise UsageError("--node-data has the figures of a network, and this command has none")
        with output_files(collected.node_data) as (file,):
            file.write(json.dumps(node_data(collected.graph, collected.comparison), indent=1).encode())
        written.append(collected.node_data)
    return written


def page(collected: Collected, documents: Sequence[Mapping[str, Any]], error: Mapping[str, Any] | None) -> str:
    """The page as text."""
    try:
        import jinja2
        from markupsafe import Markup
    except ImportError as missing:
        raise MissingDependencyError(
            f"--report is written with jinja2, which cannot be imported ({missing})",
            hint='pip install "jinja2>=3.1,<4"',
        ) from missing
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    template = environment.from_string(_text("page.html"))
    document: dict[str, Any] = {}
    for each in documents:
        document |= each
    document |= {"error": error} if error else {}
    after = None if collected.before is None or collected.graph is None else Census.of(collected.graph)
    shown = list(tables(document, collected.before, after))
    if collected.graph is not None:
        shown += quantization(collected.graph)
    compared = collected.comparison
    nodes, tree = ([], None) if collected.graph is None else network(collected.graph, compared)
    plot, worst = (None, []) if compared is None else (error_plot(compared), histograms(compared))
    return template.render(
        command=document.get("command", ""),
        title=_title(document),
        error=error,
        contents=_contents(shown, plot is not None, bool(worst), tree is not None),
        tables=shown,
        plot=plot,
        histograms=worst,
        tree=tree,
        nodes=Markup(_embedded(nodes)),
        style=Markup(_text("page.css")),
        script=Markup(_text("page.js")),
        version=__version__,
    )


def node_data(graph: Graph, comparison: Comparison | None = None) -> dict[str, Any]:
    """The error of each node where it is known, else its MACs, in Model Explorer's node-data form: results by the ids
    that `inspect --model-explorer` gives the nodes.

    Source: "Node data" in Model Explorer's guide: graph id to results by node id, and a gradient of colours.
    """
    rows, _ = network(graph, comparison)
    column = ERROR if comparison is not None else MACS
    gradient = [{"stop": 0, "bgColor": "#ffffff"}, {"stop": 1, "bgColor": "#d1242f" if comparison else "#0b63c5"}]
    names = [name for name, *_ in rows]
    results = {name: {"value": row[column]} for name, row in zip(names, rows, strict=True) if row[column] is not None}
    return {graph.name: {"results": results, "gradient": gradient}}


def _contents(shown: Sequence[PageTable], *there: bool) -> list[tuple[str, str]]:
    """The links to the sections."""
    fixed = (("errors", "Error by layer"), ("worst", "The worst values"), ("modules", "Modules"))
    found = [(each.id, each.title) for each in shown] + [
        row for row, is_there in zip(fixed, there, strict=True) if is_there
    ]
    return [*found, ("graph", "Graph")] if there[-1] else found


def _title(document: Mapping[str, Any]) -> str:
    for key in ("candidate", "source", "model", "a"):
        if isinstance(document.get(key), str):
            return str(document[key])
    return ""


def _embedded(content: Any) -> str:
    """JSON that may stand in a script element."""
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _text(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
