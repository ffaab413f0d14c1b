"""Recurrent networks, as torch's modules.

MegEngine's flat vector of weights holds for each layer and direction what torch calls weight_ih, weight_hh, bias_ih and
bias_hh, with the gates in torch's order. Source: megengine/module/rnn.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mgeconvert.errors import refuse

from .emission import Array, Emission
from .expressions import Many, Nested
from .table import emit, emit_call
from .text import call

GATES: Mapping[str, tuple[int, ...]] = {"LSTM": (0, 2, 3, 1), "GRU": (1, 0, 2), "RNN": (0,)}
"""torch's order of the gates by their place in ONNX's: input, output, forget, cell; update, reset, hidden."""


@emit_call("megengine.module.rnn.LSTM", "megengine.module.rnn.RNN")
def source_recurrent(e: Emission) -> str:
    kind, record = e.node.op.rpartition(".")[2], e.record
    hidden, layers = int(record["hidden_size"]), int(record["num_layers"])
    both, bias = bool(record["bidirectional"]), bool(record["bias"])
    width = int(record["input_size"])
    rest = record["_flatten_weights"].array.reshape(-1)
    state: dict[str, Array] = {}
    for layer in range(layers):
        for end in ("", "_reverse") if both else ("",):
            inner = width if layer == 0 else hidden * (2 if both else 1)
            shapes = {"weight_ih": (inner,), "weight_hh": (hidden,)} | ({"bias_ih": (), "bias_hh": ()} if bias else {})
            for name, tail in shapes.items():
                shape = (len(GATES[kind]) * hidden, *tail)
                count = int(np.prod(shape))
                state[f"{name}_l{layer}{end}"], rest = rest[:count].reshape(shape), rest[count:]
    args: dict[Any, Any] = {None: (width, hidden)}
    args |= {"num_layers": layers} if layers > 1 else {}
    args |= {"nonlinearity": "relu"} if kind == "RNN" and str(record.get("nonlinearity", "tanh")) == "relu" else {}
    args |= {} if bias else {"bias": False}
    args |= {"batch_first": True} if record["batch_first"] else {}
    args |= {"dropout": float(record["dropout"])} if record.get("dropout") and layers > 1 else {}
    args |= {"bidirectional": True} if both else {}
    return Nested(f"{e.module(f'nn.{kind}', args, state)}({_given(e)})", "0,(1,2)" if kind == "LSTM" else "0,1")


def _given(e: Emission) -> str:
    """What a recurrent module is called with: the input, and the states where they are given."""
    states = e.argument("hx", 2)
    given = f"({', '.join(states)})" if isinstance(states, tuple | list) else states
    return e[0] if given is None else f"{e[0]}, {given}"


@emit_call("megengine.module.rnn.LSTMCell", "megengine.module.rnn.RNNCell")
def source_cell(e: Emission) -> str:
    kind, record = e.node.op.rpartition(".")[2], e.record
    nonlinearity = str(record.get("nonlinearity", "tanh")).lower()
    if kind == "RNNCell" and nonlinearity not in ("tanh", "relu"):
        refuse(f"a recurrent cell with {nonlinearity}")
    biases = e.tensors("bias_ih", "bias_hh")
    biases = biases if record.get("bias", True) or any(array.any() for array in biases.values()) else {}
    state = e.tensors("weight_ih", "weight_hh") | {name: array.reshape(-1) for name, array in biases.items()}
    args: dict[Any, Any] = {None: state["weight_ih"].shape[1:] + state["weight_hh"].shape[1:]}
    args |= {"nonlinearity": "relu"} if kind == "RNNCell" and nonlinearity == "relu" else {}
    args |= {} if biases else {"bias": False}
    called = f"{e.module(f'nn.{kind}', args, state)}({_given(e)})"
    return Many(called) if kind == "LSTMCell" else called


@emit("LSTM", "GRU", "RNN")
def recurrent(e: Emission) -> str:
    kind, direction = e.node.op, e.attr("direction", "forward")
    names = ("weight_ih", "weight_hh", "bias")
    w, r = (e.array(number, "a weight of a recurrent network") for number in (1, 2))
    if e.has(4) or (kind == "LSTM" and e.has(7)) or e.attr("layout", 0) or e.attr("clip") is not None:
        refuse("lengths of sequences, peepholes, a clip or another layout")
    if e.attr("input_forget", 0):
        refuse("a recurrent network with other gates than torch's")
    usual = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"], "RNN": ["Tanh"]}[kind]
    ends = ("", "_reverse") if direction == "bidirectional" else ("",)
    activations = list(e.attr("activations") or usual * len(ends))
    relu = kind == "RNN" and activations == ["Relu"] * len(ends)
    if activations != usual * len(ends) and not relu:
        refuse("other activations than torch's")
    if kind == "GRU" and not e.attr("linear_before_reset", 0):
        kwargs = {"reverse": True} if direction == "reverse" else {}
        given = [e[number] if e.has(number) else "None" for number in (3, 5)]
        while given and given[-1] == "None":
            given.pop()
        return Many(call("gru", e[0], e[1], e[2], *given, **kwargs))
    hidden, order = r.shape[-1], list(GATES[kind])
    state: dict[str, Array] = {}
    bias = e.array(3, "a bias of a recurrent network") if e.has(3) else None
    for number, end in enumerate(ends):
        parts = {names[0]: w[number], names[1]: r[number]}
        if bias is not None:
            parts |= dict(zip(("bias_ih", "bias_hh"), np.split(bias[number], 2), strict=True))
        for name, part in parts.items():
            gates = part.reshape(len(order), hidden, *part.shape[1:])[order]
            state[f"{name}_l0{end}"] = np.ascontiguousarray(gates.reshape(part.shape))
    args: dict[Any, Any] = {None: (w.shape[-1], hidden)}
    args |= {"nonlinearity": "relu"} if relu else {}
    args |= {"bias": False} if bias is None else {}
    args |= {"bidirectional": True} if len(ends) > 1 else {}
    states = [e[number] for number in (5, 6) if e.has(number)]
    if kind == "LSTM" and len(states) == 1:
        refuse("one initial state of two")
    text = f"({', '.join(states)})" if len(states) > 1 else "".join(states)
    flip = ".flip(0)" if direction == "reverse" else ""
    called = f"{e.module(f'nn.{kind}', args, state)}({', '.join(filter(None, [e[0] + flip, text]))})"
    unfolded = f".unflatten(2, ({len(ends)}, -1)).transpose(1, 2)" if len(ends) > 1 else f"{flip}.unsqueeze(1)"
    return Nested(called, "0,(1,2)" if kind == "LSTM" else "0,1", unfolded)
