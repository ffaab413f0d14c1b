"""ONNX: the `BACKEND` and `FRONTEND` records. Nothing heavy is imported until a function is called."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mgeconvert.registry import Backend, Description, Frontend, OpSupport, Option, Source

if TYPE_CHECKING:
    import numpy as np

    from mgeconvert.errors import Problem
    from mgeconvert.ir import Graph


def _save(graph: Graph, path: Path, **options: Any) -> Sequence[Path]:
    from .save import save

    return save(graph, path, **options)


def _problems(graph: Graph, **options: Any) -> Sequence[Problem]:
    from .save import problems

    return problems(graph, **options)


def _ops() -> Sequence[OpSupport]:
    from .support import emitted

    return emitted()


def _introduces(opset: int | None = None, **_: Any) -> Collection[str]:
    from .support import native

    return native(opset)


def _run(path: Path, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    from .run import run

    return run(path, inputs)


def _describe(path: Path) -> Description:
    from .describe import describe

    return describe(path)


def _load(source: Source, **options: Any) -> Graph:
    from .lower import load

    return load(source, **options)


def _lowered() -> Sequence[OpSupport]:
    from .support import lowered

    return lowered()


FRONTEND = Frontend(
    name="onnx",
    title="ONNX",
    suffixes=(".onnx",),
    load=_load,
    ops=_lowered,
    options=(Option("input_shape", str, None, "numbers for sizes the file leaves open: x=1,3,224,224;y=1,5"),),
    describe=_describe,
)

BACKEND = Backend(
    name="onnx",
    title="ONNX",
    suffixes=(".onnx",),
    save=_save,
    problems=_problems,
    ops=_ops,
    run=_run,
    describe=_describe,
    runtime="onnxruntime",
    introduces=_introduces,
    options=(
        Option("opset", int, None, "the operator set to write, 7 or newer; unset: 17, or the lowest that is enough"),
        Option("external_data", bool, False, "put the weights into a second file beside the model"),
        Option("fp16", bool, False, "compute and store weights in float16", rtol=5e-2),
        Option("fp16_io", bool, False, "with --fp16: inputs and outputs are float16 too"),
    ),
)
