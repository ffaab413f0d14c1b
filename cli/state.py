"""What flows from one step of a chain to the next."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mgeconvert.ir import Graph
    from mgeconvert.verification.own import EditedModel, OwnRuntime
    from mgeconvert.verification.recorded import Recorded


@dataclass(frozen=True, slots=True)
class State:
    """A model on its way through the steps.

    `source` is the file it was read from (None: nothing was read yet, or standard input), `formats` the formats it
    stands in: the one it was read from, and the one it was last written as; `recorded` the .npz with its recorded
    inputs and outputs, or what they became in edits, where there are any. `own` is the runtime of the model's own
    format, which says what is right where nothing is recorded; None once the graph is another one. `is_of_run` says
    that an edit or a quantization made the graph another model, which no file holds.
    """

    graph: Graph | None = None
    source: Path | None = None
    formats: tuple[str, ...] = ()
    recorded: Path | Recorded | None = None
    own: OwnRuntime | EditedModel | None = None
    is_of_run: bool = False
