"""From two files to the culprit: `truth_of` a source, `compare` a written model with it, and who is `blamed`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from mgeconvert import registry
from mgeconvert.api import Selection, load_for
from mgeconvert.errors import BadInputError

from ..comparison import random_inputs
from ..recorded import beside, read_recorded
from ..tolerance import kinds_of, limit_for
from .anew import is_right, twins_in, twins_in_source, written_anew
from .blame import Blame, Case, blame
from .culprit import Culprit, first_bad, sharpened
from .match import Layer, layers
from .observe import Observed, observe
from .reduce import Part, failing_part


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both models with their values, every layer, and where an output differs the culprit and the failing part."""

    source: Observed
    candidate: Observed
    target: registry.Backend
    limit: float
    layers: tuple[Layer, ...]
    culprit: Culprit | None = None
    part: Part | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Truth:
    """A source with its values on the inputs `feeds`: what candidates are compared with."""

    source: Observed
    feeds: Mapping[str, np.ndarray]


def truth_of(
    model: Path, target: registry.Backend, *, io: Path | None = None, model_format: str | None = None
) -> Truth:
    """Compute every value of a model in its own runtime, on the inputs recorded (`io`, or the .npz beside it), else on
    random ones. Raises BadInputError, and what the runtime raises."""
    source = registry.frontend(model_format) if model_format else registry.frontend_for(model)
    graph = load_for(source, model, target, {})
    path = io or beside(model)
    feeds = random_inputs(graph.inputs) if path is None else read_recorded(path, graph.inputs, graph.outputs).inputs
    return Truth(observe(model, source.name, graph, feeds), feeds)


def compare(candidate: Path, target: registry.Backend, truth: Truth, *, rtol: float | None = None) -> Comparison:
    """Compare every value that the candidate computes with the one of its source. Raises BadInputError, and what the
    runtime raises."""
    if target.name not in registry.frontend_names():
        raise BadInputError(f"{candidate}: {target.title} cannot be read back, so its values cannot be watched")
    written = registry.frontend(target.name).load(candidate)
    inputs = truth.source.graph.inputs
    if len(inputs) != len(written.inputs):
        raise BadInputError(f"{candidate}: inputs are {', '.join(written.inputs)}; its source has {', '.join(inputs)}")
    feeds = {name: truth.feeds[other] for name, other in _names(written.inputs, inputs).items()}
    found = observe(candidate, target.name, written, feeds)
    limit = limit_for(kinds_of(written), rtol, target).rtol
    every, culprit, part = _located(truth.source, found, target, limit, feeds)
    notes = tuple(each.note for each in (truth.source, found) if each.note)
    return Comparison(truth.source, found, target, limit, every, culprit, part, notes)


def _located(
    source: Observed, candidate: Observed, target: registry.Backend, limit: float, feeds: Mapping[str, np.ndarray]
) -> tuple[tuple[Layer, ...], Culprit | None, Part | None]:
    """Every layer, and where an output differs the culprit and the failing part; where the source's names do not say
    which value is the first bad one, a file that is written anew does."""
    every = tuple(layers(source, candidate, limit))
    culprit = first_bad(source, candidate, every)
    if culprit is None:
        return every, None, None
    anew = written_anew(source, target, feeds) if len(culprit.region) > 1 else None
    if anew is None:
        return every, culprit, failing_part(source, candidate, every, culprit, feeds)
    every = tuple(layers(source, candidate, limit, twins_in_source(source, anew, candidate.graph, limit)))
    culprit = first_bad(source, candidate, every) or culprit
    part = failing_part(source, candidate, every, culprit, feeds)
    finer = layers(anew, candidate, limit, twins_in(anew, candidate.graph), same_layout=True)
    inner = first_bad(anew, candidate, finer) if is_right(source, anew, limit) else None
    if inner is None:
        return every, culprit, part
    smaller = failing_part(anew, candidate, finer, inner, feeds)
    part = smaller if len(smaller.graph.nodes) < len(part.graph.nodes) else part
    return every, sharpened(culprit, inner), part


def blamed(
    comparison: Comparison, truth: Truth, selection: Selection, options: Mapping[str, Any] = MappingProxyType({})
) -> Blame | None:
    """Who made the culprit, where there is one; `selection` and `options` are what the candidate was written with.
    MgeconvertError where a stage cannot be done again."""
    if comparison.culprit is None or comparison.part is None:
        return None
    found = comparison
    case = Case(
        found.source, found.candidate, comparison.culprit, truth.feeds, comparison.part, found.target, selection,
        options, found.limit,
    )  # fmt: skip
    return blame(case)


def _names(wanted: Mapping[str, object], there: Mapping[str, object]) -> dict[str, str]:
    """Input names of one model with those of the other: equal ones, else by position."""
    if set(wanted) == set(there):
        return {name: name for name in wanted}
    return dict(zip(wanted, there, strict=True))
