"""Recurrent networks step by step, in forms that a target's own layers do not have (ONNX's equations, its names)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value, table_size
from mgeconvert.ir.builder import Builder

from .table import Result, compose, compose_where_lacking, data, integer, number, operand, scalar, shape_of

STEPS = 256
"""A longer sequence is not laid out."""
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
PLAIN = {"RNN": ("Tanh",), "GRU": ("Sigmoid", "Tanh"), "LSTM": ("Sigmoid", "Tanh", "Tanh")}
KNOWN = frozenset(["Relu", "Sigmoid", "Softsign", "Softplus", "Tanh"])


def _is_unusual(node: Node) -> bool:
    """Batches first, peepholes, a clip or coupled gates."""
    peepholes = operand(node, 7) is not None
    return peepholes or any(node.attrs.get(name) for name in ("layout", "clip", "input_forget"))


def _is_unusual_or_backwards(node: Node) -> bool:
    return _is_unusual(node) or node.attrs.get("direction") == "reverse"


@compose("GRU")
def gru(b: Builder, node: Node) -> Result:
    """GRU(x) -> h = (1 - z) tanh(x W + r (h R)) + z h for each step, with z, r = sigmoid(x W + h R)"""
    return _unrolled(b, node)


def rnn(b: Builder, node: Node) -> Result:
    """LSTM(x) -> c = f c + i tanh(x W + h R), h = o tanh(c) for each step; RNN(x) -> h = tanh(x W + h R)"""
    return _unrolled(b, node)


compose_where_lacking("LSTM", _is_unusual_or_backwards)(rnn)
compose_where_lacking("RNN", _is_unusual_or_backwards)(rnn)
compose_where_lacking("GRU", _is_unusual)(gru)


def _unrolled(b: Builder, node: Node) -> Result:
    batch_first = bool(integer(node, "layout", 0))
    x = b.op("Transpose", data(node), perm=[1, 0, 2]) if batch_first else data(node)
    steps, batch, _ = shape_of(x)
    if not isinstance(steps, int) or not isinstance(batch, int) or steps > STEPS:
        refuse(f"a recurrent network of {steps} steps at batch {batch}; at most {STEPS} steps are laid out")
    lengths = operand(node, 4)
    if lengths is not None and (lengths.array is None or (lengths.array != steps).any()):
        refuse("sequences of several lengths")
    direction = str(node.attrs.get("direction", "forward"))
    count = 2 if direction == "bidirectional" else 1
    rows: list[list[Value]] = []
    hidden: list[Value] = []
    cells: list[Value] = []
    for index in range(count):
        cell = _cell(b, node, index, count, batch)
        backwards = direction == "reverse" or index == 1
        outputs = cell.run(x, range(steps)[::-1] if backwards else range(steps))
        rows.append(outputs[::-1] if backwards else outputs)
        hidden.append(outputs[-1])
        cells += [] if cell.cell is None else [cell.cell]
    over_time = [b.op("Concat", *(b.op("Unsqueeze", each, [0]) for each in row), axis=0) for row in rows]
    axis = 2 if batch_first else 1
    if batch_first:
        over_time = [b.op("Transpose", each, perm=[1, 0, 2]) for each in over_time]
    y = b.op("Concat", *(b.op("Unsqueeze", each, [axis]) for each in over_time), axis=axis)
    place = 1 if batch_first else 0
    lasts = [
        b.op("Concat", *(b.op("Unsqueeze", each, [place]) for each in group), axis=place)
        for group in (hidden, cells)
        if group
    ]
    return [y, *lasts]


@dataclass(slots=True)
class _Cell:
    """One direction: what a step reads, and its states."""

    b: Builder
    node: Node
    w: Value
    r: Value
    bias_w: Value | None
    bias_r: Value | None
    hidden: Value
    cell: Value | None
    peepholes: Value | None
    functions: tuple[str, ...]
    size: int

    def run(self, x: Value, order: range) -> list[Value]:
        """The state after each step, in the order of the steps."""
        projected = self._plus(self.b.op("MatMul", x, self.w), self.bias_w)
        outputs = []
        for step in order:
            at = self.b.op("Gather", projected, np.int64(step), axis=0)
            self.hidden = {"RNN": self._rnn, "GRU": self._gru, "LSTM": self._lstm}[self.node.op](at)
            outputs.append(self.hidden)
        return outputs

    def _plus(self, x: Value, bias: Value | None) -> Value:
        return x if bias is None else self.b.op("Add", x, bias)

    def _gate(self, x: Value, index: int, count: int = 1) -> Value:
        return self.b.op("Slice", x, [index * self.size], [(index + count) * self.size], [1])

    def _active(self, x: Value, which: int) -> Value:
        clip = number(self.node, "clip", 0.0)
        if clip:
            x = self.b.op("Clip", x, scalar(x, -clip), scalar(x, clip))
        return self.b.op(self.functions[which], x)

    def _rnn(self, x: Value) -> Value:
        b = self.b
        return self._active(b.op("Add", x, self._plus(b.op("MatMul", self.hidden, self.r), self.bias_r)), 0)

    def _gru(self, x: Value) -> Value:
        b, size, h = self.b, self.size, self.hidden
        r = self.r
        if integer(self.node, "linear_before_reset", 0):
            turned = self._plus(b.op("MatMul", h, r), self.bias_r)
            gates = self._active(b.op("Add", self._gate(x, 0, 2), self._gate(turned, 0, 2)), 0)
            inner = b.op("Mul", self._gate(gates, 1), self._gate(turned, 2))
        else:
            both, last = b.ops("Split", 2, r, [2 * size, size], axis=1)
            biases = [None, None] if self.bias_r is None else b.ops("Split", 2, self.bias_r, [2 * size, size], axis=0)
            turned = self._plus(b.op("MatMul", h, both), biases[0])
            gates = self._active(b.op("Add", self._gate(x, 0, 2), turned), 0)
            inner = self._plus(b.op("MatMul", b.op("Mul", self._gate(gates, 1), h), last), biases[1])
        new = self._active(b.op("Add", self._gate(x, 2), inner), 1)
        z = self._gate(gates, 0)
        return b.op("Add", b.op("Mul", b.op("Sub", scalar(z, 1), z), new), b.op("Mul", z, h))

    def _lstm(self, x: Value) -> Value:
        b, c = self.b, self.cell
        assert c is not None
        total = b.op("Add", x, self._plus(b.op("MatMul", self.hidden, self.r), self.bias_r))
        i, o, f, candidate = (self._gate(total, index) for index in range(4))
        i = self._active(self._peeped(i, 0, c), 0)
        f = b.op("Sub", scalar(i, 1), i) if self.node.attrs.get("input_forget") else self._active(
            self._peeped(f, 2, c), 0
        )  # fmt: skip
        c = b.op("Add", b.op("Mul", f, c), b.op("Mul", i, self._active(candidate, 1)))
        self.cell = c
        o = self._active(self._peeped(o, 1, c), 0)
        return b.op("Mul", o, b.op(self.functions[2], c))

    def _peeped(self, gate: Value, index: int, c: Value) -> Value:
        if self.peepholes is None:
            return gate
        part = self.b.op("Slice", self.peepholes, [index * self.size], [(index + 1) * self.size], [0])
        return self.b.op("Add", gate, self.b.op("Mul", part, c))


def _cell(b: Builder, node: Node, index: int, count: int, batch: int) -> _Cell:
    size = shape_of(data(node, 2))[2]
    if not isinstance(size, int):
        refuse("a state of a size known only at run time")
    plain = PLAIN[node.op]
    given = cast("tuple[str, ...]", node.attrs.get("activations", plain * count))
    functions = tuple(given[index * len(plain) : (index + 1) * len(plain)])
    if not set(functions) <= KNOWN or len(functions) != len(plain):
        refuse(f"a recurrent network with the activations {', '.join(given)}")
    w, r = (_turned(b, _part(b, data(node, place), index, 0)) for place in (1, 2))
    bias = operand(node, 3)
    biases: list[Value | None] = [None, None]
    if bias is not None:
        length = GATES[node.op] * size
        whole = _part(b, bias, index, 0)
        biases = [_cut(b, whole, 0, length), _cut(b, whole, length, 2 * length)]
    states = []
    for place in (5, 6)[: 2 if node.op == "LSTM" else 1]:
        state = operand(node, place)
        zero = b.constant(table_size.zeros((batch, size)), data(node).dtype)
        states.append(zero if state is None else _part(b, state, index, integer(node, "layout", 0)))
    peepholes = operand(node, 7) if node.op == "LSTM" else None
    return _Cell(
        b, node, w, r, biases[0], biases[1], states[0], states[1] if len(states) > 1 else None,
        None if peepholes is None else _part(b, peepholes, index, 0), functions, size,
    )  # fmt: skip


def _part(b: Builder, x: Value, index: int, axis: int) -> Value:
    if x.array is not None:
        return b.constant(np.ascontiguousarray(x.array.take(index, axis)))
    return b.op("Gather", x, np.int64(index), axis=axis)


def _turned(b: Builder, x: Value) -> Value:
    return b.op("Transpose", x, perm=[1, 0]) if x.array is None else b.constant(np.ascontiguousarray(x.array.T))


def _cut(b: Builder, x: Value, start: int, end: int) -> Value:
    return b.op("Slice", x, [start], [end], [0]) if x.array is None else b.constant(x.array[start:end])
