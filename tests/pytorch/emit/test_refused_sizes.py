"""What is said of forms whose sizes are only known at run time, or that torch counts otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mgeconvert import registry
from mgeconvert.ir import Dim, Graph, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.tracedmodule.lower.load import load
from tests.tracedmodule import sources

ODD = ("n", 2, "h", "w")


def reasons(op: str, *operands: Any, shape: tuple[Dim, ...] = ODD, dtype: str = "float32", **attrs: Any) -> list[str]:
    """The reasons against one operator on an input of that shape; a tuple among the operands is one more input."""
    b = Builder(Graph())
    given: list[Value | Any] = [b.input("x", np.dtype(dtype), shape)]
    for number, operand in enumerate(operands):
        known = not isinstance(operand, tuple)
        given.append(operand if known else b.input(f"y{number}", np.dtype(np.float32), operand))
    outputs = attrs.pop("outputs", 1)
    for number, value in enumerate(b.ops(op, outputs, *given, **attrs)):
        b.output(f"z{number}", value)
    return [problem.reason for problem in registry.backend("pytorch").problems(b.graph)]


KERNEL = np.ones((2, 2, 3, 3), np.float32)


@pytest.mark.parametrize(
    ("op", "operands", "options", "reason"),
    [
        (
            "Conv", (KERNEL,), {"auto_pad": "SAME_UPPER", "strides": (2, 2)},
            "auto_pad=SAME_UPPER of a size that is only known at run time",
        ),
        ("Conv", (("o", 2, "a", "b"),), {"auto_pad": "SAME_LOWER"}, "a kernel whose size is only known at run time"),
        (
            "ConvTranspose", (KERNEL,), {"output_shape": (8, 8)},
            "an output_shape of a size that is only known at run time",
        ),
        (
            "ConvTranspose", (KERNEL,), {"output_padding": (2, 2), "pads": (0, 0, 0, 0), "shape": (1, 2, 4, 4)},
            "an output padding beyond the stride",
        ),
        ("Pad", ([1] * 8,), {"mode": "reflect"}, "padding of mode reflect over 4 axes"),
        ("Pad", ([0, 0, 0, 1] * 2,), {"mode": "edge", "dtype": "int64"}, "padding of mode edge of int64"),
        ("Unique", (), {"sorted": 0}, "values that are not sorted, or the places and counts of unique values"),
        ("Unique", (), {"outputs": 4}, "values that are not sorted, or the places and counts of unique values"),
    ],
)  # fmt: skip
def test_an_operator(op: str, operands: tuple[Any, ...], options: dict[str, Any], reason: str) -> None:
    assert reasons(op, *operands, **options) == [reason]


def test_what_is_written_without_sizes() -> None:
    """A padding that depends on no size of the input is known."""
    assert reasons("Conv", KERNEL, auto_pad="SAME_UPPER") == []


def test_a_call_that_is_lowered(tmp_path: Any) -> None:
    """An interpolation to a size is written as the operator that it means."""
    path = tmp_path / "model.pkl"
    path.write_bytes(sources.source("networks_images/HRNet")[0])
    graph = load(path, faithful=True, varying="batch", trains=True)
    assert registry.backend("pytorch").problems(graph) == []
