"""Products of matrices."""

from __future__ import annotations

from typing import Any

from .emission import Emission
from .table import emit, emit_call
from .text import call, literal

TAKES_WEIGHTS = frozenset(["megengine.functional.nn.linear"])
"""Calls of the source that are written with tensors of its module tree among their arguments."""


@emit("MatMul")
def matmul(e: Emission) -> str:
    return f"{e[0]} @ {e[1]}"


@emit("Gemm")
def gemm(e: Emission) -> str:
    alpha, beta = e.attr("alpha", 1.0), e.attr("beta", 1.0)
    weight, bias = e.constant(1), e.constant(2)
    simple = alpha == beta == 1.0 and not e.attr("transA", 0)
    if simple and weight is not None and e.wants_module and (not e.has(2) or (bias is not None and bias.ndim == 1)):
        weight = weight if e.attr("transB", 0) else weight.T
        if bias is None or bias.size == weight.shape[0]:
            args: dict[str | None, Any] = {None: (weight.shape[1], weight.shape[0])}
            state = {"weight": weight}
            if bias is None:
                args["bias"] = False
            else:
                state["bias"] = bias
            return f"{e.module('nn.Linear', args, state)}({e[0]})"
    if simple and e.attr("transB", 0) and (not e.has(2) or e.rank(2) == 1):
        return call("F.linear", *(e[number] for number in range(3) if e.has(number)))
    a = f"{e[0]}.T" if e.attr("transA", 0) else e[0]
    b = f"{e[1]}.T" if e.attr("transB", 0) else e[1]
    text = f"{a} @ {b}" if alpha == 1.0 else f"{alpha} * ({a} @ {b})"
    if not e.has(2):
        return text
    return f"{text} + {e[2]}" if beta == 1.0 else f"{text} + {beta} * {e[2]}"


@emit("Einsum")
def einsum(e: Emission) -> str:
    return f"torch.einsum({literal(e.attr('equation'))}, {', '.join(e[n] for n in range(len(e.node.inputs)))})"


@emit("Det")
def det(e: Emission) -> str:
    return f"torch.linalg.det({e[0]})"


@emit_call("megengine.functional.nn.linear")
def source_linear_function(e: Emission) -> str:
    bias = e.argument("bias", 2)
    return call("F.linear", e.argument("inp", 0), e.argument("weight", 1), *([] if bias is None else [bias]))


@emit_call("megengine.module.linear.Linear")
def source_linear(e: Emission) -> str:
    state = e.tensors("weight", "bias")
    rows, columns = state["weight"].shape
    state |= {"bias": state["bias"].reshape(-1)} if "bias" in state else {}
    args = {None: (columns, rows)} | ({} if "bias" in state else {"bias": False})
    return f"{e.module('nn.Linear', args, state)}({e[0]})"
