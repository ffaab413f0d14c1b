"""The node tests of the onnx package: a model of one or a few nodes, inputs, and what it must give.

Where only a test's parameters stand in the way of a target (weights, axes, shapes that the test gives as inputs), the
target is asked again with these as constants: that is how networks have them.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

RIGHT, WITH_CONSTANTS, REFUSED, WRONG = "right", "right with constant parameters", "refused", "wrong"
FAILS, INTERNAL = "does not run", "internal error"


@dataclass(frozen=True)
class NodeTest:
    """A model, its inputs and what it must give, with the tolerances of the onnx package."""

    name: str
    model: onnx.ModelProto
    feeds: Mapping[str, Any]
    expected: Sequence[Any]
    rtol: float
    atol: float


def node_tests() -> Iterator[NodeTest]:
    """All of them; building them takes the onnx package a quarter of a minute."""
    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its reference implementation overflows on purpose
        cases = load_model_tests(kind="node")
    for case in cases:
        inputs, outputs = case.data_sets[0]
        names = [value.name for value in case.model.graph.input]
        feeds = dict(zip(names, map(_array, inputs), strict=True))
        yield NodeTest(case.name, case.model, feeds, [_array(one) for one in outputs], case.rtol, case.atol)


def _array(value: Any) -> Any:
    """Numbers of types that numpy lacks come as TensorProto; a sequence stays as it is."""
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value


def with_constants(test: NodeTest) -> tuple[onnx.ModelProto, dict[str, Any]]:
    """The model with all inputs but the first of real numbers as initializers, and the inputs that are left."""
    arrays = {name: array for name, array in test.feeds.items() if isinstance(array, np.ndarray | np.generic)}
    reals = [name for name, array in arrays.items() if array.dtype.kind == "f"]
    kept = (reals or list(test.feeds))[:1]
    model = onnx.ModelProto()
    model.CopyFrom(test.model)
    for value in list(model.graph.input):
        if value.name in arrays and value.name not in kept:
            model.graph.initializer.append(numpy_helper.from_array(np.asarray(arrays[value.name]), value.name))
            model.graph.input.remove(value)
    left = {value.name for value in model.graph.input}
    return model, {name: array for name, array in test.feeds.items() if name in left}


def forms(test: NodeTest) -> Iterator[tuple[str, onnx.ModelProto, dict[str, Any]]]:
    """What to try, in this order: the verdict where it is right, the model, its feeds."""
    yield RIGHT, test.model, dict(test.feeds)
    yield WITH_CONSTANTS, *with_constants(test)
