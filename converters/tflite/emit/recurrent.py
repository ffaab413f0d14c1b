"""Recurrent networks, unrolled: one product for all inputs, then one step after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Dim, Shape, table_size

from ..layout.wants import PLAIN
from ..model import Array, Tensor, merged
from .emission import Emission
from .table import emit

STEPS = 512
"""More steps than this would make a file of tens of thousands of operators."""
ACTIVATIONS = {"Sigmoid": "LOGISTIC", "Tanh": "TANH", "Relu": "RELU"}
Cell = Callable[[Emission, Tensor, list[Tensor], Array, Array, "Sequence[str]"], "list[Tensor]"]


def _connected(c: Emission, x: Tensor, matrix: Array, bias: Array) -> Tensor:
    operands = (c.const(matrix, np.float32, "weight"), c.const(bias, np.float32, "bias"))
    return c.op("FULLY_CONNECTED", x, *operands, shape=(x.shape[0], len(matrix)), KeepNumDims=False)


def _split(c: Emission, x: Tensor, count: int) -> list[Tensor]:
    (columns,) = c.known(x.shape[1:], "a recurrent network")
    shapes: list[Shape] = [(x.shape[0], columns // count)] * count
    return c.ops("SPLIT", count, c.const(1, np.int32), x, shape=shapes, dtype=x.dtype, NumSplits=count)


def _rnn(c: Emission, x: Tensor, state: list[Tensor], r: Array, bias: Array, functions: Sequence[str]) -> list[Tensor]:
    return [c.op(functions[0], c.op("ADD", x, _connected(c, state[0], r, bias)))]


def _lstm(c: Emission, x: Tensor, state: list[Tensor], r: Array, bias: Array, functions: Sequence[str]) -> list[Tensor]:
    """Gates in ONNX's order: input, output, forget, cell."""
    i, o, f, g = _split(c, c.op("ADD", x, _connected(c, state[0], r, bias)), 4)
    kept = c.op("MUL", c.op(functions[0], f), state[1])
    cell = c.op("ADD", kept, c.op("MUL", c.op(functions[0], i), c.op(functions[1], g)))
    return [c.op("MUL", c.op(functions[0], o), c.op(functions[2], cell)), cell]


def _gru(c: Emission, x: Tensor, state: list[Tensor], r: Array, bias: Array, functions: Sequence[str]) -> list[Tensor]:
    """Gates in ONNX's order: update, reset, hidden."""
    hidden = state[0]
    third = len(r) // 3
    xz, xr, xh = _split(c, x, 3)
    if c.attr("linear_before_reset", 0):
        hz, hr, hh = _split(c, _connected(c, hidden, r, bias), 3)
        reset = c.op(functions[0], c.op("ADD", xr, hr))
        candidate = c.op(functions[1], c.op("ADD", xh, c.op("MUL", reset, hh)))
    else:
        hz, hr = _split(c, _connected(c, hidden, r[: 2 * third], bias[: 2 * third]), 2)
        reset = c.op(functions[0], c.op("ADD", xr, hr))
        gated = _connected(c, c.op("MUL", reset, hidden), r[2 * third :], bias[2 * third :])
        candidate = c.op(functions[1], c.op("ADD", xh, gated))
    update = c.op(functions[0], c.op("ADD", xz, hz))
    fresh = c.op("MUL", c.op("SUB", c.like(1, update), update), candidate)
    return [c.op("ADD", fresh, c.op("MUL", update, hidden))]


CELLS: dict[str, tuple[Cell, int, tuple[str, ...]]] = {
    "RNN": (_rnn, 1, ("Tanh",)),
    "LSTM": (_lstm, 4, ("Sigmoid", "Tanh", "Tanh")),
    "GRU": (_gru, 3, ("Sigmoid", "Tanh")),
}
"""The cell, its number of gates, its default activations."""


