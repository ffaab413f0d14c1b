"""Graph -> .tflite file: built, written to a temporary name, renamed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mgeconvert.files import output_files
from mgeconvert.ir import Graph, Value
from mgeconvert.quant_params import Scales, document, document_paths
from mgeconvert.quantization.removal import rows, without_quantization
from mgeconvert.registry import QUANT_PARAMS

from ..emit.build import build
from ..finish.left_in_floats import left_in_floats
from ..model import BORDER, LAYOUT, MODEL, Model
from .flatbuffer import write

logger = logging.getLogger("mgeconvert.tflite")


def save(graph: Graph, path: Path, **options: Any) -> Sequence[Path]:
    """Write the file, and the quantization parameters beside it where asked for; old files survive a failure."""
    beside = document_paths(options.pop(QUANT_PARAMS.name, ""), path)
    model = build(graph, **options)
    with output_files(path, *beside) as (stream, *others):
        write(model, stream)
        for other in others:
            other.write(document(_rows(model, graph, **options)))
    logger.info("%s", report(model))
    return [path, *beside]


def quantization_rows(model: Model) -> Iterator[dict[str, Any]]:
    """The entries of the quantization document: every quantized tensor of the file, under its name there."""
    for tensor in model.tensors():
        scales = tensor.quantization
        if scales is not None and tensor.dtype.kind in "iu":
            axis = scales.axis if scales.scale.size > 1 else None
            yield Scales(tensor.dtype, scales.scale, scales.zero_point, axis).row(tensor.name, tensor.is_constant)


def _rows(model: Model, graph: Graph, *, strip_quantization: bool = False, **_: object) -> Iterator[dict[str, Any]]:
    """Those entries; for a model whose quantization was stripped what it said, under the names of its float tensors."""
    if not strip_quantization:
        yield from quantization_rows(model)
        return
    names = {tensor.name for tensor in model.tensors()}
    stripped, parameters = without_quantization(graph)
    public = {value: name for name, value in stripped.outputs.items()}

    def name_in_file(value: Value) -> str | None:
        name = public.get(value, value.name)
        return name if name in names else None

    yield from rows(parameters, name_in_file)


def _integer_borders(model: Model) -> Iterator[str]:
    """``x: int8, scale 0.0078125, zero point 3``"""
    for name in model.integer_borders:
        tensor = model.inputs.get(name) or model.outputs[name]
        grid = tensor.quantization
        assert grid is not None
        yield f"{name}: {tensor.dtype}, scale {grid.scale[0]:.9g}, zero point {grid.zero_point[0]}"


def report(model: Model) -> str:
    """How many transposes there are and why; each operator of a quantized graph that is left in floats, and why."""
    counts = model.transposes()
    text = f"transposes: {counts[BORDER]} (border), {counts[LAYOUT]} (interior)"
    text = f"{text}, {counts[MODEL]} (the model's own)" if counts[MODEL] else text
    return "\n".join(
        [
            text,
            *_integer_borders(model),
            *(f"computed in floats between integers: {line}" for line in left_in_floats(model)),
        ]
    )
