"""Every value that an ONNX file computes, in onnxruntime."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mgeconvert.errors import BadInputError

from .run import run


def watch(path: Path, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The values by their names in the file. onnxruntime computes the nodes as they are written, rewriting nothing.

    Raises what `run` does, and BadInputError for a file that is no ONNX model.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(str(path))
    except (OSError, DecodeError) as error:
        raise BadInputError(f"{path}: is no ONNX model: {error}") from error
    there = {output.name for output in model.graph.output}
    names = dict.fromkeys(name for node in model.graph.node for name in node.output if name and name not in there)
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    with tempfile.TemporaryDirectory(prefix="mgeconvert-") as folder:
        file = Path(folder, "model.onnx")
        file.write_bytes(model.SerializeToString())
        found = run(file, inputs, optimize=False)
    return {name: array for name, array in found.items() if isinstance(array, np.ndarray)}
