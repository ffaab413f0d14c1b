"""LSTM, GRU and RNN written out step by step. Caffe's own recurrent layers have no initial state and no second
direction, and need an input that says where sequences begin."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import table_size

from .broadcasting import add, multiply
from .matmul import inner_product
from .net import PIECES, Blob, Net, Shape
from .table import Array, Operand, emit

FUNCTIONS = {"Sigmoid": "Sigmoid", "Tanh": "TanH", "Relu": "ReLU"}
State = list[Blob | None]
Step = Callable[[Blob, State, np.ndarray], None]
"""Takes the transformed input of a step, the state to change, and the recurrent weights."""


def gate(net: Net, function: str, x: Blob) -> Blob:
    if function not in FUNCTIONS:
        refuse(f"the activation {function} in a recurrent layer")
    return net.layer(FUNCTIONS[function], x)


def parts(net: Net, x: Blob, count: int) -> list[Blob]:
    """`count` equal pieces along the second axis."""
    if count == 1:
        return [x]
    return net.layer_n("Slice", [x], [(x.shape[0], x.shape[1] // count)] * count)


def recur(net: Net, part: Blob, hidden: Blob | None, weights: np.ndarray) -> Blob:
    """part + hidden times weights; a state that is not there is zero."""
    return part if hidden is None else net.eltwise("SUM", part, inner_product(net, hidden, weights, None))


def unroll(
    net: Net,
    x: Blob,
    w: np.ndarray,
    r: np.ndarray,
    b: np.ndarray | None,
    states: Sequence[Operand | None],
    direction: str,
    steps: Sequence[Step],
    joined_bias: bool = True,
) -> tuple[list[Blob], list[list[Blob]]]:
    """Run each direction over time: [time, 1, batch, hidden] outputs and the last states, by direction."""
    times, batch, size = x.shape
    if times > PIECES:
        refuse(f"a sequence of {times} steps; at most {PIECES} are written out")
    rows = net.reshape(x, (times * batch, size))
    outputs, last = [], []
    for at, step in enumerate(steps):
        bias = None
        if b is not None:
            half = b.shape[1] // 2
            bias = b[at, :half] + b[at, half:] if joined_bias else b[at, :half]
        transformed = net.reshape(inner_product(net, rows, w[at], bias), (times, batch, w.shape[1]))
        shape = (1, batch, w.shape[1])
        pieces = net.layer_n("Slice", [transformed], [shape] * times, axis=0) if times > 1 else [transformed]
        state = [_initial(net, operand, at) for operand in states]
        found: list[Blob] = []
        backward = direction == "reverse" or at == 1
        for piece in reversed(pieces) if backward else pieces:
            step(net.reshape(piece, shape[1:]), state, r[at])
            assert state[0] is not None
            found.append(net.reshape(state[0], (1, 1, *state[0].shape)))
        ordered = found[::-1] if backward else found
        outputs.append(_join(net, ordered, 0))
        last.append([net.reshape(blob, (1, *blob.shape)) for blob in state if blob is not None])
    return outputs, last


def _initial(net: Net, operand: Operand | None, at: int) -> Blob | None:
    if operand is None or (isinstance(operand, np.ndarray) and not operand.any()):
        return None
    blob = net.constant(operand) if isinstance(operand, np.ndarray) else operand
    return net.reshape(net.keep(blob, 0, at, at + 1), blob.shape[1:])


def _join(net: Net, blobs: Sequence[Blob], axis: int) -> Blob:
    if len(blobs) == 1:
        return blobs[0]
    shape = list(blobs[0].shape)
    shape[axis] *= len(blobs)
    return net.along("Concat", axis, *blobs, shape=shape)


def results(net: Net, outputs: list[Blob], last: list[list[Blob]], outs: Sequence[Shape]) -> list[Blob]:
    """Y, then the last states, as many as the node has outputs."""
    joined = [_join(net, outputs, 1)]
    joined += [_join(net, [state[number] for state in last], 0) for number in range(len(outs) - 1)]
    return joined


def _plain(sequence_lens: object, layout: int, clip: float) -> None:
    if sequence_lens is not None or layout or clip:
        refuse("sequence lengths, batch-first layout or clipping in a recurrent layer")


@emit("RNN", note="written out step by step, up to 64")
def rnn(
    net: Net, x: Blob, w: Array, r: Array, b: Array | None = None, sequence_lens: Operand | None = None,
    initial_h: Operand | None = None, *, activations: Sequence[str] = (), clip: float = 0.0, direction: str = "forward",
    hidden_size: int = 0, layout: int = 0, outs: Sequence[Shape],
) -> list[Blob]:  # fmt: skip
    _plain(sequence_lens, layout, clip)
    functions = list(activations) or ["Tanh"] * len(w)

    def step_of(function: str) -> Step:
        def step(part: Blob, state: State, weights: np.ndarray) -> None:
            state[0] = gate(net, function, recur(net, part, state[0], weights))

        return step

    steps = [step_of(function) for function in functions]
    return results(net, *unroll(net, x, w, r, b, [initial_h], direction, steps), outs)


@emit("LSTM", note="written out step by step, up to 64")
def lstm(
    net: Net, x: Blob, w: Array, r: Array, b: Array | None = None, sequence_lens: Operand | None = None,
    initial_h: Operand | None = None, initial_c: Operand | None = None, peepholes: Array | None = None,
    *, activations: Sequence[str] = (), clip: float = 0.0, direction: str = "forward", hidden_size: int = 0,
    input_forget: int = 0, layout: int = 0, outs: Sequence[Shape],
) -> list[Blob]:  # fmt: skip
    _plain(sequence_lens, layout, clip)
    if input_forget or (peepholes is not None and peepholes.any()):
        refuse("peepholes or coupled gates in an LSTM")
    functions = list(activations) or ["Sigmoid", "Tanh", "Tanh"] * len(w)

    def step_of(f: str, g: str, h: str) -> Step:
        def step(part: Blob, state: State, weights: np.ndarray) -> None:
            i, o, forget, c = parts(net, recur(net, part, state[0], weights), 4)
            cell = net.eltwise("PROD", gate(net, f, i), gate(net, g, c))
            if state[1] is not None:
                cell = net.eltwise("SUM", cell, net.eltwise("PROD", gate(net, f, forget), state[1]))
            state[:] = [net.eltwise("PROD", gate(net, f, o), gate(net, h, cell)), cell]

        return step

    steps = [step_of(*functions[3 * at : 3 * at + 3]) for at in range(len(w))]
    return results(net, *unroll(net, x, w, r, b, [initial_h, initial_c], direction, steps), outs)


@emit("GRU", note="written out step by step, up to 64")
def gru(
    net: Net, x: Blob, w: Array, r: Array, b: Array | None = None, sequence_lens: Operand | None = None,
    initial_h: Operand | None = None, *, activations: Sequence[str] = (), clip: float = 0.0,
    direction: str = "forward", hidden_size: int = 0, layout: int = 0, linear_before_reset: int = 0,
    outs: Sequence[Shape],
) -> list[Blob]:  # fmt: skip
    _plain(sequence_lens, layout, clip)
    size = r.shape[2]
    functions = list(activations) or ["Sigmoid", "Tanh"] * len(w)

    def step_of(f: str, g: str, bias: np.ndarray) -> Step:
        def step(part: Blob, state: State, weights: np.ndarray) -> None:
            xz, xr, xh = parts(net, part, 3)
            h = state[0]
            rz, rr, rh = np.split(weights, 3)
            bz, br, bh = np.split(bias, 3)
            z = gate(net, f, add(net, recur(net, xz, h, rz), bz))
            reset = gate(net, f, add(net, recur(net, xr, h, rr), br))
            if h is None:
                inner = multiply(net, reset, bh) if linear_before_reset else None
                new = gate(net, g, add(net, xh, bh if inner is None else inner))
                state[0] = multiply(net, new, net.power(z, scale=-1.0, shift=1.0))
                return
            if linear_before_reset:
                inner = net.eltwise("PROD", reset, inner_product(net, h, rh, bh))
            else:
                inner = inner_product(net, net.eltwise("PROD", reset, h), rh, bh)
            new = gate(net, g, net.eltwise("SUM", xh, inner))
            kept = net.eltwise("PROD", z, add(net, h, new, factors=(1.0, -1.0)))
            state[0] = net.eltwise("SUM", new, kept)

        return step

    biases = table_size.zeros((len(w), 3 * size), np.float32) if b is None else b[:, 3 * size :]
    steps = [step_of(functions[2 * at], functions[2 * at + 1], biases[at]) for at in range(len(w))]
    return results(net, *unroll(net, x, w, r, b, [initial_h], direction, steps, joined_bias=False), outs)
