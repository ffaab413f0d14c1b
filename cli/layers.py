"""`verify --per-layer`: every value of a written model beside the one of its source, and who made the first bad one."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mgeconvert import registry
from mgeconvert.api import Selection, level_for
from mgeconvert.errors import MgeconvertError, UsageError
from mgeconvert.files import output_files, staging

from .options import OUTPUT
from .passes import named
from .session import Session, plural
from .table import Table

if TYPE_CHECKING:
    from mgeconvert.verification.layers.compare import Comparison

ROWS = 20
"""How many values the table shows around the first that differs; `--csv` has all."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for: `passes` are those that the file was written with (None: its format's own)."""

    per_layer: bool
    csv: Path | None
    passes: tuple[str, ...] | None
    reduce: Path | None
    anonymize: bool

    @property
    def is_any(self) -> bool:
        return self.per_layer or self.csv is not None or self.reduce is not None


def layer_options() -> list[click.Parameter]:
    """The options that `wish` reads."""
    return [
        click.Option(
            ["--per-layer"], is_flag=True, help="Compare every value, and name the first bad one and its maker."
        ),
        click.Option(["--csv"], type=OUTPUT, metavar="CSV", help="--per-layer, with all values in a file."),
        click.Option(
            ["--passes"],
            metavar="A,B",
            callback=named,
            help="With --per-layer: the passes CANDIDATE was written with; else its format's.",
        ),
        click.Option(
            ["--reduce"],
            type=OUTPUT,
            metavar="FOLDER",
            help="--per-layer, and write the smallest part that fails, with its inputs.",
        ),
        click.Option(
            ["--anonymize"],
            is_flag=True,
            help="With --reduce: other names and other weights; refused where the failure needs yours.",
        ),
    ]


def wish(parameters: dict[str, Any]) -> Wish:
    """Take what `layer_options` gave out of a command's parameters; UsageError for what would be ignored."""
    found = Wish(**{name: parameters.pop(name) for name in ("per_layer", "csv", "passes", "reduce", "anonymize")})
    if found.anonymize and found.reduce is None:
        raise UsageError("--anonymize is of what --reduce writes", hint="give --reduce FOLDER")
    if found.reduce is not None and found.reduce.exists() and not found.reduce.is_dir():
        raise UsageError(f"{found.reduce}: cannot be written: it is no folder", hint="give --reduce FOLDER")
    if found.passes is not None and not found.is_any:
        raise UsageError("--passes says what to blame, and nothing is looked for", hint="give --per-layer")
    return found


def by_layer(
    session: Session,
    wanted: Wish,
    files: tuple[Path, ...],
    io: Path | None,
    rtol: float | None,
    source_format: str | None,
    target_format: str | None,
) -> Comparison:
    """Compare, answer with the table, write what was asked for."""
    from mgeconvert.verification.layers.compare import blamed, compare, truth_of

    model, candidate = files
    target = registry.backend(target_format) if target_format else registry.backend_for(candidate)
    with session.stage("verify"):
        truth = truth_of(model, target, io=io, model_format=source_format)
        found = compare(candidate, target, truth, rtol=rtol)
    selection = Selection(level_for(target)) if wanted.passes is None else Selection(0, wanted.passes)
    session.say(f"{plural(len(found.layers), 'value')}: {found.source.runtime} against {found.candidate.runtime}")
    for note in found.notes:
        session.say(f"note: {note}")
    session.answer(table(found))
    content: dict[str, Any] = {"layers": rows(found), "culprit": None}
    if found.culprit is not None:
        session.answer(f"culprit: {found.culprit.text}")
        content["culprit"] = _culprit(found)
        try:
            with session.stage("verify"):
                who = blamed(found, truth, selection)
        except MgeconvertError as error:
            session.say(f"note: who made it cannot be found: {error.message.splitlines()[0]}")
        else:
            assert who is not None
            session.answer(f"made by: {who.who}: {who.text}")
            content["culprit"]["made_by"] = {"who": who.who, "text": who.text}
    if wanted.csv is not None:
        with output_files(wanted.csv) as (file,):
            file.write(csv_text(found).encode())
    if wanted.reduce is not None:
        content["reduced"] = _reduce(session, wanted, found)
    session.document("verify", per_layer=content)
    return found


def _reduce(session: Session, wanted: Wish, found: Comparison) -> dict[str, Any] | None:
    from mgeconvert.verification.layers.anonymous import anonymous_part
    from mgeconvert.verification.layers.reduce import write_part

    assert wanted.reduce is not None
    if found.part is None:
        session.say("nothing differs: there is nothing to reduce")
        return None
    part = anonymous_part(found) if wanted.anonymize else found.part
    wanted.reduce.mkdir(parents=True, exist_ok=True)
    with staging() as stage:
        reduced = write_part(part, stage.place(wanted.reduce / "part.npz").parent, found.target, found.limit)
        for file in reduced.files:
            stage.place(wanted.reduce / file.name)
        names = stage.publish([*reduced.files])
    state = f"still fails, by {reduced.error:.3g}" if reduced.fails else "does not fail by itself"
    session.answer(f"reduced: {plural(reduced.nodes, 'node')}, {state}: {', '.join(map(str, names))}")
    for note in reduced.notes:
        session.say(f"note: {note}")
    return {"files": [str(name) for name in names], "nodes": reduced.nodes, "fails": reduced.fails}


def rows(found: Comparison) -> list[dict[str, Any]]:
    """Every value, as JSON has it: an error that is infinite is null."""
    places = {v: n.scope.path for n in found.source.graph.nodes if n.scope is not None for v in n.outputs}
    return [
        {
            "value": layer.value.name,
            "op": layer.op,
            "source": None if layer.twin is None else layer.twin.name,
            "module": None if layer.twin is None else places.get(layer.twin),
            "state": layer.state,
            "max_rel": layer.error if layer.error is not None and math.isfinite(layer.error) else None,
            "axes": list(layer.axes),
        }
        for layer in found.layers
    ]


def table(found: Comparison) -> Table:
    """The values around the first bad one; where none is, the worst."""
    every = rows(found)
    if found.culprit is not None:
        at = next(n for n, layer in enumerate(found.layers) if layer.value is found.culprit.bad)
        shown = every[max(0, at - ROWS // 2) : at + ROWS // 2]
    else:
        shown = sorted(every, key=lambda row: -(row["max_rel"] or 0.0))[:ROWS]
    cells = [(row["value"], row["op"], row["module"] or "", _figure(row["max_rel"]), row["state"]) for row in shown]
    return Table("", ("value", "operator", "module", "max rel", ""), cells, frozenset({3}))


def csv_text(found: Comparison) -> str:
    """All values: one line each under a header."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = ("value", "op", "source", "module", "state", "max_rel")
    writer.writerow(columns)
    writer.writerows([["" if row[name] is None else row[name] for name in columns] for row in rows(found)])
    return text.getvalue()


def _figure(error: float | None) -> str:
    return "-" if error is None else f"{error:.3g}"


def _culprit(found: Comparison) -> dict[str, Any]:
    culprit = found.culprit
    assert culprit is not None
    return {
        "module": culprit.modules[0] if culprit.modules else None,
        "modules": list(culprit.modules),
        "op": culprit.node.op,
        "value": culprit.value.name,
        "max_rel": culprit.error if math.isfinite(culprit.error) else None,
        "text": culprit.text,
    }
