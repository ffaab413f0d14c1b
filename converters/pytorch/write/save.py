"""Graph -> NAME.py and NAME.safetensors, renamed together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.errors import UnsupportedError
from mgeconvert.files import fingerprint, output_files
from mgeconvert.ir import Graph, Value
from mgeconvert.version import VERSION

from ..emit.driver import network
from ..emit.tree import state_dict
from .quantized_layers import LAYERS
from .safetensors import write
from .source import PLACE_OF_FINGERPRINT, checked, source
from .torch_state import torch_state

DEQUANTIZED = """

The source computes with integers. Its weights are written as the numbers that they stand for,
with batch norms folded in where the source had folded them; FakeQuantize rounds to its grids.
"""
"""What the header says of a quantized source."""
TRAINED = """

The source is trained to be quantized: its layers round weights, biases and results. Observers
look on for the range of what they round in training mode.
"""
"""What the header says of a source with such layers."""
FINGERPRINT = "fingerprint"
"""Where it holds the fingerprint that the source holds too."""
KEY = "mgeconvert"
"""Where the header of the weights says the network's inputs and outputs."""


def save(graph: Graph, path: Path, weights_only: bool = False) -> Sequence[Path]:
    """Write the source and the weights beside it, or the weights alone, which then have no fingerprint: they
    belong to any source.

    Raises UnsupportedError with every operator that torch cannot express.
    """
    made = network(graph)
    if made.problems:
        raise UnsupportedError(
            "export to pytorch", made.problems, hint="`mgeconvert ops pytorch` lists what can be written"
        )
    beside = path.with_suffix(".safetensors")
    title = f"{made.name}, written by mgeconvert {VERSION}."
    layers = any(place.made and place.made.callee in LAYERS for _, place in made.root.walk())
    text = checked(source(made.root, title + (TRAINED if layers else DEQUANTIZED if made.dequantized else "")))
    about = json.dumps({"inputs": _types(graph.inputs), "outputs": _types(graph.outputs)})
    arrays = state_dict(made.root)
    if weights_only:
        with output_files(beside) as (weights,):
            write(weights, arrays, {"format": "pt", KEY: about})
        return [beside]
    mark = fingerprint([text.encode(), about.encode(), *_pieces(arrays)])
    with output_files(path, beside) as (code, weights):
        code.write(text.replace(PLACE_OF_FINGERPRINT, mark).encode())
        write(weights, arrays, {"format": "pt", KEY: about, FINGERPRINT: mark})
    return [path, beside]


def save_weights(arrays: Mapping[str, np.ndarray[Any, Any]], path: Path) -> Mapping[str, np.ndarray[Any, Any]]:
    """Write the tensors of a MegEngine state dict in torch's shapes; returns them."""
    state = torch_state(arrays)
    with output_files(path) as (stream,):
        write(stream, state, {"format": "pt"})
    return state


def _pieces(arrays: Mapping[str, np.ndarray]) -> Iterator[bytes | memoryview]:
    for name, array in arrays.items():
        yield name.encode()
        yield np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def _types(values: Mapping[str, Value]) -> dict[str, list[object]]:
    return {
        name: [None if value.dtype is None else value.dtype.name, None if value.shape is None else list(value.shape)]
        for name, value in values.items()
    }
