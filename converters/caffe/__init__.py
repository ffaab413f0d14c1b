"""Caffe: ``.prototxt`` with the ``.caffemodel`` beside it, in both directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mgeconvert.registry import Backend, Description, Frontend, OpSupport, Option, Source

from .dialects import DEFAULT, DIALECTS

if TYPE_CHECKING:
    import numpy as np

    from mgeconvert.errors import Problem
    from mgeconvert.ir import Graph


def _save(graph: Graph, path: Path, **options: Any) -> Sequence[Path]:
    from .write import save

    return save(graph, path, **options)


def _problems(graph: Graph, **options: Any) -> Sequence[Problem]:
    from .write import problems

    return problems(graph, **options)


def _emitted() -> Sequence[OpSupport]:
    from .emit import EMITTERS, REFUSED

    rows = [OpSupport(op, note=emitter.note) for op, emitter in EMITTERS.items()]
    rows += [OpSupport(op, refused=reason) for op, reason in REFUSED.items()]
    return sorted(rows, key=lambda row: row.op)


def _load(source: Source, **options: Any) -> Graph:
    from .read import load

    return load(source, **options)


def _lowered() -> Sequence[OpSupport]:
    from .lower import DATA, LOWERINGS, REFUSED, TRAINING

    rows = [OpSupport(name, note=row.note) for name, row in LOWERINGS.items()]
    rows += [OpSupport(name, note="an input of the graph") for name in (*DATA, "Input")]
    rows += [OpSupport(name, note="left out at inference") for name in TRAINING]
    rows += [OpSupport(name, refused=reason) for name, reason in REFUSED.items()]
    return sorted(rows, key=lambda row: row.op)


def _describe(path: Path) -> Description:
    from .describe import describe

    return describe(path)


def _run(path: Path, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    from .run import run

    return run(path, inputs)


FRONTEND = Frontend(
    name="caffe",
    title="Caffe",
    suffixes=(".prototxt",),
    load=_load,
    ops=_lowered,
    describe=_describe,
    options=(
        Option(
            "weights", str, "", "the caffemodel, where it is not beside the prototxt (several: separated by commas)"
        ),
        Option(
            "input_shape",
            str,
            "",
            "shapes of inputs, also of those the file does not say: data=1,3,224,224;mask=1,1,7,7",
        ),
    ),
)

BACKEND = Backend(
    name="caffe",
    title="Caffe",
    suffixes=(".prototxt",),
    save=_save,
    problems=_problems,
    ops=_emitted,
    run=_run,
    runtime="OpenCV dnn",
    options=(
        Option("dialect", str, DEFAULT, "the family of Caffe that will read the file", tuple(DIALECTS)),
        Option(
            "floor_pooling", bool, False, "let poolings round down (round_mode, BVLC Caffe since 2018): fewer layers"
        ),
        Option("in_place", bool, False, "let activations and scales overwrite their input blobs"),
        Option(
            "split_weights", int, 0, "the most megabytes of one caffemodel; more become numbered parts (0: one file)"
        ),
        Option("quant_params", str, "", "also write the quantization parameters to this JSON file"),
        Option("fake_quant_weights", bool, False, "store weights as their quantized values say, not as trained"),
    ),
)
