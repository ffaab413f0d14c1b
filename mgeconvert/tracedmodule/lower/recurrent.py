"""Recurrent networks as ONNX's RNN and LSTM, one node per layer.

MegEngine keeps the weights of all layers and directions in one flat vector: for each layer and direction the input
weights (gates x input), the hidden weights (gates x hidden) and, with bias, two bias vectors; gates are in the order
input, forget, cell, output. Source: megengine/module/rnn.py, and what MegEngine 1.13 computes for known weights.
`proj_size` changes nothing in MegEngine's kernels.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .matmul.functional import linear
from .module import Module
from .movement.creation import full
from .movement.functional import concat
from .names import MODULE, OPDEF
from .operands import FLOAT32
from .shapes import dimension
from .table import lower

GATES = {"LSTM": [0, 3, 1, 2], "RNN": [0]}
"""ONNX's order of the gates (input, output, forget, cell) by their place in MegEngine's."""


ACTIVATIONS = {"TANH": "Tanh", "RELU": "Relu", "IDENTITY": "Affine"}


def _reordered(matrix: np.ndarray, op: str, hidden: int) -> np.ndarray:
    return matrix.reshape(len(GATES[op]), hidden, -1)[GATES[op]].reshape(matrix.shape)


def _layers(
    flat: np.ndarray, op: str, layers: int, directions: int, hidden: int, size: int, bias: bool
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
    """W, R and B of each layer in ONNX's form, with the directions as first axis."""
    gates, rest = len(GATES[op]) * hidden, flat.reshape(-1)

    def take(*shape: int) -> np.ndarray:
        nonlocal rest
        count = int(np.prod(shape))
        part, rest = rest[:count].reshape(shape), rest[count:]
        return _reordered(part, op, hidden)

    for layer in range(layers):
        width = size if layer == 0 else directions * hidden
        parts = [
            (take(gates, width), take(gates, hidden), np.concatenate([take(gates), take(gates)]) if bias else None)
            for _ in range(directions)
        ]
        inputs, hiddens, biases = zip(*parts, strict=True)
        yield np.stack(inputs), np.stack(hiddens), np.stack(biases) if bias else None


def recurrent(
    b: Builder, op: str, inp: Value, states: list[Value], weights: Value, *, num_layers: int, bidirectional: bool,
    bias: bool, hidden_size: int, nonlinearity: str = "TANH",
) -> tuple[Value, list[Value]]:  # fmt: skip
    """`inp` is (T, N, I); states are (layers * directions, N, hidden). Returns the sequence and the last states."""
    directions = 2 if bidirectional else 1
    if weights.array is None or not isinstance((inp.shape or ())[-1], int):
        refuse("a recurrent network whose weights or input width are only known at run time")
    forms = _layers(weights.array, op, num_layers, directions, hidden_size, int(inp.shape[-1]), bias)  # type: ignore[index]
    activations = [ACTIVATIONS[nonlinearity.upper()]] * directions if op == "RNN" else None
    last: list[list[Value]] = [[] for _ in states]
    for layer, (w, r, biases) in enumerate(forms):
        span = ([layer * directions], [(layer + 1) * directions], [0])
        initial = [state if num_layers == 1 else b.op("Slice", state, *span) for state in states]
        constants = [None if part is None else b.constant(part, name=weights.name) for part in (w, r, biases)]
        sequence, *finals = b.ops(
            op, 1 + len(states), inp, *constants, None, *initial, hidden_size=hidden_size,
            direction="bidirectional" if bidirectional else "forward", activations=activations,
            activation_alpha=[1.0] * directions if activations == ["Affine"] * directions else None,
        )  # fmt: skip
        inp = _directions_last(b, sequence, directions)
        for kept, final in zip(last, finals, strict=True):
            kept.append(final)
    return inp, [concat(b, finals) for finals in last]


def _directions_last(b: Builder, sequence: Value, directions: int) -> Value:
    """(T, D, N, H) to (T, N, D H)."""
    if directions == 1:
        return b.op("Squeeze", sequence, [1])
    return b.op("Reshape", b.op("Transpose", sequence, perm=[0, 2, 1, 3]), [0, 0, -1])


def _zero_state(b: Builder, inp: Value, count: int, hidden: int) -> Value:
    return full(b, [count, dimension(b, inp, 1), hidden], 0, dtype=FLOAT32)


