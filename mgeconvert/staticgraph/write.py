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
SWITCHES = {
    "fuse_conv_bias": "enable_fuse_conv_bias_nonlinearity", "fuse_z": "enable_fuse_conv_bias_with_z",
    "fuse_preprocess": "enable_fuse_preprocess", "float16": "enable_ioc16", "float16_io": "enable_io16xc32",
}  # fmt: skip
"""Options that are switches of optimize_for_inference -> what dump calls them."""
PASSED = ("keep_opr_name", "keep_param_name", "keep_opr_priority", "no_change_graph")
"""Options that go to dump under their own names."""


def save(
    graph: Graph,
    path: Path,
    *,
    optimize_for_inference: bool = False,
    layout: str = "",
    dump_format: str = "FBS_V2",
    model_version: int = 2,
    output_names: str = "",
    keep_var_name: int = 1,
    cases: str = "",
    max_error: float = 1e-4,
    fuse_grain: bool = True,
    **switches: bool,
) -> list[Path]:
    """Write `graph` as MegEngine dumps it; returns the file written.

    `cases` is an .npz whose inputs become a test case in front, which MegEngine Lite's load_and_run checks up to
    `max_error`; `switches` are those of `SWITCHES` and `PASSED`. Raises UnsupportedError for what a TracedModule cannot
    express, MissingDependencyError without MegEngine, ReferenceEnvironmentError with MegEngine's own reason.
    """
    check(optimize_for_inference, layout, model_version, keep_var_name, cases, max_error, fuse_grain, **switches)
    options: dict[str, Any] = {
        "optimize_for_inference": optimize_for_inference, "dump_format": dump_format, "model_version": model_version,
        "keep_var_name": keep_var_name,
    }  # fmt: skip
    options |= {SWITCHES.get(name, name): True for name, wanted in switches.items() if wanted}
    options |= {f"enable_{layout}": True} if layout else {}
    options |= {} if fuse_grain else {"enable_fuse_grain": False}
    options |= {"maxerr": max_error} if cases else {}
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
    model_version: int = 2,
    keep_var_name: int = 1,
    cases: str = "",
    max_error: float = 1e-4,
    fuse_grain: bool = True,
    **switches: object,
) -> None:
    """UsageError for options of `save` that cannot be taken, or not together."""
    switched = {"layout": layout, "no_fuse_grain": not fuse_grain, **{name: switches.get(name) for name in SWITCHES}}
    asked = [f"--{name.replace('_', '-')}" for name, wanted in switched.items() if wanted]
    if asked and not optimize_for_inference:
        raise UsageError(
            f"{', '.join(asked)}: only a graph that is optimized for inference has that",
            hint="say --optimize-for-inference as well",
        )
    if switches.get("float16") and switches.get("float16_io"):
        raise UsageError(
            "--float16, --float16-io: there is one precision", hint="--float16-io stores in float16, and computes in 32"
        )
    if model_version not in (1, 2):
        raise UsageError(f"--model-version {model_version}: there are versions 1 and 2", hint="--model-version 2")
    if keep_var_name not in (0, 1, 2):
        raise UsageError(f"--keep-var-name {keep_var_name}: there are 0, 1 and 2", hint="--keep-var-name 2")
    if max_error != 1e-4 and not cases:
        raise UsageError("--max-error: there is no test case to check", hint="say --cases recorded.npz as well")


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
