"""`mgeconvert quantize`: a float network with integers, by a recipe and data to calibrate with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mgeconvert import api
from mgeconvert.calibration.recipe import CALIBRATIONS, RECIPES, Recipe, read_recipe
from mgeconvert.errors import UsageError

from .convert import export_options, from_option, out_option, to_option
from .export import Job, check_out, target_for, write
from .formats import FormatStep, named
from .options import FILE, InputNames, option_values
from .passes import say_outcome, selection
from .reading import model_of
from .sections import Section
from .session import Session, plural
from .state import State
from .table import Table

if TYPE_CHECKING:
    from mgeconvert.calibration.driver import Result

USAGE = "mgeconvert quantize MODEL --data DATA -o OUT"
ROWS = 20
"""How many modules the table shows; --json has all."""
OPTIONS = ("calibration", "percentile", "symmetric", "per_channel", "equalize", "correct_bias", "max_error")
"""Options that say what a recipe's keys of the same names do."""


class Data(InputNames):
    """A folder, a file, or script.py:feeds."""

    def paths(self, value: str | tuple[str, ...]) -> tuple[Path, ...]:
        """The file that is read."""
        name, _, attribute = str(value).rpartition(":")
        return (Path(name),) if attribute and name.endswith(".py") else (Path(str(value)),)


def _recipe(given: dict[str, Any]) -> Recipe:
    """The recipe with the options of the command line; takes them out of `given`."""
    recipe = read_recipe(given.pop("recipe"))
    changes = {name: given.pop(name) for name in OPTIONS}
    keep = given.pop("keep_float")
    return recipe.changed(**changes, keep_float=(*recipe.keep_float, *keep) or None)


def _check(session: Session, model: Path | None, out: Path | None, **rest: Any) -> None:
    given = dict(rest)
    recipe = _recipe(given)
    if recipe.observes and rest["data"] is None:
        raise UsageError(
            f"the recipe {recipe.recipe} observes what the network computes: --data is missing", hint=USAGE
        )
    check_out(session, model, out, **given)
    target = named(model, out, given)[1]
    if target is not None:
        from mgeconvert.calibration.targets import checked_recipe

        checked_recipe(recipe, target)


def _quantize(session: Session, state: State, model: Path | None, out: Path | None, **rest: Any) -> State:
    from mgeconvert.calibration.targets import checked_recipe, finish, options_for

    recipe = _recipe(rest)
    data = rest.pop("data")
    source, written = named(model, out, rest)
    del rest["source_format"], rest["target_format"]
    load_options, save_options = option_values(rest, "from"), option_values(rest, "to")
    passes = selection(rest, beside=api.LEVEL)
    state, graph = model_of(session, state, model, source, USAGE, None, load_options)
    target = target_for(state, out, written)
    options = {} if target is None else options_for(recipe, target)
    recipe, notes = checked_recipe(recipe, target)
    for note in notes:
        session.say(note)
    graph = graph.copy()
    with session.stage("optimize"):
        outcome = api.run_passes(graph, passes, None)
    say_outcome(session, outcome, rest.pop("show_declined"))
    result = _result(session, graph, data, recipe)
    session.document("quantize", **_document(recipe, result))
    if target is None or out is None:
        return replace(state, graph=result.graph, recorded=None, own=None, is_of_run=True)
    finish(result, target)
    state = replace(state, graph=result.graph, recorded=_truth(result, out), own=None, is_of_run=True)
    given = {name: value for name, value in save_options.items() if value not in (None, False, "")}
    options = {**save_options, **options, **given}
    return write(session, state, Job("quantize", target, out, options, api.Selection(0), done=outcome, **rest))


def _result(session: Session, graph: Any, data: str | None, recipe: Recipe) -> Result:
    """Quantize, and say what it costs."""
    from mgeconvert.calibration.data import random_samples, read_samples
    from mgeconvert.calibration.driver import quantize

    with session.stage("calibrate"):
        samples = random_samples(graph.inputs) if data is None else read_samples(data, graph.inputs)
    with session.stage("quantize"):
        result = quantize(graph, samples, recipe)
    said = "random inputs" if data is None else f"{plural(len(samples), 'sample')} of {data}"
    session.say(f"quantized by the recipe {recipe.recipe} with {said}: {plural(len(result.modules), 'operator')}")
    session.answer(*_tables(result))
    if result.kept:
        session.say(f"kept in floats, for an error of at most {recipe.max_error:g}: {', '.join(result.kept)}")
    return result


