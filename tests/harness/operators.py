"""Rows of ONNX operators: one form of an operator a line, judged in every target's own runtime.

    Op("Softmax", X(2, 3, 4), axis=1)
    Op("Conv", X(1, 3, 8, 8), P(4, 3, 3, 3), None, pads=(1, 1, 1, 1))

`X` is a graph input, `P` a constant, None an omitted operand. The truth is onnxruntime at the opset of the IR.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.families import FAMILIES
from mgeconvert.ir.scopes import Scope

from .rows import EMPTY, P, Row, X

IMAGE = (2, 3, 5, 7)
BLOCK = (2, 4, 5, 6)
"""Two shapes that many rows share."""


def ints(*numbers: int) -> P:
    """Constant whole numbers: axes, sizes, positions."""
    return P(values=np.array(numbers, np.int64), dtype="int64")


@dataclass(frozen=True, eq=False, init=False)
class Op(Row):
    """One form of an operator; the keywords that are not a row's are the operator's attributes.

    What a target says to a form that it refuses is in `tests.harness.refusals`.
    """

    op: str
    operands: tuple[X | None, ...]
    outputs: int
    attrs: Mapping[str, Any]

    def __init__(
        self,
        op: str,
        *operands: X | None,
        outputs: int = 1,
        id: str = "",
        rtol: float = 1e-5,
        reason: str = "",
        **attrs: Any,
    ) -> None:
        own = {"op": op, "operands": operands, "outputs": outputs, "attrs": attrs}
        inherited = {"id": id, "rtol": rtol, "reason": reason, "refused": EMPTY, "xfail": EMPTY, "options": EMPTY}
        for name, value in {**own, **inherited}.items():
            object.__setattr__(self, name, value)
        self.__post_init__()

    def automatic_id(self) -> str:
        """``Softmax-2x3x4-axis=1``: unique among rows that differ in shapes, dtypes or attributes."""
        return operator_id(self.op, self.operands, self.attrs)

    def named_operands(self) -> Mapping[str, X]:
        return {str(at): operand for at, operand in enumerate(self.operands) if operand is not None}

    @functools.cached_property
    def _arrays(self) -> dict[str, np.ndarray]:
        return {f"{self.named_operands()[at].letter}{at}": array for at, array in self.arrays().items()}

    @property
    def feeds(self) -> dict[str, np.ndarray]:
        """The arrays of the graph's inputs, by name."""
        return {name: array for name, array in self._arrays.items() if name.startswith("x")}

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


def operator_id(op: str, operands: Sequence[X | None], attrs: Mapping[str, Any]) -> str:
    """The id of a form: the operator, each operand's shape, dtype and range, each attribute."""
    kinds = ["_" if operand is None else brief(operand) for operand in operands]
    return "-".join([op, *kinds, *(f"{key}={_text(value)}" for key, value in attrs.items())])


def brief(operand: X) -> str:
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
