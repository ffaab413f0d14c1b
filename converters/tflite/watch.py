"""Every tensor that a .tflite file computes, in LiteRT."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.errors import BadInputError, UsageError

from .model import Array
from .read.entry import entry
from .read.model_file import read
from .run import open_interpreter, stored


def watch(path: Path, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """The tensors by name, in the file's own layout; quantized ones as the numbers they stand for.

    LiteRT's builtin kernels compute: XNNPACK keeps no inner tensors. Raises what `run` does.
    """
    chosen = entry(read(path))
    if set(chosen.inputs) != set(inputs):
        raise UsageError(
            f"{path}: the inputs are {', '.join(sorted(chosen.inputs))}; given: {', '.join(sorted(inputs))}"
        )
    interpreter = open_interpreter(path, "builtin", keep_all=True)
    numbers = {detail["name"]: detail["index"] for detail in interpreter.get_tensor_details()}
    feeds = {
        numbers[tensor.name]: np.array(
            stored(np.asarray(inputs[name]), chosen.input_layouts.get(name)), tensor.dtype, order="C"
        )
        for name, tensor in chosen.inputs.items()
    }
    found: dict[str, Array] = {}
    try:
        for number, array in feeds.items():
            interpreter.resize_tensor_input(number, array.shape)
        interpreter.allocate_tensors()
        for number, array in feeds.items():
            interpreter.set_tensor(number, array)
        interpreter.invoke()
    except (RuntimeError, ValueError) as error:
        raise BadInputError(f"{path}: LiteRT does not run it: {error}") from error
    for detail in interpreter.get_tensor_details():
        with contextlib.suppress(ValueError):  # a tensor without data: of a branch not taken, or of a resource
            found[detail["name"]] = _numbers(interpreter.get_tensor(detail["index"]), detail)
    return found


def _numbers(array: Array, detail: Mapping[str, Any]) -> Array:
    """What the integers of a quantized tensor stand for."""
    parameters = detail["quantization_parameters"]
    scales, zeros = parameters["scales"], parameters["zero_points"]
    if not len(scales) or array.dtype.kind not in "iu":
        return array
    shape = [1] * array.ndim
    if len(scales) > 1:
        shape[parameters["quantized_dimension"]] = len(scales)
    numbers: Array = (array.astype(np.float32) - zeros.reshape(shape)) * scales.reshape(shape).astype(np.float32)
    return numbers
