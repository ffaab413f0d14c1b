"""TFLite files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mgeconvert.registry import Backend, Description, OpSupport, Option

if TYPE_CHECKING:
    import numpy as np

    from mgeconvert.errors import Problem
    from mgeconvert.ir import Graph


def _save(graph: Graph, path: Path, **options: Any) -> Sequence[Path]:
    from .export import save

    return save(graph, path, **options)


def _problems(graph: Graph, **options: Any) -> Sequence[Problem]:
    from .export import problems

    return problems(graph, **options)


def _ops() -> Sequence[OpSupport]:
    from .export import ops

    return ops()


def _run(path: Path, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    from .run import checked_run

    return checked_run(path, inputs)


def _describe(path: Path) -> Description:
    from .describe import describe

    return describe(path)


_LAYOUT = (
    "auto (channels-last where the network computes so), nhwc (4-D and 5-D channels-last), nchw (as in the source)"
)

BACKEND = Backend(
    name="tflite",
    title="TensorFlow Lite / LiteRT",
    suffixes=(".tflite",),
    save=_save,
    problems=_problems,
    ops=_ops,
    run=_run,
    describe=_describe,
    runtime="LiteRT",
    options=(
        Option("input_layout", str, "auto", f"Layout of inputs: {_LAYOUT}", ("auto", "nhwc", "nchw")),
        Option("output_layout", str, "auto", "Layout of outputs, likewise", ("auto", "nhwc", "nchw")),
        Option("fp16", bool, False, "Store weights as float16; computation stays float32", rtol=2e-2),
        Option("full_fp16", bool, False, "Compute in float16 too (XNNPACK, GPU; not the builtin kernels)", rtol=5e-2),
        Option("weight_int8", bool, False, "Store weights as int8; activations are quantized on the fly", rtol=1.5e-1),
        Option("allow_custom_ops", bool, False, "Write operators TFLite lacks as custom ones, for kernels of your own"),
        Option("allow_select_tf_ops", bool, False, "Write operators TFLite lacks as TensorFlow's where it has them"),
    ),
)
