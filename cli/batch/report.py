"""A batch's results as a table, as JSON, as JUnit XML, and against an earlier run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from mgeconvert import __version__
from mgeconvert.errors import BadInputError

from ..table import Table
from .pool import Result

FORMAT = "mgeconvert batch"
SLOWER, LARGER, LESS_EXACT = 1.5, 1.02, 2.0
"""Factors from which on time, bytes, nodes and error count as worse than in the baseline."""
LEAST_SECONDS, LEAST_ERROR = 0.5, 1e-6
"""Smaller times and errors are noise."""


def row(result: Result) -> dict[str, Any]:
    """A result's entry in the JSON document."""
    document = result.document
    verification = document.get("verification") or {}
    errors = [output["max_rel"] for output in verification.get("outputs", []) if output.get("max_rel") is not None]
    return {
        "name": result.job.name,
        "target": result.job.target,
        "source": str(result.job.source),
        "output": str(result.job.output),
        "state": result.state,
        "message": result.message,
        "bytes": sum(file["bytes"] for file in document.get("files", [])) or None,
        "nodes": document.get("nodes"),
        "max_rel": max(errors, default=None),
        "seconds": round(result.seconds, 3),
        "cpu": round(result.cpu, 3),
    }


def document(results: Sequence[Result], worse: Sequence[str]) -> dict[str, Any]:
    """The whole of it."""
    counts = Counter(result.state for result in results)
    rows = [row(result) for result in results]
    return {"format": FORMAT, "version": __version__, "counts": dict(counts), "worse": list(worse), "models": rows}


def table(results: Sequence[Result]) -> Table:
    """One row per job, what failed last."""
    ordered = sorted(results, key=lambda result: (not result.is_good, result.job.name, result.job.target))
    cells = []
    for result in ordered:
        entry = row(result)
        figure = "-" if entry["max_rel"] is None else f"{entry['max_rel']:.2g}"
        first = result.message.splitlines()[0] if result.message and result.state != "unchanged" else ""
        size = "-" if entry["bytes"] is None else f"{entry['bytes']:,}"
        cells.append((entry["name"], entry["target"], result.state, size, figure, f"{result.seconds:.1f}", first))
    columns = ("model", "target", "state", "bytes", "max rel", "s", "")
    return Table("", columns, cells, frozenset({3, 4, 5}))


def junit(results: Sequence[Result]) -> bytes:
    """One test case per job; what was refused or differs is a failure, what broke is an error."""
    bad = [result for result in results if not result.is_good]
    failures = sum(result.state in ("refused", "mismatch") for result in bad)
    suite = ElementTree.Element(
        "testsuite",
        name="mgeconvert batch",
        tests=str(len(results)),
        failures=str(failures),
        errors=str(len(bad) - failures),
        time=f"{sum(result.seconds for result in results):.3f}",
    )
    for result in results:
        case = ElementTree.SubElement(
            suite, "testcase", classname=result.job.name, name=result.job.target, time=f"{result.seconds:.3f}"
        )
        if not result.is_good:
            tag = "failure" if result.state in ("refused", "mismatch") else "error"
            first = (result.message.splitlines() or [result.state])[0]
            ElementTree.SubElement(case, tag, type=result.state, message=_plain(first)).text = _plain(result.message)
    content: bytes = ElementTree.tostring(suite, "utf-8", xml_declaration=True)
    return content


def _plain(text: str) -> str:
    """XML has no control characters."""
    return "".join(letter if letter >= " " or letter in "\t\n" else "?" for letter in text)


@dataclass(frozen=True, slots=True)
class Baseline:
    """An earlier run: by which version, and its entries by model and target."""

    version: str = __version__
    entries: Mapping[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)


def read_baseline(path: Path) -> Baseline:
    """The run of an earlier --json document; BadInputError for what is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        content = next((step for step in content.get("steps", []) if step.get("format") == FORMAT), content)
        if content["format"] != FORMAT:
            raise KeyError("format")
        entries = {(entry["name"], entry["target"]): entry for entry in content["models"]}
        return Baseline(str(content["version"]), entries)
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInputError(
            f"{path}: no document of `mgeconvert --json batch`", hint="mgeconvert batch MANIFEST --json > baseline.json"
        ) from error


def worse(results: Sequence[Result], baseline: Mapping[tuple[str, str], Mapping[str, Any]]) -> list[str]:
    """What got worse since the baseline, one line each."""
    good = ("verified", "written", "unchanged")
    lines = []
    for result in results:
        was, now = baseline.get((result.job.name, result.job.target)), row(result)
        if was is None:
            continue
        if was["state"] in good and not result.is_good:
            lines.append(f"{result.job.title}: was {was['state']}, is {result.state}")
            continue
        for key, factor, least in (
            ("bytes", LARGER, 0),
            ("nodes", 1.0, 0),
            ("max_rel", LESS_EXACT, LEAST_ERROR),
            ("seconds", SLOWER, LEAST_SECONDS),
        ):
            before, after = was.get(key), now[key]
            if before is None or after is None or (key == "seconds" and result.state == "unchanged"):
                continue
            if after > max(before * factor, least):
                lines.append(f"{result.job.title}: {key} {before:g}, now {after:g}")
    return lines
