"""What a static graph says of itself, also when it cannot be lowered."""

from __future__ import annotations

import collections
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from mgeconvert.ir import Value
from mgeconvert.registry import Description
from mgeconvert.tracedmodule.lower.driver import storage
from mgeconvert.verification.recorded import Recorded

from .lower.driver import inputs_of
from .read.model import read
from .read.records import StaticGraph, Variable


def describe(path: Path) -> Description:
    """Its inputs and outputs by name, the MegEngine that wrote it, and its operators. BadInputError for a file that is
    no static graph."""
    model = read(path)
    return Description(
        inputs={tensor.name: Value(tensor.name, storage(tensor.dtype), tensor.shape) for tensor in inputs_of(model)},
        outputs=dict(_outputs(model)),
        writer=f"MegEngine {model.version} ({container(model)})",
        operators=dict(sorted(collections.Counter(operator.type for operator in model.operators).items())),
    )


def recorded(path: Path) -> Recorded | None:
    """The first test case of a file that has some: what it recorded of the inputs, and of the outputs it tests."""
    model = read(path)
    if not model.cases:
        return None
    case = model.cases[0]
    return Recorded(path, dict(case.inputs), dict(case.outputs))


def container(model: StaticGraph) -> str:
    """``mgv2``, with what is around it."""
    return f"{model.container} in {model.wrapped}" if model.wrapped else model.container


def _outputs(model: StaticGraph) -> Iterable[tuple[str, Value]]:
    for number, name in model.outputs:
        said = model.variables.get(number, Variable())
        yield name, Value(name, np.dtype(storage(said.dtype)) if said.dtype else None, said.shape)
