"""Rows of ONNX operators: one form of an operator a line, judged in every target's own runtime.

    Op("Softmax", X(2, 3, 4), axis=1)
    Op("Conv", X(1, 3, 8, 8), P(4, 3, 3, 3), None, pads=(1, 1, 1, 1))

`X` is a graph input, `P` a constant, None an omitted operand. The truth is onnxruntime at the opset of the IR.
"""

from __future__ import annotations

import functools
import importlib
import re
from typing import Any

import numpy as np

from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.families import FAMILIES
from mgeconvert.ir.scopes import Scope

from .cases import LOOSE, P, X

IMAGE = (2, 3, 5, 7)
BLOCK = (2, 4, 5, 6)
"""Two shapes that many rows share."""


def ints(*numbers: int) -> P:
    """Constant whole numbers: axes, sizes, positions."""
    return P(values=np.array(numbers, np.int64), dtype="int64")


class Op:
    """One form of an operator.

    `rtol` bounds max|a - b| / max|b|, `why` explains one above 1e-4; the other keywords are the operator's attributes.
    What a target says to a form that it refuses is in `tests.harness.refusals`.
    """

    def __init__(
        self,
        op: str,
        *operands: X | None,
        outputs: int = 1,
        rtol: float = 1e-5,
        why: str = "",
        **attrs: Any,
    ) -> None:
        if rtol > LOOSE and not why:
            raise ValueError(f"{op}: rtol={rtol} needs a why")
        self.op, self.operands, self.outputs, self.attrs = op, operands, outputs, attrs
        self.rtol = rtol

    @functools.cached_property
    def id(self) -> str:
        """``Softmax-2x3x4-axis=1``: unique among rows that differ in shapes, dtypes or attributes."""
        kinds = ["_" if operand is None else _brief(operand) for operand in self.operands]
        given = [f"{key}={_text(value)}" for key, value in self.attrs.items()]
        return "-".join([self.op, *kinds, *given])

    @property
    def feeds(self) -> dict[str, np.ndarray]:
        """The arrays of the graph's inputs, by name."""
        return {name: array for name, array in self._arrays.items() if name.startswith("x")}

    @functools.cached_property
    def _arrays(self) -> dict[str, np.ndarray]:
        return {
            f"{operand.letter}{at}": operand.array(f"{self.id}/{at}")
            for at, operand in enumerate(self.operands)
            if operand is not None
        }

    def graph(self) -> Graph:
        """The one-node graph: inputs ``x0``, ``x1``, ..., outputs ``y0``, ``y1``, ..."""
        b = Builder(Graph())
        b.enter(Scope("layer", self.op))
        values: list[Any] = []
        for at, operand in enumerate(self.operands):
            if operand is None:
                values.append(None)
            elif isinstance(operand, P):
                values.append(b.constant(self._arrays[f"p{at}"]))
            else:
                array = self._arrays[f"x{at}"]
                values.append(b.input(f"x{at}", array.dtype, array.shape))
        for at, value in enumerate(b.ops(self.op, self.outputs, *values, **self.attrs)):
            b.output(f"y{at}", value)
        return b.graph

    def __repr__(self) -> str:
        return self.id


def _brief(operand: X) -> str:
    constant = "c" if isinstance(operand, P) else ""
    kind = "" if operand.dtype == "float32" else operand.dtype
    if operand.values is not None and operand.values.size <= 8:
        return f"{constant}{kind}[{','.join(map(str, operand.values.ravel().tolist()))}]"
    bounds = "" if (operand.low, operand.high) in ((-1.0, 1.0), (0, 10), (0, 2)) else f"@{operand.low}:{operand.high}"
    return f"{constant}{kind}{'x'.join(map(str, operand.shape)) or 'scalar'}{bounds}"


def _text(value: Any) -> str:
    return re.sub(r"\s+", "", str(value.tolist() if isinstance(value, np.ndarray) else value))


@functools.cache
def rows(family: str | None = None) -> tuple[Op, ...]:
    """The rows of a family, or of all; ValueError where two have one id."""
    families = FAMILIES if family is None else [family]
    found = [
        row
        for name in families
        if importlib.util.find_spec(f"tests.operators.{name}")
        for row in importlib.import_module(f"tests.operators.{name}").ROWS
    ]
    ids = [row.id for row in found]
    if twice := sorted({each for each in ids if ids.count(each) > 1}):
        raise ValueError(f"tests/operators: rows that differ in nothing that their ids show: {', '.join(twice)}")
    return tuple(found)
