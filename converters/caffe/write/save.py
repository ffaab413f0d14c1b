"""A graph to files: the prototxt and the caffemodel beside it, or the parts of one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from mgeconvert.errors import ConversionError, Problem, UsageError
from mgeconvert.files import fingerprint, output_files
from mgeconvert.ir import Graph, Value
from mgeconvert.quant_params import document, document_paths
from mgeconvert.quantization.input_grids import check_input_grid, with_input_grids
from mgeconvert.quantization.removal import rows

from ..dialects import DEFAULT
from ..emit.driver import Translation, translate
from ..emit.finish import finish
from ..emit.net import Layer
from ..emit.prepare import prepare
from ..emit.remove_quantization import warnings
from ..messages import LIMIT
from .caffemodel import LayerBlobs, split, write_weights
from .names import pair
from .names import parts as part_names
from .prototxt import prototxt, with_fingerprint

INT8 = np.dtype(np.int8)
_LOG = logging.getLogger("mgeconvert.caffe")


def save(
    graph: Graph,
    path: Path,
    *,
    dialect: str = DEFAULT,
    floor_pooling: bool = False,
    in_place: bool = False,
    split_weights: int = 0,
    quant_params: str = "",
    fake_quant_weights: bool = False,
    input_scale: float = 0.0,
    input_zero_point: int = 0,
) -> list[Path]:
    """Write PATH.prototxt and PATH.caffemodel; `split_weights` is the most megabytes of one weight file (0: no limit).
    `input_scale` (0: none) and `input_zero_point` are for the document of quantization parameters.

    Raises UnsupportedError with every operator that Caffe cannot express, ConversionError where the weights do not fit.
    """
    check(split_weights, quant_params, input_scale, input_zero_point)
    if input_scale:
        graph = with_input_grids(graph, input_scale, input_zero_point, INT8)
    if not split_weights:
        _check_weights(graph)
    plain, quantization = prepare(graph, fake_quantization=fake_quant_weights, documented=bool(quant_params))
    translation = translate(plain, dialect, floor_pooling=floor_pooling)
    translation.require()
    for text in warnings(quantization, kept=bool(quant_params)):
        _LOG.warning("%s", text)
    layers = finish(translation, in_place=in_place)
    entries = [
        LayerBlobs(
            {
                "name": layer.name,
                "type": layer.type,
                "bottom": [blob.name for blob in layer.bottoms],
                "top": [blob.name for blob in layer.tops],
            },
            layer.blobs,
        )
        for layer in layers
        if layer.blobs
    ]
    path = pair(path)[0]
    parts = _parts(entries, split_weights)
    weight_paths = part_names(path, len(parts))
    extra = document_paths(quant_params, path, *weight_paths)
    with output_files(path, *weight_paths, *extra) as files:
        text = prototxt(graph, layers)
        mark = fingerprint([text.encode(), *(piece for entry in entries for piece in entry.pieces)])
        files[0].write(with_fingerprint(text, mark).encode())
        for file, part in zip(files[1:], parts, strict=False):
            write_weights(file, graph.name, part, mark)
        if extra:
            files[-1].write(document(rows(quantization, _names(layers, translation))))
    return [path, *weight_paths, *extra]


def problems(graph: Graph, *, dialect: str = DEFAULT, **_: object) -> list[Problem]:
    """What stops the export, without writing."""
    return translate(prepare(graph)[0], dialect).problems


def _names(layers: Sequence[Layer], translation: Translation) -> Callable[[Value], str | None]:
    """What a value of the graph is called in the file: a blob, or a layer and the number of its weights."""
    written = {blob for layer in layers for blob in layer.tops}
    weights = {id(_memory(array)): f"{layer.name}/{at}" for layer in layers for at, array in enumerate(layer.blobs)}

    def name(value: Value) -> str | None:
        if value.array is not None:
            return weights.get(id(_memory(value.array)))
        blob = translation.blobs.get(value)
        return blob.name if blob in written else None

    return name


def _memory(array: np.ndarray) -> object:
    """What holds the numbers of an array that may be a view."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def check(
    split_weights: int = 0, quant_params: str = "", input_scale: float = 0.0, input_zero_point: int = 0, **_: object
) -> None:
    """UsageError for options of `save` that cannot be taken."""
    check_input_grid(input_scale, input_zero_point, INT8)
    if input_scale and not quant_params:
        raise UsageError("--input-scale: Caffe computes in floats; a grid stands in --quant-params, which is missing")
    if split_weights < 0:
        raise UsageError(f"--split-weights {split_weights}: expected megabytes, or 0 for one file")


WEIGHTED = frozenset(["Conv", "ConvTranspose", "Gemm", "MatMul"])
"""Operators whose second input, where it is constant, stands in the caffemodel as large as it is."""


def _check_weights(graph: Graph) -> None:
    """ConversionError for weights of more than LIMIT bytes, before a net is made of them."""
    values = (node.inputs[1] for node in graph.nodes if node.op in WEIGHTED and not node.domain)
    arrays = {id(value.array): value.array for value in values if value is not None and value.array is not None}
    _check_size(4 * sum(array.size for array in arrays.values()))


def _check_size(size: int) -> None:
    if size > LIMIT:
        raise ConversionError(
            f"the weights are larger than {LIMIT} bytes, the most that Caffe reads from one file",
            hint="--split-weights 1000",
        )


def _parts(entries: list[LayerBlobs], megabytes: int) -> list[list[LayerBlobs]]:
    if megabytes:
        return split(entries, megabytes * 1_000_000)
    _check_size(sum(entry.size + 16 for entry in entries))
    return [entries]
