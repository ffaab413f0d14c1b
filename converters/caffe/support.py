"""What Caffe's tables support, operator by operator."""

from __future__ import annotations

from collections.abc import Sequence

from mgeconvert.compose.support import with_composed
from mgeconvert.registry import Handlers, OpSupport

from .emit import EMITTERS
from .emit import REFUSED as NOT_EMITTED
from .lower import DATA, LOWERINGS, TRAINING
from .lower import REFUSED as NOT_LOWERED


def emitted() -> Sequence[OpSupport]:
    """IR operators."""
    rows = [OpSupport(op, note=emitter.note) for op, emitter in EMITTERS.items()]
    rows += [OpSupport(op, refused=reason) for op, reason in NOT_EMITTED.items()]
    return with_composed(rows, EMITTERS)


def lowered() -> Sequence[OpSupport]:
    """Caffe layers."""
    rows = [OpSupport(name, note=row.note) for name, row in LOWERINGS.items()]
    rows += [OpSupport(name, note="an input of the graph") for name in (*DATA, "Input")]
    rows += [OpSupport(name, note="left out at inference") for name in TRAINING]
    rows += [OpSupport(name, refused=reason) for name, reason in NOT_LOWERED.items()]
    return sorted(rows, key=lambda row: row.op)


def emitters() -> Handlers:
    """Every IR operator that is emitted, with its handler."""
    return ((op, emitter.handler) for op, emitter in EMITTERS.items())


def lowerings() -> Handlers:
    """Every layer type that is lowered, with its handler."""
    return ((name, row.handler) for name, row in LOWERINGS.items())
