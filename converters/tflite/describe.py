"""What a .tflite file says of itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from mgeconvert.ir import Value
from mgeconvert.registry import Description

from .model import Tensor
from .read.entry import Layouts, about, entry
from .read.model_file import read


def describe(path: Path) -> Description:
    """Inputs and outputs in the source's axis order, the writer, the operator counts; BadInputError for other files."""
    file = read(Path(path))
    chosen = entry(file)
    counts = Counter(
        operator.custom[0] if operator.custom is not None else operator.op for operator in chosen.subgraph.operators
    )
    writer = about(file).get("producer") or file.description
    return Description(
        _values(chosen.inputs, chosen.input_layouts), _values(chosen.outputs, chosen.output_layouts), writer, counts
    )


def _values(tensors: Mapping[str, Tensor], layouts: Layouts) -> dict[str, Value]:
    values = {}
    for name, tensor in tensors.items():
        layout = layouts.get(name, tuple(range(tensor.rank)))
        ordered = tuple(tensor.shape[layout.index(axis)] for axis in range(tensor.rank))
        values[name] = Value(name, tensor.dtype, ordered)
    return values
