"""Graph to model: emission, then what is done to the operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mgeconvert.errors import UsageError
from mgeconvert.ir import Graph
from mgeconvert.quantization.removal import without_quantization
from mgeconvert.registry import QUANT_PARAMS

from ..finish.borders import quantize_first
from ..finish.float16_kernels import half_computation
from ..finish.fusion import fuse
from ..finish.integer_kernels import integer_kernels
from ..finish.small_weights import half_weights, int8_weights
from ..finish.stored_weights import stored_weights
from ..layout.plan import BorderLayouts
from ..model import Model, check
from ..names import WEIGHTS
from .custom import CustomOperators
from .driver import compile_graph


@dataclass(frozen=True, slots=True)
class Options:
    """The keywords of `save`; raises UsageError for values that do not go together."""

    input_layout: str = "auto"
    output_layout: str = "auto"
    fp16: bool = False
    full_fp16: bool = False
    weight_int8: bool = False
    dynamic_activations: bool = False
    allow_custom_ops: bool = False
    allow_select_tf_ops: bool = False
    strip_quantization: bool = False

    def __post_init__(self) -> None:
        if self.full_fp16 and self.weight_int8:
            raise UsageError("--full-fp16 and --weight-int8 exclude each other", hint="leave one of them out")

    @property
    def borders(self) -> BorderLayouts:
        return BorderLayouts(self.input_layout, self.output_layout)

    @property
    def custom(self) -> CustomOperators:
        return CustomOperators(self.allow_custom_ops, self.allow_select_tf_ops)


def check_options(**options: Any) -> None:
    """UsageError for options of `save` that do not go together."""
    Options(**{name: value for name, value in options.items() if name != QUANT_PARAMS.name})


def build(graph: Graph, **options: Any) -> Model:
    """The model as it will be written; raises UnsupportedError with all problems."""
    chosen = Options(**options)
    if chosen.strip_quantization:
        graph = without_quantization(graph)[0]
    model = compile_graph(graph, chosen.borders, chosen.custom)
    fuse(model)
    quantize_first(model)
    integer_kernels(model)
    stored_weights(model, chosen.dynamic_activations or graph.metadata.get(WEIGHTS) == "dynamic")
    if chosen.weight_int8:
        int8_weights(model)
    if chosen.full_fp16:
        half_computation(model)
    elif chosen.fp16:
        half_weights(model)
    elif graph.metadata.get(WEIGHTS) == "float16":
        half_weights(model, exactly=True)
    check(model)
    return model
