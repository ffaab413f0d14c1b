"""TracedModule pickles: the `FRONTEND` record. Reads them without MegEngine and without executing anything in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mgeconvert.registry import Description, Frontend, OpSupport, Source

if TYPE_CHECKING:
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
    describe=_describe,
)
