"""RNN and LSTM as MegEngine's operators, one per node.

MegEngine keeps the weights of a layer in one vector: for each direction the input weights, the hidden weights and, with
bias, two bias vectors, with gates in the order input, forget, cell, output. Its sequences are (T, N, directions H).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value, table_size

from .attributes import integer
from .builder import EmitBuilder
from .calls import EmittedCall, OpdefCall, StoredTensor
from .scopes import fallback_path, reshaped_name
from .table import emit, rewrite

GATES = {"LSTM": [0, 2, 3, 1], "RNN": [0]}
"""MegEngine's order of the gates by their place in ONNX's (input, output, forget, cell)."""

MODES = {("Tanh",): "TANH", ("Relu",): "RELU", ("Affine",): "IDENTITY"}
PLAIN = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "RNN": ["Tanh"]}


@rewrite("RNN", "LSTM")
def recurrent(b: EmitBuilder, node: Node) -> list[Value]:
    """``LSTM(x) -> Transpose(Reshape(LSTMOf(x), directions apart))``, RNN likewise: the directions are apart in ONNX
    and one after the other in MegEngine."""
    x, w, r, bias, lengths, *states = [*node.inputs, *[None] * 8][:8]
    directions = 2 if node.attrs.get("direction") == "bidirectional" else 1
    _check(node, lengths, states)
    assert x is not None
    weights = _weights(node.op, w, r, bias)
    hidden = integer(node, "hidden_size")
    shape = x.static_shape
    if shape is None:
        refuse("a recurrent network over a sequence or batch of a size that is only known at run time")
    zero = b.constant(table_size.zeros((directions, shape[1], hidden), np.float32), name=f"{fallback_path(node)}.state")
    initial = [zero if state is None else state for state in states[: 2 if node.op == "LSTM" else 1]]
    sequence = Value(b.name_value(b._wanted("sequence")), x.dtype, (*shape[:2], directions * hidden))
    ends = [Value(b.name_value(b._wanted(name)), x.dtype, zero.shape) for name in ("h", "c")[: len(initial)]]
    reserve = Value(b.name_value(b._wanted("reserve")), x.dtype, (0,))
    kernel = Value(reshaped_name(w) if w is not None else "weights", array=weights)
    b.call(
        f"{node.op}Of", [sequence, *ends, reserve], x, *initial, kernel,
        bidirectional=directions - 1, bias=int(bias is not None), hidden_size=hidden, mode=_mode(node, directions),
    )  # fmt: skip
    whole = b.op("Unsqueeze", sequence, [1])
    if directions == 2:
        whole = b.op("Transpose", b.op("Reshape", sequence, [*shape[:2], 2, hidden]), perm=[0, 2, 1, 3])
    return [whole, *ends][: len(node.outputs)]


def _check(node: Node, lengths: Value | None, states: list[Any]) -> None:
    other = [name for name in ("clip", "input_forget", "layout") if node.attrs.get(name)]
    other += ["sequence lengths"] * (lengths is not None) + ["peepholes"] * (states[2] is not None)
    if other:
        refuse(f"{node.op} with what MegEngine's lacks: {', '.join(other)}")
    if node.attrs.get("direction") == "reverse":
        refuse(f"{node.op} that only runs backwards")


def _mode(node: Node, directions: int) -> str:
    given: Any = node.attrs.get("activations") or PLAIN[node.op] * directions
    once = tuple(given[: len(PLAIN[node.op])])
    if (
        list(given) != list(once) * directions
        or (node.op == "LSTM" and list(once) != PLAIN["LSTM"])
        or (node.op == "RNN" and once not in MODES)
    ):
        refuse(f"{node.op} with the activations {', '.join(given)}")
    return MODES.get(once, "TANH")


def _weights(op: str, *parts: Value | None) -> np.ndarray[Any, Any]:
    """(gates, everything) in MegEngine's order."""
    flat: list[np.ndarray[Any, Any]] = []
    arrays = [None if part is None else part.array for part in parts]
    if arrays[0] is None or arrays[1] is None or (parts[2] is not None and arrays[2] is None):
        refuse("a recurrent network whose weights are only known at run time")
    for direction in range(arrays[0].shape[0]):
        w, r, biases = (None if array is None else array[direction] for array in arrays)
        pieces = [w, r] if biases is None else [w, r, *np.split(biases, 2)]
        flat += [_reordered(piece, op).reshape(-1) for piece in pieces if piece is not None]
    return np.concatenate(flat).reshape(arrays[0].shape[1], -1)


def _reordered(matrix: np.ndarray[Any, Any], op: str) -> np.ndarray[Any, Any]:
    order = GATES[op]
    ordered: np.ndarray[Any, Any] = matrix.reshape(len(order), matrix.shape[0] // len(order), -1)[order]
    result: np.ndarray[Any, Any] = ordered.reshape(matrix.shape)
    return result


@emit("megengine.LSTMOf", "megengine.RNNOf")
def recurrent_call(node: Node) -> EmittedCall:
    """inputs: the sequence, the first states and the weights."""
    *operands, weights = node.inputs
    assert weights is not None
    assert weights.array is not None
    fields: dict[str, Any] = {
        "num_layers": 1, "bidirectional": bool(node.attrs["bidirectional"]), "bias": bool(node.attrs["bias"]),
        "hidden_size": node.attrs["hidden_size"], "dropout": 0.0, "fwd_mode": "INFERENCE",
    }  # fmt: skip
    fields |= {"proj_size": 0} if node.op == "LSTMOf" else {"nonlineMode": node.attrs["mode"]}
    return OpdefCall(node.op.removesuffix("Of"), (*operands, StoredTensor(weights.array, weights.name)), fields)
