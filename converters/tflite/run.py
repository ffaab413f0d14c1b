"""Runs a .tflite file in LiteRT."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.errors import BadInputError, MissingDependencyError, UsageError
from mgeconvert.registry import Computed, Opinion

from .floats import NAME, computed, float_form
from .model import Array, Layout, Tensor
from .read.entry import Entry, about, entry
from .read.model_file import read

KERNELS = ("xnnpack", "builtin", "reference")
"""What computes: XNNPACK where it can (LiteRT's default), the builtin kernels only, the plain reference kernels."""


ROUNDED = 0.15
"""What rounding activations to 8 bits may change, relative to the largest number: the limit of the options that write
such files."""
AGREEMENT = 1e-3
"""XNNPACK and the builtin kernels compute float32 in other orders; more than this, relative to the largest number, is a
fault of one of them."""


def checked_run(path: Path, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """`run` with XNNPACK, for a float32 file with the builtin kernels too, whose numbers are a second opinion: what the
    file should compute decides which of the two are right where they differ. So do, for a file with integer weights in
    float operators, these weights as floats."""
    results = run(path, inputs)
    file = read(Path(path))
    whole = float_form(entry(file), len(file.subgraphs))
    if whole is not None:
        return Computed(results, "LiteRT", [Opinion(NAME, lambda: computed(whole, inputs, run))])
    if about(file).get("computes") != "float32":
        return results
    builtin = run(path, inputs, "builtin")
    differs = any(_disagreement(results[name], array) > AGREEMENT for name, array in builtin.items())
    opinion = Opinion("LiteRT's builtin kernels", lambda: builtin, differs)
    return Computed(results, "LiteRT with XNNPACK" if differs else "LiteRT", [opinion])


def meaning(path: Path, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """`checked_run`; of a file with integer weights in float operators what these weights make as floats, unless
    LiteRT's own run is far from that."""
    results = checked_run(path, inputs)
    opinions = results.opinions if isinstance(results, Computed) else ()
    floats = next((opinion for opinion in opinions if opinion.runtime == NAME), None)
    if floats is None:
        return results
    exact = floats.compute()
    if any(_disagreement(results[name], array) > ROUNDED for name, array in exact.items()):
        return results
    return Computed(exact, NAME)


def _disagreement(first: Array, second: Array) -> float:
    if first.shape != second.shape:
        return float("inf")
    if first.dtype.kind != "f":
        return 0.0
    both = np.isfinite(first) & np.isfinite(second)
    if not both.any():
        return 0.0
    a, b = first[both].astype(np.float64), second[both].astype(np.float64)
    return float(np.abs(a - b).max() / max(np.abs(b).max(), np.finfo(np.float32).tiny))


def run(path: Path, inputs: Mapping[str, Array], kernels: str = "xnnpack") -> dict[str, Array]:
    """Compute the model: named arrays in the source's axis order in and out, whatever the file's layouts are.

    `kernels` is one of KERNELS. The layouts recorded in the file are applied to the inputs and undone on the outputs,
    and so are grids where the file takes or gives the integers of the source's floats (`--io-dtype`);
    a file from elsewhere is run as it is, under the names of its signature, or of its tensors where it has none. Raises
    MissingDependencyError without ai-edge-litert, UsageError for other inputs than the file has, BadInputError for a
    file LiteRT does not load or run.
    """
    chosen = entry(read(Path(path)))
    interpreter = open_interpreter(path, kernels)
    expected = chosen.inputs
    if set(expected) != set(inputs):
        raise UsageError(f"{path}: the inputs are {', '.join(sorted(expected))}; given: {', '.join(sorted(inputs))}")
    layouts = chosen.input_layouts
    whole = {name: _integers(np.asarray(array), expected[name]) for name, array in inputs.items()}
    fed = {
        name: np.array(stored(array, layouts.get(name)), expected[name].dtype, order="C")
        for name, array in whole.items()
    }
    try:
        results = _computed(interpreter, chosen, fed)
    except (RuntimeError, ValueError) as error:
        raise BadInputError(f"{path}: LiteRT does not run it: {error}") from error
    return {
        name: _restored(
            _numbers(results[name], chosen.outputs[name]) if name in chosen.integers else results[name],
            chosen.output_layouts.get(name),
        )
        for name in chosen.output_layouts or results
    }


def _integers(array: Array, tensor: Tensor) -> Array:
    """Floats for an input of integers on a grid as LiteRT's QUANTIZE makes integers of them, a half to even."""
    grid = tensor.quantization
    if array.dtype.kind != "f" or tensor.dtype.kind not in "iu" or grid is None or grid.scale.size != 1:
        return array
    limits = np.iinfo(tensor.dtype)
    steps = np.rint(array / grid.scale[0]) + grid.zero_point[0]
    whole: Array = np.clip(np.nan_to_num(steps), limits.min, limits.max).astype(tensor.dtype)
    return whole


def _numbers(array: Array, tensor: Tensor) -> Array:
    """What integers on a grid stand for."""
    grid = tensor.quantization
    if grid is None or array.dtype.kind not in "iu":
        return array
    numbers: Array = (array.astype(np.int32) - grid.zero_point[0]).astype(np.float32) * grid.scale[0]
    return numbers


def _computed(interpreter: Any, chosen: Entry, feeds: Mapping[str, Array]) -> Mapping[str, Array]:
    """The outputs by public name: through the signature, or tensor by tensor."""
    if chosen.signature:
        results: Mapping[str, Array] = interpreter.get_signature_runner(chosen.signature)(**feeds)
        return {name: results[name] for name in chosen.outputs}
    numbers = {
        name: detail["index"] for name, detail in zip(chosen.inputs, interpreter.get_input_details(), strict=True)
    }
    for name, array in feeds.items():
        interpreter.resize_tensor_input(numbers[name], array.shape)
    interpreter.allocate_tensors()
    for name, array in feeds.items():
        interpreter.set_tensor(numbers[name], array)
    interpreter.invoke()
    details = interpreter.get_output_details()
    return {name: interpreter.get_tensor(detail["index"]) for name, detail in zip(chosen.outputs, details, strict=True)}


def open_interpreter(path: Path, kernels: str = "xnnpack", *, keep_all: bool = False) -> Any:
    """LiteRT's interpreter for the file; `keep_all` keeps interior tensors readable."""
    try:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType
    except ImportError as error:
        raise MissingDependencyError(
            f"{path}: LiteRT is not installed, so the file cannot be run; it is complete all the same",
            hint="pip install ai-edge-litert",
        ) from error
    resolver = {
        "xnnpack": OpResolverType.AUTO,
        "builtin": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        "reference": OpResolverType.BUILTIN_REF,
    }[kernels]
    try:
        return Interpreter(
            str(path), experimental_op_resolver_type=resolver, experimental_preserve_all_tensors=keep_all
        )
    except (ValueError, RuntimeError) as error:
        raise BadInputError(f"{path}: LiteRT does not load it: {error}") from error


def stored(array: Array, layout: Layout | None) -> Array:
    """The array in the layout of the file."""
    return array if layout is None else np.transpose(array, layout)


def _restored(array: Array, layout: Layout | None) -> Array:
    return array if layout is None else np.array(np.transpose(array, np.argsort(layout)), order="C")
