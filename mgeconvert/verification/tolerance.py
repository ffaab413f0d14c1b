"""How far a written file's outputs may be from the truth unless --rtol says so."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mgeconvert.registry import STRIP_QUANTIZATION, Backend

if TYPE_CHECKING:
    from mgeconvert.ir import Graph

RTOL = 1e-4
"""Default limit of the relative error, max|a-b| / max|b|."""
QUANTIZED_RTOL = 0.1
QUANTIZED_COSINE = 0.99
"""Limits for quantized graphs. A runtime that rounds a half the other way is off by a whole quantization step there,
and the step travels on: two runtimes that are both right differ by some per cent of the largest output."""
HALF_RTOL = 1e-2
"""Limit where something is computed in float16, which has three decimal digits."""
QUANTIZING = (
    "QuantizeLinear", "QUANTIZE", "DynamicQuantizeLinear", "DynamicQuantizeMatMul", "DynamicQuantizeLSTM", "QAttention",
)  # fmt: skip
"""The operators that make a graph a quantized one, as ONNX, onnxruntime and TFLite name them."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The largest relative error, and for quantized graphs the smallest cosine (None: not looked at). One that the user
    gave (`is_given`) has no exceptions."""

    rtol: float = RTOL
    cosine: float | None = None
    is_given: bool = field(default=False, compare=False)

    @property
    def is_exact(self) -> bool:
        """Whether integers and booleans must be equal: those of a quantized graph are steps, and a limit that the user
        gave is for all outputs."""
        return self.cosine is None and not self.is_given

    @property
    def text(self) -> str:
        """``limit 0.0001``, or that it is the one of quantized graphs."""
        if self.cosine is None:
            return f"limit {self.rtol:g}"
        return f"limits of a quantized graph: {self.rtol:g}, cosine {self.cosine:g}"


def kinds_of(graph: Graph) -> set[str]:
    """The operators and the types they compute in: what the limit depends on."""
    kinds = {node.op for node in graph.nodes}
    return kinds | {value.dtype.name for node in graph.nodes for value in node.outputs if value.dtype is not None}


def limit_for(
    kinds: Container[str], given: float | None, target: Backend | None = None, options: Mapping[str, Any] | None = None
) -> Limit:
    """The limit for a graph with these operators and types (``float16``): the `given` one, else the default of its
    kind, raised by options of the target that round on purpose. Nothing is rounded where there is no quantization to
    strip."""
    if given is not None:
        return Limit(given, is_given=True)
    chosen = options or {}
    is_quantized = any(op in kinds for op in QUANTIZING)
    given_options = [option for option in target.options if chosen.get(option.name)] if target else []
    rounding = [option.rtol for option in given_options if is_quantized or option.name != STRIP_QUANTIZATION.name]
    if is_quantized:
        return Limit(max([QUANTIZED_RTOL, *rounding]), QUANTIZED_COSINE)
    return Limit(max([HALF_RTOL if "float16" in kinds else RTOL, *rounding]))
