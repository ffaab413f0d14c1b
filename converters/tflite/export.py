"""Graph -> .tflite file: the steps in order."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from mgeconvert.errors import Problem, UnsupportedError
from mgeconvert.files import output_files
from mgeconvert.ir import Graph
from mgeconvert.registry import OpSupport

from .compile import compile_graph
from .fuse import fuse
from .integer import integer_kernels
from .model import BORDER, LAYOUT, MODEL, Model
from .plan import BorderLayouts
from .precision import half_weights, int8_weights
from .table import EMITTERS, REFUSED

logger = logging.getLogger("mgeconvert.tflite")


def build(graph: Graph, *, input_layout: str = "auto", output_layout: str = "auto", fp16: bool = False,
          weight_int8: bool = False) -> Model:  # fmt: skip
    """The model as it will be written; raises UnsupportedError with all problems."""
    model = compile_graph(graph, BorderLayouts(input_layout, output_layout))
    fuse(model)
    integer_kernels(model)
    if weight_int8:
        int8_weights(model)
    if fp16:
        half_weights(model)
    return model


def save(graph: Graph, path: Path, *, input_layout: str = "auto", output_layout: str = "auto", fp16: bool = False,
         weight_int8: bool = False) -> Sequence[Path]:  # fmt: skip
    """Write the file; an old one survives a failure."""
    from .write import write

    model = build(
        graph, input_layout=input_layout, output_layout=output_layout, fp16=fp16, weight_int8=weight_int8
    )
    with output_files(path) as (stream,):
        write(model, stream)
    logger.info("%s", report(model))
    return [path]


def report(model: Model) -> str:
    """How many transposes there are and why."""
    counts = model.transposes()
    text = f"transposes: {counts[BORDER]} (border), {counts[LAYOUT]} (interior)"
    return f"{text}, {counts[MODEL]} (the model's own)" if counts[MODEL] else text


def problems(graph: Graph, *, input_layout: str = "auto", output_layout: str = "auto", fp16: bool = False,
             weight_int8: bool = False) -> Sequence[Problem]:  # fmt: skip
    """What stops an export, without writing."""
    del fp16, weight_int8
    try:
        compile_graph(graph, BorderLayouts(input_layout, output_layout))
    except UnsupportedError as error:
        return error.problems
    return ()


def ops() -> Sequence[OpSupport]:
    """The support table: IR operators with their notes, and the refused ones with reasons."""
    from . import emit  # noqa: F401  fills the tables

    supported = [OpSupport(op, note=emitter.note) for op, emitter in EMITTERS.items()]
    refused = [OpSupport(op, refused=reason) for op, reason in REFUSED.items()]
    return sorted([*supported, *refused], key=lambda row: row.op)