@emit(*CELLS, wants=PLAIN, data=1, note="unrolled; a known number of steps")
def recurrent(c: Emission, x: Tensor) -> list[Tensor]:
    cell, gates, defaults = CELLS[c.node.op]
    if c.attr("layout", 0) or c.attr("clip") is not None or c.attr("input_forget", 0) or c.value(7) is not None:
        refuse(f"{c.node.op} with batch-first layout, clipping, coupled gates or peepholes")
    if c.value(4) is not None:
        refuse(f"{c.node.op} with sequence lengths: each sequence would take another number of steps")
    (steps,) = c.known(x.shape[:1], "a recurrent network")
    batch = x.shape[1]
    if steps > STEPS:
        refuse(f"{c.node.op} of {steps} steps: more than {STEPS} are not unrolled")
    w, r = c.array(1, "weight"), c.array(2, "recurrent weight")
    assert w is not None
    assert r is not None
    directions, hidden = len(w), r.shape[-1]
    given = c.array(3, "bias")
    bias = table_size.zeros((directions, 2 * gates * hidden), np.float32) if given is None else given
    names = c.attr("activations") or defaults * directions
    if set(names) - set(ACTIVATIONS):
        refuse(f"{c.node.op} with activation {', '.join(sorted(set(names) - set(ACTIVATIONS)))}")
    outputs: list[list[Tensor]] = []
    lasts: list[list[Tensor]] = []
    states = 2 if c.node.op == "LSTM" else 1
    for index in range(directions):
        functions = [ACTIVATIONS[name] for name in names[index * len(defaults) : (index + 1) * len(defaults)]]
        initial = [_initial(c, x, 5 + which, index, (batch, hidden)) for which in range(states)]
        half = gates * hidden
        flat = c.reshape(x, (merged((steps, batch)), x.shape[2]))
        projected = c.reshape(_connected(c, flat, w[index], bias[index, :half]), (steps, batch, half))
        shapes: list[Shape] = [(batch, half)] * steps
        inputs = c.ops("UNPACK", steps, projected, shape=shapes, Axis=0, Num=steps)
        backwards = c.attr("direction", "forward") == "reverse" or index == 1
        made, last = [], initial
        for step in reversed(inputs) if backwards else inputs:
            last = cell(c, step, last, r[index], bias[index, half:], functions)
            made.append(last[0])
        outputs.append(made[::-1] if backwards else made)
        lasts.append(last)
    results = [_sequence(c, outputs, (steps, directions, batch, hidden))]
    results += [_pack(c, list(finals), (directions, batch, hidden)) for finals in zip(*lasts, strict=True)]
    return results[: len(c.node.outputs)]


def _initial(c: Emission, x: Tensor, index: int, direction: int, shape: Shape) -> Tensor:
    """The given state of one direction, or zeros."""
    batch, hidden = shape
    if c.value(index) is None:
        if isinstance(batch, int):
            return c.const(table_size.zeros((batch, int(hidden))), np.float32)
        dims = c.op("SHAPE", x, shape=(3,), dtype=np.int32, OutType=2)
        rows = c.op("SLICE", dims, c.const([1], np.int32), c.const([1], np.int32), shape=(1,))
        size = c.op("CONCATENATION", rows, c.const([hidden], np.int32), shape=(2,), Axis=0)
        return c.op("FILL", size, c.const(0, np.float32), shape=shape, dtype=np.float32)
    whole = c.tensor(index)
    if whole.array is not None:
        return c.const(whole.array[direction])
    if whole.shape[0] == 1:
        return c.reshape(whole, shape)
    begin, size = c.const([direction, 0, 0], np.int32), c.const([1, -1, -1], np.int32)
    return c.reshape(c.op("SLICE", whole, begin, size, shape=(1, *shape)), shape)


def _pack(c: Emission, tensors: list[Tensor], shape: Shape) -> Tensor:
    if len(tensors) == 1:
        return c.reshape(tensors[0], shape)
    return c.op("PACK", *tensors, shape=shape, Axis=0, ValuesCount=len(tensors))


def _sequence(c: Emission, outputs: list[list[Tensor]], shape: tuple[int, int, Dim, int]) -> Tensor:
    """(steps, directions, batch, hidden) from each direction's states."""
    steps, directions, batch, hidden = shape
    both = [made for step in zip(*outputs, strict=True) for made in step]
    return c.reshape(_pack(c, both, (steps * directions, batch, hidden)), shape)
