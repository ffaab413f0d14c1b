"""What a file with integer weights and float activations means: the same operators with the weights as floats.

LiteRT rounds what such weights are multiplied with to 8 bits while it runs (the hybrid kernels, and XNNPACK also where
a DEQUANTIZE stands behind the weights), in a way that kernels, versions and batches change. The file's own numbers are
what floats make of it; its run is near to that.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from .dtypes import is_stored
from .hybrid import is_hybrid, is_weight
from .layout.holding import constant_array
from .model import Array, Model, Operator, Tensor
from .names import DEFAULT_SIGNATURE
from .read.entry import Entry
from .schema import OPTIONS
from .write.flatbuffer import write

Run = Callable[[Path, Mapping[str, Array], str], dict[str, Array]]
NAME = "LiteRT's float kernels, with the weights as floats"


def float_form(chosen: Entry, subgraphs: int) -> Model | None:
    """The way into a file with its weights as floats; None where nothing is rounded as it runs, and for files of
    several subgraphs or operators that `write` does not write."""
    model = chosen.subgraph
    if subgraphs > 1 or not any(map(is_hybrid, model.operators)) or not all(map(_is_written, model.operators)):
        return None
    whole: dict[Tensor, Tensor] = {}
    operators = []
    for operator in model.operators:
        if is_hybrid(operator) and operator.op == "DEQUANTIZE":
            assert operator.inputs[0] is not None
            whole[operator.output] = _whole(operator.inputs[0])
            continue
        inputs = [whole.get(tensor, tensor) if tensor is not None else None for tensor in operator.inputs]
        if is_hybrid(operator):
            inputs = [_whole(tensor) if tensor is not None and is_weight(tensor) else tensor for tensor in inputs]
        operators.append(Operator(operator.op, inputs, operator.outputs, operator.options, custom=operator.custom))
    borders = dict(chosen.inputs), {name: whole.get(tensor, tensor) for name, tensor in chosen.outputs.items()}
    return Model(model.name, *borders, operators, chosen.input_layouts, chosen.output_layouts)


def computed(model: Model, inputs: Mapping[str, Array], run: Run) -> dict[str, Array]:
    """The outputs of a float form, by the builtin kernels."""
    with tempfile.TemporaryDirectory(prefix="mgeconvert-") as folder:
        path = Path(folder, f"{DEFAULT_SIGNATURE}.tflite")
        with path.open("wb") as stream:
            write(model, stream)
        return run(path, inputs, "builtin")


def _is_written(operator: Operator) -> bool:
    known = operator.custom is not None or not operator.options or operator.op in OPTIONS
    tensors = [tensor for tensor in (*operator.inputs, *operator.outputs) if tensor is not None]
    return known and all(is_stored(tensor.dtype) or is_weight(tensor) for tensor in tensors)


def _whole(tensor: Tensor) -> Tensor:
    return Tensor(tensor.name, np.dtype(np.float32), tensor.shape, constant_array(tensor))
