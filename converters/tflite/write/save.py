"""Graph -> .tflite file: the steps in order."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mgeconvert.errors import Problem, UnsupportedError, UsageError
from mgeconvert.files import output_files
from mgeconvert.ir import Graph
from mgeconvert.quant_params import Scales, document, document_paths
from mgeconvert.registry import QUANT_PARAMS, OpSupport

from ..emit.custom import Foreign
from ..emit.driver import compile_graph
from ..emit.table import EMITTERS, REFUSED
from ..finish.float16_kernels import half_computation
from ..finish.fusion import fuse
from ..finish.integer_kernels import integer_kernels
from ..finish.small_weights import half_weights, int8_weights
from ..layout.plan import BorderLayouts
from ..model import BORDER, LAYOUT, MODEL, Model, check

logger = logging.getLogger("mgeconvert.tflite")


@dataclass(frozen=True, slots=True)
class Options:
    """The keywords of `save`; raises UsageError for values that do not go together."""

    input_layout: str = "auto"
    output_layout: str = "auto"
    fp16: bool = False
    full_fp16: bool = False
    weight_int8: bool = False
    allow_custom_ops: bool = False
    allow_select_tf_ops: bool = False

    def __post_init__(self) -> None:
        if self.full_fp16 and self.weight_int8:
            raise UsageError("--full-fp16 and --weight-int8 exclude each other", hint="leave one of them out")

    @property
    def borders(self) -> BorderLayouts:
        return BorderLayouts(self.input_layout, self.output_layout)

    @property
    def foreign(self) -> Foreign:
        return Foreign(self.allow_custom_ops, self.allow_select_tf_ops)


def build(graph: Graph, **options: Any) -> Model:
    """The model as it will be written; raises UnsupportedError with all problems."""
    chosen = Options(**options)
    model = compile_graph(graph, chosen.borders, chosen.foreign)
    fuse(model)
    integer_kernels(model)
    if chosen.weight_int8:
        int8_weights(model)
    if chosen.full_fp16:
        half_computation(model)
    elif chosen.fp16:
        half_weights(model)
    check(model)
    return model


def save(graph: Graph, path: Path, **options: Any) -> Sequence[Path]:
    """Write the file, and the quantization parameters beside it where asked for; old files survive a failure."""
    from .flatbuffer import write

    beside = document_paths(options.pop(QUANT_PARAMS.name, ""), path)
    model = build(graph, **options)
    with output_files(path, *beside) as (stream, *others):
        write(model, stream)
        for other in others:
            other.write(document(quantization_rows(model)))
    logger.info("%s", report(model))
    return [path, *beside]


def quantization_rows(model: Model) -> Iterator[dict[str, Any]]:
    """The entries of the quantization document: every quantized tensor of the file, under its name there."""
    for tensor in model.tensors():
        scales = tensor.quantization
        if scales is not None and tensor.dtype.kind in "iu":
            axis = scales.axis if scales.scale.size > 1 else None
            yield Scales(tensor.dtype, scales.scale, scales.zero_point, axis).row(tensor.name, tensor.is_constant)


def report(model: Model) -> str:
    """How many transposes there are and why."""
    counts = model.transposes()
    text = f"transposes: {counts[BORDER]} (border), {counts[LAYOUT]} (interior)"
    return f"{text}, {counts[MODEL]} (the model's own)" if counts[MODEL] else text


def problems(graph: Graph, **options: Any) -> Sequence[Problem]:
    """What stops an export, without writing."""
    chosen = Options(**{name: value for name, value in options.items() if name != QUANT_PARAMS.name})
    try:
        compile_graph(graph, chosen.borders, chosen.foreign)
    except UnsupportedError as error:
        return error.problems
    return ()


def ops() -> Sequence[OpSupport]:
    """The support table: IR operators with their notes, and the refused ones with reasons."""
    from .. import emit  # noqa: F401  fills the tables

    supported = [OpSupport(op, note=emitter.note) for op, emitter in EMITTERS.items()]
    refused = [OpSupport(op, refused=reason) for op, reason in REFUSED.items()]
    return sorted([*supported, *refused], key=lambda row: row.op)
