"""What other optimizers remove and we leave, and why; docs/passes.md has the figures."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class Kept:
    """Operators that a rewrite removes, and one that it makes in their place (empty: none), in these networks (all)."""

    removes: frozenset[str]
    makes: str
    why: str
    networks: tuple[str, ...] = ()


KEPT = (
    Kept(frozenset(["Div", "ReduceL2"]), "LpNormalization", "LpNormalization makes 0 of 0 / 0"),
    Kept(frozenset(["MatMul"]), "Split", "one product and a Split are slower than three products"),
    Kept(
        frozenset(["Add", "Div", "MatMul", "Softmax", "Transpose"]),
        "Attention",
        "com.microsoft.Attention runs in onnxruntime only",
    ),
    Kept(frozenset(["Add", "MatMul"]), "Gemm", "a Gemm between Reshapes takes the same time"),
    Kept(frozenset(["DequantizeLinear"]), "", "onnxruntime wants one for each reader to compute with integers"),
    Kept(
        frozenset(["Mul"]),
        "",
        "the weight has another reader, the file would grow",
        ("Fcos", "retinanet_res18_coco_3x_800size"),
    ),
)


def reason(network: str, removed: Counter[str], made: Counter[str]) -> str:
    """Why all that a tool removed is left; empty where that is not known of a part of it."""
    left = set(removed)
    reasons = []
    for kept in KEPT:
        fits = (not kept.makes or kept.makes in made) and (not kept.networks or network in kept.networks)
        if fits and left & kept.removes:
            reasons.append(kept.why)
            left -= kept.removes
    return "" if left else "; ".join(reasons)
