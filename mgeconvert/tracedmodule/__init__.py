"""TracedModule pickles: the `FRONTEND` and `BACKEND` records. Reads them without MegEngine and without executing
anything in them, and writes what MegEngine 1.13 loads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mgeconvert.registry import Backend, Description, Frontend, OpSupport, Option, Source

if TYPE_CHECKING:
    import numpy as np

    from mgeconvert.errors import Problem
    from mgeconvert.ir import Graph


def _load(source: Source, **options: Any) -> Graph:
    from mgeconvert.lowering.frontend import load

    return load(source, **options)


def _ops() -> Sequence[OpSupport]:
    from mgeconvert.lowering.frontend import ops

    return ops()


def _describe(path: Path) -> Description:
    from mgeconvert.lowering.frontend import describe

    return describe(path)


FRONTEND = Frontend(
    name="tm",
    title="MegEngine TracedModule",
    suffixes=(".pkl", ".tm", ".tm.pkl"),
    load=_load,
    ops=_ops,
    options=(
        Option("dynamic_batch", bool, False, "let the first axis of every input vary"),
        Option("dynamic_shape", str, None, "input shapes with names for what varies: x=N,3,H,W;y=N,5"),
    ),
    describe=_describe,
    progress=True,
)


def _save(graph: Graph, path: Path, **options: Any) -> Sequence[Path]:
    from mgeconvert.raising.backend import save

    return save(graph, path, **options)


def _problems(graph: Graph, **options: Any) -> Sequence[Problem]:
    from mgeconvert.raising.backend import problems

    return problems(graph, **options)


def _written_ops() -> Sequence[OpSupport]:
    from mgeconvert.raising.backend import ops

    return ops()


def _run(path: Path, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    from mgeconvert.raising.backend import run

    return run(path, inputs)


BACKEND = Backend(
    name="tm",
    title="MegEngine TracedModule",
    suffixes=(".pkl", ".tm"),
    save=_save,
    problems=_problems,
    ops=_written_ops,
    run=_run,
    describe=_describe,
    runtime="MegEngine",
)
