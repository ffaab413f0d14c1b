"""What the files of a net are called."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

WEIGHTS = ".caffemodel"


def pair(path: Path) -> Sequence[Path]:
    """The description and the weights of a net that is saved to a path, which may be the name of either."""
    net = path.with_suffix(".prototxt") if path.suffix.lower() == WEIGHTS else path
    return [net, net.with_suffix(WEIGHTS)]


def parts(path: Path, count: int) -> list[Path]:
    """The weights of a net in `count` files."""
    if count == 1:
        return [path.with_suffix(WEIGHTS)]
    return [path.with_name(f"{path.stem}-{at:05}-of-{count:05}{WEIGHTS}") for at in range(1, count + 1)]


def leftovers(files: Sequence[Path]) -> list[Path]:
    """Weights of an earlier export, in another number of files, that readers would take for those of this one."""
    from ..read.files import weight_parts

    net = files[0]
    return sorted({net.with_suffix(WEIGHTS), *weight_parts(net)} - set(files))
