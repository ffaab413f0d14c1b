"""Graph to model: emission, then what is done to the operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mgeconvert.errors import UsageError
from mgeconvert.ir import Graph
from mgeconvert.quantization.input_grids import check_input_grid, with_input_grids
from mgeconvert.quantization.removal import without_quantization
from mgeconvert.registry import QUANT_PARAMS

from ..finish.borders import quantize_first
from ..finish.float16_kernels import half_computation
from ..finish.fusion import fuse
from ..finish.integer_borders import integer_borders
from ..finish.integer_kernels import integer_kernels
from ..finish.picks import split_picks
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
    io_dtype: str = "float32"
    input_scale: float = 0.0
    input_zero_point: int = 0
    strip_quantization: bool = False

    def __post_init__(self) -> None:
        given = (
            [f"--io-dtype {self.io_dtype}"] if self.integer_borders else ["--input-scale"] if self.input_scale else []
        )
        if given and self.strip_quantization:
            raise UsageError(f"{given[0]} and --strip-quantization exclude each other", hint="leave one of them out")
        check_input_grid(self.input_scale, self.input_zero_point, self.input_dtype)
        if self.full_fp16 and self.weight_int8:
            raise UsageError("--full-fp16 and --weight-int8 exclude each other", hint="leave one of them out")

    @property
    def integer_borders(self) -> bool:
        """Whether inputs and outputs are integers."""
        return self.io_dtype != "float32"

    @property
    def input_dtype(self) -> np.dtype[Any]:
        """The integers that --input-scale speaks of."""
        return np.dtype(self.io_dtype if self.integer_borders else np.int8)

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
    if chosen.input_scale:
        graph = with_input_grids(graph, chosen.input_scale, chosen.input_zero_point, chosen.input_dtype)
    model = compile_graph(graph, chosen.borders, chosen.custom)
    fuse(model)
    quantize_first(model)
    integer_kernels(model)
    if chosen.integer_borders:
        integer_borders(model, chosen.io_dtype)
    stored_weights(model, chosen.dynamic_activations or graph.metadata.get(WEIGHTS) == "dynamic")
    if chosen.weight_int8:
        int8_weights(model)
    if chosen.full_fp16:
        half_computation(model)
    elif chosen.fp16:
        half_weights(model)
    elif graph.metadata.get(WEIGHTS) == "float16":
        half_weights(model, exactly=True)
    split_picks(model)
    check(model)
    return model
