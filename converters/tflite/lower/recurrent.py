"""Recurrent networks over whole sequences: tensorflow/lite/kernels/unidirectional_sequence_lstm.cc and its siblings.

Operands of an LSTM: 0 data; 1-4 weights of the data for the gates input, forget, cell, output; 5-8 those of the state;
9-11 peepholes for input, forget, output; 12-15 biases; 16-17 projection; 18-19 output and cell state; 20-23 norms.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value, table_size

from ..layout.wants import VIEW
from .table import lower
from .translation import Translation

ONNX_GATES = (0, 3, 1, 2)
"""ONNX has the gates as input, output, forget, cell."""
ACTIVATIONS = {1: "Relu", 4: "Tanh"}
NOTE = "float; without projection, clipping and normalization"


@lower("UNIDIRECTIONAL_SEQUENCE_LSTM", wants=VIEW, note=NOTE)
def unidirectional_sequence_lstm(t: Translation) -> Value:
    x = _sequence(t)
    parts = _lstm_parts(t, 1, 20)
    states = [_state(t, at) for at in (18, 19)]
    made = t.b.ops(
        "LSTM", 3 if t.state.explicit else 1, x, *(t.b.op("Unsqueeze", part, [0]) for part in parts[:3]), None,
        *states, _peepholes(t, 9),
        hidden_size=_hidden(parts[1]), activations=_activations(t),
    )  # fmt: skip
    _changed(t, (18, 19), made[1:])
    return _merged(t, made[0])


@lower("BIDIRECTIONAL_SEQUENCE_LSTM", wants=VIEW, note=NOTE)
def bidirectional_sequence_lstm(t: Translation) -> list[Value]:
    """Operands 1-17 forwards, 18-34 backwards, 35-38 the states; both results in one tensor with MergeOutputs."""
    if any(t.tensor(at) is not None for at in range(39, 48)):
        refuse("an auxiliary input")
    x = _sequence(t)
    pairs = zip(_lstm_parts(t, 1, 48), _lstm_parts(t, 18, 48), strict=True)
    parts = [t.b.op("Concat", *(t.b.op("Unsqueeze", part, [0]) for part in pair), axis=0) for pair in pairs]
    zeros = [[t.b.op("Unsqueeze", t.value(at), [0]) for at in pair] for pair in ((35, 37), (36, 38))]
    states = [t.b.op("Concat", *pair, axis=0) for pair in zeros]
    made = t.b.op(
        "LSTM", x, *parts, None, *states, hidden_size=_hidden(parts[1]), direction="bidirectional",
        activations=_activations(t) * 2,
    )  # fmt: skip
    forward, backward = (t.b.op("Squeeze", half, [1]) for half in t.b.ops("Split", 2, made, axis=1, num_outputs=2))
    results = [forward, backward]
    if t.option("MergeOutputs"):
        results = [t.b.op("Concat", forward, backward, axis=2)]
    t.layout = (0, 1, 2)
    return [result if t.option("TimeMajor", 1) else t.b.op("Transpose", result, perm=(1, 0, 2)) for result in results]


@lower("UNIDIRECTIONAL_SEQUENCE_RNN", wants=VIEW, note="float")
def unidirectional_sequence_rnn(t: Translation) -> Value:
    """Operands: data, weights, recurrent weights, bias, state."""
    x = _sequence(t)
    bias = t.value(3)
    whole = t.b.op("Concat", bias, table_size.zeros(_hidden(bias), np.float32), axis=0)
    parts = [t.b.op("Unsqueeze", part, [0]) for part in (t.value(1), t.value(2), whole)]
    number = t.option("FusedActivationFunction")
    if number not in ACTIVATIONS:
        refuse(f"activation number {number}")
    t.applied = True
    made = t.b.ops(
        "RNN",
        2 if t.state.explicit else 1,
        x,
        *parts,
        None,
        _state(t, 4),
        hidden_size=_hidden(bias),
        activations=(ACTIVATIONS[number],),
    )
    _changed(t, (4,), made[1:])
    return _merged(t, made[0])


@lower("RNN", wants=VIEW, note="float")
def rnn(t: Translation) -> Value:
    """One step: data * W^T + state * R^T + bias; the activation's result is the next state."""
    _is_float(t)
    number = t.option("FusedActivationFunction")
    if number not in ACTIVATIONS:
        refuse(f"activation number {number}")
    t.applied, t.layout = True, (0, 1)
    state = t.state.variable(t.given(4, "state"))
    sums = [t.b.op("MatMul", value, t.value(at, (1, 0))) for value, at in ((t.value(0), 1), (state, 2))]
    made = t.b.op(ACTIVATIONS[number], t.b.op("Add", t.b.op("Add", *sums), t.value(3)))
    t.state.change(t.given(4, "state"), made)
    return made


