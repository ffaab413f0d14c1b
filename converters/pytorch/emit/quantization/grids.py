"""Quantize-dequantize pairs as fake quantization, and integer weights as the numbers that they stand for.

    QuantizeLinear(x, s, z) -> DequantizeLinear(_, s, z)    is one DequantizeLinear of x with the bounds of the integers
    DequantizeLinear(constant, s, z)                        is the constant (q - z) s

What is computed stays the same. A network of integers so is one of float weights that can be trained on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mgeconvert.ir import Graph, Node, Value

from ..built_in import PREFIX
from .quantizers import LEARNED, quantizer


def without_integers(graph: Graph, record: Any) -> bool:
    """Rewrite a graph in place; whether weights were dequantized. `record` gives the source's module at a path."""
    makers = graph.producers()
    users: dict[Value, Node] = {value: node for node in graph.nodes for value in node.inputs if value is not None}
    replaced: dict[Value, Value] = {}
    for node in list(graph.nodes):
        if node.op != "DequantizeLinear" or node.attrs.get("block_size") or node.inputs[0] is None:
            continue
        source = node.inputs[0]
        maker = makers.get(source)
        if source.array is not None and all(value is None or value.array is not None for value in node.inputs):
            constant = Value(_name(node, users, record) or source.name, array=_numbers(node))
            replaced[node.outputs[0]] = constant
        elif maker is not None and maker.op == "QuantizeLinear" and _is_pair(maker, node):
            info = np.iinfo(source.dtype or np.dtype(np.int8))
            node.inputs[0] = maker.inputs[0]
            learns = _kind(node, record).rpartition(".")[2] in LEARNED
            node.attrs |= {"low": int(info.min), "high": int(info.max), "learns": learns}
            found = quantizer(_attributes(node, record), "act")
            node.name = "act_fake_quant" if found is None else found.attribute
    graph.replace(replaced)
    graph.remove_dead_nodes()
    return bool(replaced)


def _is_pair(first: Node, second: Node) -> bool:
    """Whether both have the same constant scale and zero point."""
    one, other = [*first.inputs[1:], None][:2], [*second.inputs[1:], None][:2]
    if first.attrs.get("block_size") or first.inputs[0] is None or first.inputs[0].rank is None:
        return False
    arrays = [(None if a is None else a.array, None if b is None else b.array) for a, b in zip(one, other, strict=True)]
    if arrays[0][0] is None or first.attrs.get("axis", 1) != second.attrs.get("axis", 1):
        return False
    return all(a is b or (a is not None and b is not None and np.array_equal(a, b)) for a, b in arrays)


def _numbers(node: Node) -> np.ndarray[Any, Any]:
    """(q - z) s in float32."""
    q, scale, zero = [*(None if value is None else value.array for value in node.inputs), None][:3]
    assert q is not None
    assert scale is not None
    shape = [1] * q.ndim
    if scale.ndim:
        shape[_axis(node) % max(q.ndim, 1)] = -1
    wide = q.astype(np.float32)
    if zero is not None:
        wide = wide - zero.astype(np.float32).reshape(shape if zero.ndim else ())
    result: np.ndarray[Any, Any] = wide * scale.reshape(shape if scale.ndim else ())
    return result


def _name(node: Node, users: dict[Value, Node], record: Any) -> str:
    """``layer1.0.conv.weight`` for the weight of a convolution in a built-in module."""
    reader = users.get(node.outputs[0])
    path = node.scope.path if node.scope is not None else ""
    if reader is None or reader.op not in ("Conv", "ConvTranspose", "Gemm", "MatMul") or not path:
        return ""
    number = reader.inputs.index(node.outputs[0])
    if number not in (1, 2):
        return ""
    attributes = getattr(record(path), "attributes", {})
    inner = ".conv" if "conv" in attributes else ""
    return f"{path}{inner}.{'weight' if number == 1 else 'bias'}"


def _kind(node: Node, record: Any) -> str:
    """The class of the fake quantization of what a module gives."""
    return str(getattr(_attributes(node, record).get("act_fake_quant"), "qualname", PREFIX))


def _attributes(node: Node, record: Any) -> Mapping[str, Any]:
    """Those of the source's module that a node was computed in."""
    path = node.scope.path if node.scope is not None else ""
    found = getattr(record(path), "attributes", None) if path else None
    return found if isinstance(found, dict) else {}


def _axis(node: Node) -> int:
    axis = node.attrs.get("axis", 1)
    return axis if isinstance(axis, int) else 1
