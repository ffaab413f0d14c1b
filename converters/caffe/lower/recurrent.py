"""LSTM and RNN, step by step: Caffe's sequence length is fixed, and its second bottom says at run time where a sequence
continues (1) and where a new one begins (0).

Source: recurrent_layer, lstm_layer, lstm_unit_layer, rnn_layer (src/caffe/layers of BVLC Caffe 1.0).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .table import Layer, lower, shape_of

STEPS = 256
"""The longest sequence that is written out step by step."""


def _steps(b: Builder, x: Value, cont: Value, transformed: Value, step: Callable[[Value, Value], Value]) -> Value:
    """Run `step(input of the step, what continues)` over time and join what it gives; tops are [time, batch, size]."""
    times, batch = shape_of(x)[:2]
    if times > STEPS:
        refuse(f"a sequence of {times} steps; at most {STEPS} are written out")
    inputs = b.ops("Split", times, transformed, [1] * times, axis=0) if times > 1 else [transformed]
    flags = b.ops("Split", times, cont, [1] * times, axis=0) if times > 1 else [cont]
    outputs = []
    for part, flag in zip(inputs, flags, strict=True):
        rows = b.op("Reshape", part, [batch, shape_of(part)[-1]])
        output = step(rows, b.op("Reshape", flag, [batch, 1]))
        outputs.append(b.op("Unsqueeze", output, [0]))
    return b.op("Concat", *outputs, axis=0) if times > 1 else outputs[0]


def _transform(b: Builder, x: Value, weights: np.ndarray, bias: np.ndarray | None) -> Value:
    """x[time, batch, ...] times weights, plus bias."""
    times, batch, *rest = shape_of(x)
    rows = b.op("Reshape", x, [times * batch, int(np.prod(rest))])
    return b.op("Reshape", b.op("Gemm", rows, weights, bias, transB=1), [times, batch, weights.shape[0]])


def _inputs(layer: Layer, x: Value, static: tuple[Value, ...]) -> int:
    if static:
        refuse("a static input beside the sequence")
    if layer.param.expose_hidden:
        refuse("expose_hidden")
    return int(np.prod(shape_of(x)[2:]))


@lower("LSTM", param="recurrent_param")
def lstm(b: Builder, layer: Layer, x: Value, cont: Value, *static: Value) -> Value:
    """Gates in the order input, forget, output, candidate."""
    size, n = _inputs(layer, x, static), layer.param.num_output
    transformed = _transform(b, x, layer.blob(0, 4 * n, size), layer.blob(1, 4 * n))
    recurrent = b.constant(layer.blob(2, 4 * n, n))
    state: list[Value] = []

    def step(gates: Value, flag: Value) -> Value:
        if state:
            gates = b.op("Add", gates, b.op("Gemm", b.op("Mul", state[0], flag), recurrent, None, transB=1))
        i, f, o, g = b.ops("Split", 4, gates, [n] * 4, axis=1)
        cell = b.op("Mul", b.op("Sigmoid", i), b.op("Tanh", g))
        if state:
            kept = b.op("Mul", b.op("Mul", b.op("Sigmoid", f), flag), state[1])
            cell = b.op("Add", kept, cell)
        state[:] = [b.op("Mul", b.op("Sigmoid", o), b.op("Tanh", cell)), cell]
        return state[0]

    return _steps(b, x, cont, transformed, step)


@lower("RNN", param="recurrent_param")
def rnn(b: Builder, layer: Layer, x: Value, cont: Value, *static: Value) -> Value:
    """h = tanh(W x + b + U h'), o = tanh(V h + c)."""
    size, n = _inputs(layer, x, static), layer.param.num_output
    transformed = _transform(b, x, layer.blob(0, n, size), layer.blob(1, n))
    recurrent, output = b.constant(layer.blob(2, n, n)), b.constant(layer.blob(3, n, n))
    bias = b.constant(layer.blob(4, n))
    state: list[Value] = []

    def step(part: Value, flag: Value) -> Value:
        if state:
            part = b.op("Add", part, b.op("Gemm", b.op("Mul", state[0], flag), recurrent, None, transB=1))
        state[:] = [b.op("Tanh", part)]
        return b.op("Tanh", b.op("Gemm", state[0], output, bias, transB=1))

    return _steps(b, x, cont, transformed, step)