@lower("SVDF", wants=VIEW, note="float")
def svdf(t: Translation) -> Value:
    """tensorflow/lite/kernels/svdf.cc: each filter keeps its last results and sums them up, weighted by their age.

    Operands: data (batch, in), weights of features (filters, in), of time (filters, memory), bias, state (batch,
    memory * filters). `Rank` filters make one unit.
    """
    _is_float(t)
    filters, memory = t.sizes(2, "the weights of time")
    batch, rank = t.sizes(0, "the data")[0], t.option("Rank")
    if rank < 1 or filters % rank:
        refuse(f"{filters} filters of rank {rank}")
    t.layout = (0, 1)
    state = t.given(4, "state")
    past = t.b.op("Reshape", t.state.variable(state), [batch, filters, memory])
    feature = t.b.op("MatMul", t.value(0), t.value(1, (1, 0)))
    kept = t.b.op("Slice", past, [1], [memory], [2])
    line = t.b.op("Concat", kept, t.b.op("Unsqueeze", feature, [2]), axis=2)
    t.state.change(state, t.b.op("Reshape", line, [batch, memory * filters]))
    summed = t.b.op("ReduceSum", t.b.op("Mul", line, t.value(2)), [2], keepdims=0)
    units = t.b.op("ReduceSum", t.b.op("Reshape", summed, [batch, filters // rank, rank]), [2], keepdims=0)
    return units if t.tensor(3) is None else t.b.op("Add", units, t.value(3))


def _is_float(t: Translation) -> None:
    for tensor in (t.tensor(0), t.operator.outputs[0]):
        if tensor is None or tensor.dtype != np.float32:
            refuse("a recurrent network of integers")


def _sequence(t: Translation) -> Value:
    """The data as (time, batch, features), float."""
    _is_float(t)
    return t.value(0, (0, 1, 2) if _time_major(t) else (1, 0, 2))


def _time_major(t: Translation) -> bool:
    return bool(t.option("TimeMajor", t.operator.op.startswith("BIDIRECTIONAL_SEQUENCE_LSTM")))


def _merged(t: Translation, made: Value) -> Value:
    """(time, 1, batch, hidden) as the file has it."""
    t.layout = (0, 1, 2)
    flat = t.b.op("Squeeze", made, [1])
    return flat if _time_major(t) else t.b.op("Transpose", flat, perm=(1, 0, 2))


def _hidden(part: Value) -> int:
    if not part.static_shape:
        refuse("weights whose sizes only the run will tell")
    return part.static_shape[-1]


def _activations(t: Translation) -> tuple[str, ...]:
    number = t.option("FusedActivationFunction")
    if number not in ACTIVATIONS or t.option("CellClip") or t.option("ProjClip"):
        refuse(f"activation number {number}, or clipping")
    t.applied = True
    return ("Sigmoid", ACTIVATIONS[number], ACTIVATIONS[number])


def _lstm_parts(t: Translation, first: int, norms: int) -> list[Value]:
    """W, R and B of one direction: the gates in ONNX's order, the second half of the biases zero."""
    if t.tensor(first) is None:
        refuse("an LSTM whose input gate is one minus its forget gate")
    if t.tensor(first + 15) is not None or any(t.tensor(at) is not None for at in range(norms, norms + 4)):
        refuse("a projection or normalization")
    if first != 1 and any(t.tensor(first + 8 + at) is not None for at in range(3)):
        refuse("peepholes in two directions")
    weights, recurrent, biases = ([t.value(first + group + at) for at in ONNX_GATES] for group in (0, 4, 11))
    joined: Sequence[Value] = [t.b.op("Concat", *gates, axis=0) for gates in (weights, recurrent, biases)]
    zeros = table_size.zeros(joined[2].static_shape or (), np.float32)
    return [joined[0], joined[1], t.b.op("Concat", joined[2], zeros, axis=0)]


def _peepholes(t: Translation, first: int) -> Value | None:
    """ONNX has them as input, output, forget."""
    if t.tensor(first + 1) is None:
        return None
    return t.b.op("Unsqueeze", t.b.op("Concat", *(t.value(first + at) for at in (0, 2, 1)), axis=0), [0])


def _state(t: Translation, index: int) -> Value:
    """(1, batch, hidden): zeros at each run, or what the last run left with explicit state."""
    return t.b.op("Unsqueeze", t.state.variable(t.given(index, "state")), [0])


def _changed(t: Translation, indices: Sequence[int], states: Sequence[Value]) -> None:
    """The states after the last step, (1, batch, hidden), for the next run; none where state is not explicit."""
    for index, value in zip(indices, states, strict=False):
        t.state.change(t.given(index, "state"), t.b.op("Squeeze", value, [0]))
