"""Files to a graph: a prototxt and the caffemodel that belongs to it."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from mgeconvert.errors import BadInputError, UsageError
from mgeconvert.files import missing
from mgeconvert.ir import Graph

from .files import read_prototxt, weight_files
from .inference import in_test_phase
from .upgrade import upgraded

_LOG = logging.getLogger("mgeconvert.caffe")


def load(source: Path | BinaryIO, *, weights: str = "", input_shape: str = "") -> Graph:
    """Read a net for inference (phase TEST).

    `weights` names the caffemodel, or several separated by commas, where it is not beside the prototxt; `input_shape`
    (``data=1,3,224,224``, several separated by semicolons) gives or replaces the shapes of inputs.
    Raises BadInputError, UnsupportedError (every layer that cannot be read) and UsageError.
    """
    from ..lower.driver import Lowering
    from .caffemodel import read_weights

    path = source if isinstance(source, Path) else None
    shapes = parse_shapes(input_shape)
    parsed = read_prototxt(source)
    name = str(path) if path else "<stdin>"
    for unknown in parsed.unknown:
        _LOG.warning("%s: a field that is not known is skipped", unknown)
    files = [Path(file) for file in weights.split(",") if file]
    beside = path if not files else None
    if beside:
        files = weight_files(beside)
    for file in files:
        if not file.is_file():
            raise missing(file)
    layers = [layer for layer in upgraded(parsed, name) if in_test_phase(parsed.net, layer.message)]
    if not layers:
        solver = any(unknown.name.partition(".")[2].startswith(("base_lr", "solver")) for unknown in parsed.unknown)
        raise BadInputError(
            f"{name}: no layers; expected a Caffe net description (prototxt)",
            hint="this is a solver: give the net that it names" if solver else None,
        )
    for layer in layers:
        preparation = [field.name for field, _ in layer.message.transform_param.ListFields()]
        if {"scale", "mean_value", "mean_file"}.intersection(preparation):
            _LOG.warning("%s: layer %s: its scale and mean are not applied; do it outside", name, layer.message.name)
    lowering = Lowering(name, layers, read_weights(files, beside, parsed.fingerprint), shapes)
    graph = lowering.graph(parsed.net.name)
    unused = shapes.keys() - graph.inputs.keys()
    if unused:
        raise UsageError(
            f"--input-shape: no input is named {', '.join(sorted(unused))}; inputs: {', '.join(graph.inputs)}"
        )
    graph.check()
    return graph


def check(input_shape: str = "", **_: object) -> None:
    """UsageError for text that says no shapes."""
    parse_shapes(input_shape)


def parse_shapes(text: str) -> Mapping[str, tuple[int, ...]]:
    """``data=1,3,224,224;mask=1,1,7,7`` as shapes by name."""
    shapes = {}
    for part in filter(None, text.split(";")):
        name, equals, sizes = part.rpartition("=")
        if not equals or not re.fullmatch(r"[1-9]\d*(,[1-9]\d*)*", sizes):
            raise UsageError(f"--input-shape {part}: expected NAME=1,3,224,224", hint="--input-shape data=1,3,224,224")
        shapes[name] = tuple(int(size) for size in sizes.split(","))
    return shapes
