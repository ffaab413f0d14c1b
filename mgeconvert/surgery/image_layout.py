"""Where a network has the channels of its images: second, as most do, or last, as those from TensorFlow."""

from __future__ import annotations

from collections import deque
from typing import Any

from mgeconvert.errors import UsageError
from mgeconvert.ir import Graph, Node, Value

NCHW, NHWC = "nchw", "nhwc"
LAYOUTS = (NCHW, NHWC)
TO_NCHW = (0, 3, 1, 2)
COLOURS = (1, 3, 4)
"""Numbers of channels that images have."""
SPATIAL = frozenset(
    [
        "Conv",
        "ConvTranspose",
        "MaxPool",
        "AveragePool",
        "GlobalAveragePool",
        "BatchNormalization",
        "InstanceNormalization",
    ]
)
"""Operators whose images are [N,C,H,W]."""
KEEPS = frozenset(
    ["Add", "Sub", "Mul", "Div", "Cast", "Clip", "Identity", "Pad", "Neg", "QuantizeLinear", "DequantizeLinear", "Pow"]
)
"""Operators that leave the axes where they are."""


def image_layout(graph: Graph, name: str, wanted: str | None = None) -> str:
    """The layout of an input of rank 4: the one that is said, else what the first operators take it for, else where a
    number of channels is that images have. UsageError where none of these decides."""
    value = graph.inputs[name]
    if wanted is not None:
        if wanted not in LAYOUTS:
            raise UsageError(f"layout {wanted}: there are {' and '.join(LAYOUTS)}", hint="--layout nhwc")
        return wanted
    if value.shape is None or len(value.shape) != 4:
        return NCHW
    return _of_readers(graph, value) or _of_shape(value) or _ask(name, value)


def only_turned(graph: Graph, value: Value) -> bool:
    """Whether all that reads the value turns it to [N,C,H,W] first."""
    readers = graph.users().get(value, [])
    return bool(readers) and all(map(_turns, readers)) and value not in graph.outputs.values()


def _turns(node: Node) -> bool:
    """Whether it is a transpose to [N,C,H,W]."""
    perm: Any = node.attrs.get("perm", ())
    return node.op == "Transpose" and tuple(perm) == TO_NCHW


def _of_readers(graph: Graph, value: Value) -> str | None:
    users = graph.users()
    waiting, seen = deque([value]), {value}
    while waiting:
        for node in users.get(waiting.popleft(), []):
            if _turns(node):
                return NHWC
            if node.op in SPATIAL and node.inputs[0] in seen:
                return NCHW
            if node.op in KEEPS and node.outputs[0] not in seen and node.outputs[0].rank == 4:
                seen.add(node.outputs[0])
                waiting.append(node.outputs[0])
    return None


def _of_shape(value: Value) -> str | None:
    assert value.shape is not None
    second, last = (value.shape[axis] in COLOURS for axis in (1, 3))
    return None if second == last else NCHW if second else NHWC


def _ask(name: str, value: Value) -> str:
    raise UsageError(
        f"input {name}: {value.type_text} does not say where the channels are",
        hint="say --layout nchw or --layout nhwc",
    )
