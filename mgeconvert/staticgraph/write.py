"""Writes static graphs through real MegEngine: the graph becomes a TracedModule, which MegEngine traces and dumps."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.errors import Problem, ReferenceEnvironmentError, UsageError
from mgeconvert.files import output_files
from mgeconvert.ir import Graph
from mgeconvert.reference import static
from mgeconvert.tracedmodule.emit import backend
from mgeconvert.verification.comparison import random_inputs
from mgeconvert.verification.recorded import read_inputs

LAYOUTS = ("nchw4", "nchw44", "nchw44_dot", "nchw88", "nchw32", "nchw64", "chwn4", "hwcd4")
"""Memory layouts that optimize_for_inference can choose."""


def save(
    graph: Graph,
    path: Path,
    *,
    optimize_for_inference: bool = False,
    layout: str = "",
    fuse_conv_bias: bool = False,
    float16: bool = False,
    dump_format: str = "FBS_V2",
    model_version: int = 2,
    output_names: str = "",
    cases: str = "",
) -> list[Path]:
    """Write `graph` as MegEngine dumps it; returns the file written.

    `cases` is an .npz whose inputs become a test case in front. Raises UnsupportedError for what a TracedModule cannot
    express, MissingDependencyError without MegEngine, ReferenceEnvironmentError with MegEngine's own reason.
    """
    check(optimize_for_inference, layout, fuse_conv_bias, float16, model_version)
    switches = {f"enable_{layout}": True} if layout else {}
    if fuse_conv_bias:
        switches["enable_fuse_conv_bias_nonlinearity"] = True
    if float16:
        switches["enable_ioc16"] = True
    options = {
        "optimize_for_inference": optimize_for_inference, "dump_format": dump_format, "model_version": model_version,
        **switches,
    }  # fmt: skip
    names = _names(output_names, list(graph.outputs))
    feeds = read_inputs(Path(cases), graph.inputs) if cases else random_inputs(graph.inputs)
    with tempfile.TemporaryDirectory(prefix="mgeconvert-") as folder:
        job = _job(graph, Path(folder), feeds, options, bool(cases))
        (answer,) = static.dump([job | {"output_names": names}])
        if "error" in answer:
            error = answer["error"]
            fact = error["message"].partition("\n")[0]
            raise ReferenceEnvironmentError(f"MegEngine cannot dump it: {error['kind']}: {fact}", trace=error["trace"])
        with output_files(path) as (stream,):
            stream.write(Path(job["out"]).read_bytes())
    return [path]


def check(
    optimize_for_inference: bool = False,
    layout: str = "",
    fuse_conv_bias: bool = False,
    float16: bool = False,
    model_version: int = 2,
    **_: object,
) -> None:
    """UsageError for options of `save` that cannot be taken, or not together."""
    if (layout or fuse_conv_bias or float16) and not optimize_for_inference:
        raise UsageError(
            "--layout, --fuse-conv-bias and --float16 are switches of --optimize-for-inference",
            hint="say --optimize-for-inference as well",
        )
    if model_version not in (1, 2):
        raise UsageError(f"--model-version {model_version}: there are versions 1 and 2", hint="--model-version 2")


def problems(graph: Graph, **_: Any) -> list[Problem]:
    """What stops `save` as far as it is known without MegEngine."""
    return backend.problems(graph)


def _names(wanted: str, own: Sequence[str]) -> list[str]:
    names = [name.strip() for name in wanted.split(",") if name.strip()]
    if names and len(names) != len(own):
        raise UsageError(f"--output-names: {len(names)} names for {len(own)} outputs: {', '.join(own)}")
    return names or list(own)


def _job(
    graph: Graph, folder: Path, feeds: Mapping[str, np.ndarray], options: Mapping[str, Any], with_case: bool
) -> dict[str, Any]:
    model, inputs = folder / "model.pkl", folder / "inputs.npz"
    backend.save(graph, model)
    np.savez(inputs, *feeds.values())
    return {
        "model": str(model), "inputs": str(inputs), "out": str(folder / "model.mge"), "arg_names": list(feeds),
        "options": dict(options), "check": True, "cases": str(folder) if with_case else None,
    }  # fmt: skip
