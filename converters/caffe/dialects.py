"""Which layers each family of Caffe forks has beyond BVLC Caffe 1.0."""

from __future__ import annotations

from dataclasses import dataclass

from mgeconvert.errors import UsageError

DEFAULT = "ssd"


@dataclass(frozen=True, slots=True)
class Dialect:
    """A fork that a file is written for: its name and the layer types it adds to BVLC's."""

    name: str
    extra: frozenset[str]


DIALECTS = {
    dialect.name: dialect
    for dialect in (
        Dialect("bvlc", frozenset()),
        Dialect("ssd", frozenset({"Permute"})),
        Dialect("deeplab", frozenset({"Permute", "Interp"})),
        Dialect("yolo", frozenset({"Permute", "Upsample"})),
    )
}
"""`ssd` is the default: practically every tool chain that reads Caffe has its Permute."""


def dialect_of(name: str) -> Dialect:
    """The dialect of that name; UsageError lists those there are."""
    if name not in DIALECTS:
        raise UsageError(f"--dialect {name}: unknown dialect; known: {', '.join(DIALECTS)}")
    return DIALECTS[name]