def _tables(result: Result) -> list[str | Table]:
    rows = [(each.path, each.op, _decibels(each.own), _decibels(each.total)) for each in result.modules[:ROWS]]
    title = "signal to noise by module, dB, the worst first"
    more = len(result.modules) - len(rows)
    parts: list[str | Table] = []
    if rows:
        parts.append(Table(title, ("module", "operator", "of its own", "with those before"), rows, frozenset({2, 3})))
    if more > 0:
        parts.append(f"and {more} more, which --json lists")
    outputs = [
        (
            each.name,
            f"{each.error:.3g}",
            f"{each.cosine:.6f}",
            f"{each.same_label} of {each.rows}" if each.rows else "-",
        )
        for each in result.outputs
    ]
    heads = ("output", "error", "cosine", "largest at the same place")
    parts.append(Table("the network's outputs against those of the float one", heads, outputs, frozenset({1, 2, 3})))
    return parts


def _decibels(number: float) -> str:
    return f"{number:.1f}" if math.isfinite(number) else "exact" if number > 0 else "no signal"


def _document(recipe: Recipe, result: Result) -> Mapping[str, Any]:
    def finite(row: Mapping[str, Any]) -> dict[str, Any]:
        return {
            key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in row.items()
        }

    return {
        "recipe": asdict(recipe),
        "modules": [finite(asdict(each)) for each in result.modules],
        "outputs": [finite(asdict(each)) for each in result.outputs],
        "kept_float": result.kept,
    }


def _truth(result: Result, out: Path) -> Any:
    """What the written file is judged by: the quantized network in onnxruntime, on the first sample."""
    from mgeconvert.verification.recorded import Recorded

    said = "what the quantized network computes in onnxruntime, on the first sample"
    return Recorded(out, dict(result.sample), dict(result.computed), said, "ir")


def _options() -> list[click.Parameter | Section]:
    return [
        Section(
            "Quantization",
            [
                click.Option(
                    ["--data"], type=Data(), metavar="DATA",
                    help="Samples: a folder of .npy or .npz files, an .npz, or script.py:feeds, which gives them.",
                ),
                click.Option(
                    ["--recipe"], default="int8", show_default=True, metavar="NAME|FILE.json",
                    help=f"{', '.join(RECIPES)}, or a file that says more.",
                ),
                click.Option(
                    ["--calibration"], type=click.Choice(CALIBRATIONS),
                    help="How the range of a value is chosen from what it was; else minmax.",
                ),
                click.Option(
                    ["--percentile"], type=float, metavar="PERCENT",
                    help="With --calibration percentile: how much of a value is in its range; else 99.99.",
                ),
                click.Option(
                    ["--symmetric/--asymmetric"], default=None,
                    help="Activations with zero point 0; else with any, in a TracedModule 0.",
                ),
                click.Option(
                    ["--per-channel/--per-tensor"], default=None,
                    help="Scales of weights; else per channel, in a TracedModule one.",
                ),
                click.Option(
                    ["--equalize/--no-equalize"], default=None,
                    help="First move scales between layers, so that the channels of a weight are alike.",
                ),
                click.Option(
                    ["--correct-bias/--no-correct-bias"], default=None,
                    help="Take the mean error of each channel out of the biases.",
                ),
                click.Option(
                    ["--keep-float"], multiple=True, metavar="REGEX",
                    help="Modules that stay in floats, by their paths and those around them; once for each.",
                ),
                click.Option(
                    ["--max-error"], type=float, metavar="ERROR",
                    help="Keep the modules that lose most in floats until no output is further off: root of the sum of"
                    " squared differences, relative to that of squares.",
                ),
            ],
        )
    ]  # fmt: skip


command = FormatStep(
    "quantize",
    _quantize,
    [
        click.Argument(["model"], required=False, type=FILE),
        out_option(),
        *_options(),
        from_option(),
        to_option(),
        *export_options(),
    ],
    "Quantize MODEL, a network of floats, by a recipe; say what it costs, module by module; with -o write it.",
    formats=lambda given: named(given["model"], given["out"], given),
    example="quantize m.onnx -o m.tflite",
    check=_check,
)
