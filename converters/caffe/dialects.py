"""Which layers each family of Caffe forks has beyond BVLC Caffe 1.0."""

from __future__ import annotations

from dataclasses import dataclass

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