def _module(b: Builder, self: Module, op: str, input: Value, states: list[Value] | None) -> tuple[Value, list[Value]]:
    x = b.op("Transpose", input, perm=[1, 0, 2]) if self.batch_first else input
    if states is None:
        zero = _zero_state(b, x, self.num_layers * (2 if self.bidirectional else 1), self.hidden_size)
        states = [zero] * (2 if op == "LSTM" else 1)
    output, last = recurrent(
        b, op, x, states, self._flatten_weights, num_layers=self.num_layers, bidirectional=self.bidirectional,
        bias=self.bias, hidden_size=self.hidden_size, nonlinearity=self.get("nonlinearity", "tanh"),
    )  # fmt: skip
    return b.op("Transpose", output, perm=[1, 0, 2]) if self.batch_first else output, last


@lower(MODULE + "rnn.RNN")
def rnn(b: Builder, self: Module, input: Value, hx: Value | None = None) -> Any:
    output, last = _module(b, self, "RNN", input, None if hx is None else [hx])
    return output, last[0]


@lower(MODULE + "rnn.LSTM")
def lstm(b: Builder, self: Module, input: Value, hx: Any = None) -> Any:
    output, last = _module(b, self, "LSTM", input, None if hx is None else list(hx))
    return output, last


def _reserve(b: Builder) -> Value:
    """What the opdefs keep for training."""
    return b.constant(np.zeros(0, np.float32))


@lower(OPDEF + "RNN")
def rnn_opdef(
    b: Builder, inp: Value, hx: Value, weights: Value, *, num_layers: int, bidirectional: bool, bias: bool,
    hidden_size: int, nonlineMode: str, dropout: float = 0.0, fwd_mode: str = "INFERENCE",
) -> Any:  # fmt: skip
    output, last = recurrent(
        b, "RNN", inp, [hx], weights, num_layers=num_layers, bidirectional=bidirectional, bias=bias,
        hidden_size=hidden_size, nonlinearity=nonlineMode,
    )  # fmt: skip
    return output, last, _reserve(b)


@lower(OPDEF + "LSTM")
def lstm_opdef(
    b: Builder, inp: Value, h: Value, c: Value, weights: Value, *, num_layers: int, bidirectional: bool, bias: bool,
    hidden_size: int, proj_size: int = 0, dropout: float = 0.0, fwd_mode: str = "INFERENCE",
) -> Any:  # fmt: skip
    output, last = recurrent(
        b, "LSTM", inp, [h, c], weights, num_layers=num_layers, bidirectional=bidirectional, bias=bias,
        hidden_size=hidden_size,
    )  # fmt: skip
    return output, last, _reserve(b)


def _gates(b: Builder, inp: Value, w: Value, bi: Value, h: Value, r: Value, bh: Value) -> Value:
    return b.op("Add", linear(b, inp, w, bi), linear(b, h, r, bh))


@lower(OPDEF + "RNNCell")
def rnn_cell_opdef(
    b: Builder,
    inp: Value,
    w: Value,
    bi: Value,
    h: Value,
    r: Value,
    bh: Value,
    *,
    nonlineMode: str,
) -> Value:
    gates = _gates(b, inp, w, bi, h, r, bh)
    return gates if nonlineMode.upper() == "IDENTITY" else b.op(ACTIVATIONS[nonlineMode.upper()], gates)


@lower(OPDEF + "LSTMCell")
def lstm_cell_opdef(b: Builder, inp: Value, w: Value, bi: Value, h: Value, r: Value, bh: Value, c: Value) -> Any:
    """Returns the new hidden and cell states; the third output only exists for training."""
    gates = _gates(b, inp, w, bi, h, r, bh)
    enter, forget, cell, leave = b.ops("Split", 4, gates, None, axis=-1, num_outputs=4)
    kept = b.op("Mul", b.op("Sigmoid", forget), c)
    state = b.op("Add", kept, b.op("Mul", b.op("Sigmoid", enter), b.op("Tanh", cell)))
    return b.op("Mul", b.op("Sigmoid", leave), b.op("Tanh", state)), state, gates


def _cell_zeros(b: Builder, self: Module, inp: Value) -> Value:
    return full(b, [dimension(b, inp, 0), self.hidden_size], 0, dtype=FLOAT32)


@lower(MODULE + "rnn.RNNCell")
def rnn_cell(b: Builder, self: Module, input: Value, hx: Value | None = None) -> Value:
    h = _cell_zeros(b, self, input) if hx is None else hx
    return rnn_cell_opdef(
        b, input, self.weight_ih, self.bias_ih, h, self.weight_hh, self.bias_hh, nonlineMode=self.nonlinearity
    )


@lower(MODULE + "rnn.LSTMCell")
def lstm_cell(b: Builder, self: Module, input: Value, hx: Any = None) -> Any:
    h, c = (_cell_zeros(b, self, input),) * 2 if hx is None else hx
    return lstm_cell_opdef(b, input, self.weight_ih, self.bias_ih, h, self.weight_hh, self.bias_hh, c)[:2]
