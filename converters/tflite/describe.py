"""What a .tflite file says of itself."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.errors import BadInputError
from mgeconvert.ir import Value
from mgeconvert.registry import Description

from .model import Layout
from .run import Layouts, read_about, read_layouts
from .write.flatbuffer import TYPES


def describe(path: Path) -> Description:
    """Inputs and outputs in the source's axis order, the writer, the operator counts; BadInputError for other files."""
    import tflite

    content = Path(path).read_bytes() if Path(path).stat().st_size < 8 else np.memmap(path, np.uint8, "r")
    if bytes(content[4:8]) != b"TFL3":
        raise BadInputError(f"{path}: not a TFLite file: it does not have TFL3 at byte 4")
    model = tflite.Model.GetRootAsModel(content, 0)
    graph = model.Subgraphs(0)
    names = {number: name for name, number in vars(tflite.BuiltinOperator).items() if isinstance(number, int)}
    codes = [model.OperatorCodes(index) for index in range(model.OperatorCodesLength())]
    kinds = [names[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())] for code in codes]
    counts = Counter(kinds[graph.Operators(index).OpcodeIndex()] for index in range(graph.OperatorsLength()))
    inputs, outputs = read_layouts(path)
    writer = read_about(path).get("producer") or (model.Description() or b"").decode()
    return Description(
        _values(graph, graph.InputsAsNumpy(), inputs), _values(graph, graph.OutputsAsNumpy(), outputs), writer, counts
    )


def _values(graph: Any, numbers: Any, layouts: Layouts) -> dict[str, Value]:
    values = {}
    for number in numbers if isinstance(numbers, np.ndarray) else ():
        value = _value(graph.Tensors(int(number)), layouts)
        values[value.name] = value
    return values


def _value(tensor: Any, layouts: Layouts) -> Value:
    import tflite

    types = {getattr(tflite.TensorType, theirs): ours for ours, theirs in TYPES.items()}
    name = tensor.Name().decode()
    shape: list[int | str] = [int(tensor.Shape(axis)) for axis in range(tensor.ShapeLength())]
    for axis in range(tensor.ShapeSignatureLength()):
        if tensor.ShapeSignature(axis) < 0:
            shape[axis] = f"{name}_{axis}"
    layout: Layout = layouts.get(name, tuple(range(len(shape))))
    ordered = tuple(shape[layout.index(axis)] for axis in range(len(shape)))
    return Value(name, np.dtype(types[tensor.Type()]), ordered)
