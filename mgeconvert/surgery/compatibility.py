"""Whether operands still fit where onnx's inference does not look: channels, summed sizes, names that meet numbers."""

from __future__ import annotations

from collections.abc import Callable, Collection

from mgeconvert.ir import Dim, Node, Shape
from mgeconvert.ir.inference import InferenceError

BROADCASTING = frozenset(
    ["Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "Mod", "And", "Or", "Xor", "Where", "Equal", "Greater", "Less"]
)


def check_operands(node: Node, symbols: Collection[str]) -> None:
    """InferenceError where the operands do not fit; `symbols` are dimensions that must be free to vary."""
    shapes = [value.shape if value is not None else None for value in node.inputs]
    if node.op in BROADCASTING and not node.domain:
        _check_broadcast([shape for shape in shapes if shape is not None], symbols)
    elif node.op in SUMMED and len(shapes) >= 2 and shapes[0] is not None and shapes[1] is not None:
        found, expected = SUMMED[node.op](node, shapes[0], shapes[1])
        if isinstance(found, int) and isinstance(expected, int) and found != expected:
            raise InferenceError(f"gets {found} channels, its weight takes {expected}")


def _gemm(node: Node, a: Shape, b: Shape) -> tuple[Dim, Dim]:
    return a[0 if node.attrs.get("transA") else 1], b[1 if node.attrs.get("transB") else 0]


def _conv(node: Node, x: Shape, w: Shape) -> tuple[Dim, Dim]:
    group, channels = node.attrs.get("group", 1), w[1]
    return x[1], channels * group if isinstance(channels, int) and isinstance(group, int) else channels


SUMMED: dict[str, Callable[[Node, Shape, Shape], tuple[Dim, Dim]]] = {
    "Gemm": _gemm,
    "Conv": _conv,
    "ConvTranspose": lambda _, x, w: (x[1], w[0]),
    "BatchNormalization": lambda _, x, w: (x[1], w[0]),
}
"""(the size the operator gets, the size its weight takes)."""


def _check_broadcast(shapes: list[Shape], symbols: Collection[str]) -> None:
    for axis in range(1, max(map(len, shapes), default=0) + 1):
        dims = {shape[-axis] for shape in shapes if len(shape) >= axis} - {1}
        named = sorted(dim for dim in dims if isinstance(dim, str) and dim in symbols)
        numbers = [dim for dim in dims if isinstance(dim, int)]
        if named and numbers:
            raise InferenceError(f"meets {named[0]} with the constant size {numbers[0]}, so {named[0]} cannot vary")
