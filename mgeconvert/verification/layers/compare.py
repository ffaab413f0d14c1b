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
from .culprit import Culprit, first_bad
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
    every = tuple(layers(truth.source, found, limit))
    notes = tuple(each.note for each in (truth.source, found) if each.note)
    culprit = first_bad(truth.source, found, every)
    anew = None
    if culprit is not None and len(culprit.region) > 1:
        anew = written_anew(truth.source, target, feeds)
    if anew is not None:
        every = tuple(layers(truth.source, found, limit, twins_in_source(truth.source, anew, written, limit)))
        culprit = first_bad(truth.source, found, every)
    part = None if culprit is None else failing_part(truth.source, found, every, culprit, feeds)
    if part is not None and anew is not None and len(part.graph.nodes) > 1 and is_right(truth.source, anew, limit):
        part = _smaller(part, anew, found, limit, feeds)
    return Comparison(truth.source, found, target, limit, every, culprit, part, notes)


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


def _smaller(part: Part, anew: Observed, candidate: Observed, limit: float, feeds: Mapping[str, np.ndarray]) -> Part:
    """The failing part by what a right file computes inside of what is one operator in the source, where that is
    smaller."""
    every = layers(anew, candidate, limit, twins_in(anew, candidate.graph), same_layout=True)
    culprit = first_bad(anew, candidate, every)
    if culprit is None:
        return part
    found = failing_part(anew, candidate, every, culprit, feeds)
    return found if len(found.graph.nodes) < len(part.graph.nodes) else part


def _names(wanted: Mapping[str, object], there: Mapping[str, object]) -> dict[str, str]:
    """Input names of one model with those of the other: equal ones, else by position."""
    if set(wanted) == set(there):
        return {name: name for name in wanted}
    return dict(zip(wanted, there, strict=True))
