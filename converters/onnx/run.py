"""Compute an ONNX file with onnxruntime."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mgeconvert.errors import BadInputError, MissingDependencyError, UsageError
from mgeconvert.files import missing
from mgeconvert.quiet_session import session_options

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

LARGE = 16 << 20
"""Bytes of weights from which on onnxruntime keeps no second and third copy of them. Those, in its blocked layout and
packed for its kernels, pay in a model that is run often; they are twice the memory of one that is run once."""


def run(path: Path, inputs: Mapping[str, np.ndarray], *, optimize: bool = True) -> dict[str, np.ndarray]:
    """Every output of the model by name, in the model's order; on the CPU.

    `optimize=False` runs the graph as it is written, without onnxruntime's rewriting. Inputs are given in the model's
    own types, or in float32 where those are float16. Raises UsageError for missing or unknown inputs, BadInputError for
    a file that onnxruntime refuses.
    """
    session = open_session(path, optimize=optimize)
    given = session.get_inputs()
    expected = [argument.name for argument in given]
    missing = [name for name in expected if name not in inputs]
    unknown = [name for name in inputs if name not in expected]
    if missing or unknown:
        facts = [f"no array for {', '.join(missing)}"] if missing else []
        facts += [f"no input named {', '.join(unknown)}"] if unknown else []
        raise UsageError(f"{path}: {'; '.join(facts)}; the model's inputs are {', '.join(expected)}")
    names = [argument.name for argument in session.get_outputs()]
    try:
        arrays = session.run(names, {argument.name: _fed(inputs[argument.name], argument.type) for argument in given})
    except _refusals() as error:
        raise BadInputError(f"{path}: onnxruntime cannot compute it: {_first_line(error)}") from error
    return dict(zip(names, arrays, strict=True))


def _fed(array: np.ndarray, kind: str) -> np.ndarray:
    """A model that was written in float16 takes the inputs of its source."""
    return array.astype(np.float16) if kind == "tensor(float16)" and array.dtype == np.float32 else array


def open_session(path: Path, *, optimize: bool = True) -> InferenceSession:
    """A quiet CPU session for the file; external data is found beside it."""
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingDependencyError(
            f"onnxruntime cannot be imported ({error}); it is what computes ONNX files",
            hint="pip install onnxruntime",
        ) from error
    if not path.is_file():
        raise missing(path)
    options = session_options()
    level, is_large = onnxruntime.GraphOptimizationLevel, _weight_bytes(path) >= LARGE
    if is_large:
        options.add_session_config_entry("session.disable_prepacking", "1")
    if is_large or not optimize:
        options.graph_optimization_level = level.ORT_ENABLE_EXTENDED if optimize else level.ORT_DISABLE_ALL
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except _refusals() as error:
        raise BadInputError(f"{path}: onnxruntime cannot load it: {_first_line(error)}") from error


def _weight_bytes(path: Path) -> int:
    """The bytes of a model with those of its external data, as we name it, where the folder may be listed."""
    total = path.stat().st_size
    with contextlib.suppress(OSError):
        beside = (file for file in path.parent.iterdir() if file.name.startswith(f"{path.name}."))
        total += sum(file.stat().st_size for file in beside if file.suffix == ".data")
    return total


def _refusals() -> tuple[type[Exception], ...]:
    """What onnxruntime raises for models and inputs it does not take."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    names = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NotImplemented", "RuntimeException")
    return tuple(getattr(state, name) for name in names)


def _first_line(error: Exception) -> str:
    lines: list[Any] = str(error).splitlines()
    return str(lines[0]) if lines else type(error).__name__
