"""Recipes without observed ranges: weights alone, and activations that each run finds the scales of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.graph import Attribute, Namer
from mgeconvert.ir.inference import elem_type

from .forms import FLOAT, WEIGHTED, activations_of, weight_axis
from .insertion import INT32, NARROW, Quantized, copied
from .plan import Plan, is_kept
from .recipe import Recipe
from .scales import weight_scale

UINT8 = np.dtype(np.uint8)
SMALLEST = 256
"""Weights with fewer numbers are not worth it."""


def weights_plan(graph: Graph, recipe: Recipe, kept: Iterable[Node] = ()) -> Plan:
    """The nodes whose weights are stored as integers."""
    floats = set(kept)
    made = Plan()
    for node in graph.nodes:
        weight = node.inputs[1] if node.op in WEIGHTED and len(node.inputs) > 1 else None
        if weight is None or weight.array is None or weight.array.size < SMALLEST or activations_of(node) is None:
            continue
        if node not in floats and not is_kept(node, recipe) and _takes(node, recipe):
            made.computing[node] = []
            made.ends[node] = node.outputs[0]
    return made


def _takes(node: Node, recipe: Recipe) -> bool:
    """With scales of each run: what ONNX has operators of integers for."""
    return recipe.recipe != "int8-dynamic" or node.op in ("MatMul", "Gemm", "Conv")


def dynamic(graph: Graph, plan: Plan, recipe: Recipe) -> Quantized:
    """MatMul(x, w) -> Mul(Cast(MatMulInteger(q, w', z)), s s_w) with q, s, z = DynamicQuantizeLinear(x).

    A bias is added behind. Conv alike, with ConvInteger.
    """
    copy = copied(graph)
    names = Namer([value.name for value in copy.graph.values()])
    nodes: list[Node] = []
    shared: dict[Value, list[Value]] = {}
    for node in graph.nodes:
        twin = copy.nodes[node]
        if node not in plan.computing:
            nodes.append(twin)
            continue
        _replace(node, twin, recipe, names, nodes, shared)
    copy.graph.nodes = nodes
    copy.graph.calls = []
    return copy


def _replace(
    node: Node, twin: Node, recipe: Recipe, names: Namer, nodes: list[Node], shared: dict[Value, list[Value]]
) -> None:
    """Append what computes the node with integers; its output stays the same value."""
    x, result = twin.inputs[0], twin.outputs[0]
    weight = node.inputs[1]
    assert x is not None
    assert weight is not None
    assert weight.array is not None

    def step(
        op: str,
        inputs: list[Value | None],
        dtype: np.dtype[Any],
        attrs: Mapping[str, Attribute] = MappingProxyType({}),
        value: Value | None = None,
    ) -> Value:
        made = value or Value(names(f"{result.name}/{op}"), dtype, result.shape)
        nodes.append(Node(op, inputs, [made], dict(attrs), names(f"{node.name}/{op}"), node.scope))
        return made

    if x not in shared:
        shared[x] = [
            Value(names(f"{x.name}/{kind}"), dtype, shape)
            for kind, dtype, shape in (
                ("integers", UINT8, x.shape),
                ("scale", FLOAT, ()),
                ("zero", UINT8, ()),
            )
        ]
        name = names(f"{x.name}/DynamicQuantizeLinear")
        nodes.append(Node("DynamicQuantizeLinear", [x], list(shared[x]), {}, name, node.scope))
    whole, x_scale, zero = shared[x]
    scale = weight_scale(weight.array, weight_axis(node), recipe)
    integers = scale.integers(weight.array, NARROW)
    is_conv = node.op == "Conv"
    factors = scale.scale
    if node.op == "Gemm" and node.attrs.get("transB"):
        integers = np.ascontiguousarray(integers.T)
    if is_conv and factors.ndim:
        factors = factors.reshape([-1] + [1] * (weight.array.ndim - 2))
    stored = Value(names(weight.name), array=integers)
    attrs = dict(twin.attrs) if is_conv else {}
    op = "ConvInteger" if is_conv else "MatMulInteger"
    total = step("Cast", [step(op, [whole, stored, zero], INT32, attrs)], FLOAT, {"to": elem_type(np.float32)})
    both = Value(names(f"{result.name}/scales"), FLOAT, factors.shape)
    nodes.append(
        Node("Mul", [x_scale, Value(names(f"{weight.name}/scale"), array=factors)], [both], {}, both.name, node.scope)
    )
    bias = twin.inputs[2] if len(twin.inputs) > 2 else None
    if bias is None:
        step("Mul", [total, both], FLOAT, value=result)
        return
    product = step("Mul", [total, both], FLOAT)
    if is_conv and bias.array is not None:
        bias = Value(names(f"{bias.name}/channels"), array=bias.array.reshape([-1] + [1] * (weight.array.ndim - 2)))
    step("Add", [product, bias], FLOAT, value=result)
