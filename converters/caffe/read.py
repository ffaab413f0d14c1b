"""Files to layers: a prototxt and the caffemodel that belongs to it."""

from __future__ import annotations

import re
from pathlib import Path

from mgeconvert.errors import BadInputError

from .messages import Message
from .text import Prototxt, parse_prototxt


def read_prototxt(path: Path) -> Prototxt:
    """Parse a net description."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise BadInputError(
            f"{path}: binary data, expected a prototxt (text)",
            hint="give the .prototxt as the model; the .caffemodel beside it is found by its name or by --weights",
        ) from None
    return parse_prototxt(text, str(path))


def weight_files(path: Path) -> list[Path]:
    """The caffemodel beside a prototxt: one file, or all its parts in order; empty where there is none."""
    whole = path.with_suffix(".caffemodel")
    if whole.exists():
        return [whole]
    pattern = re.compile(re.escape(path.stem) + r"-\d{5}-of-(\d{5})\.caffemodel")
    parts = sorted(file for file in path.parent.iterdir() if pattern.fullmatch(file.name))
    if parts and int(pattern.fullmatch(parts[-1].name)[1]) != len(parts):  # type: ignore[index]
        raise BadInputError(f"{path}: {len(parts)} of the parts {parts[-1].name} says there are")
    return parts


def net_outputs(net: Message) -> list[tuple[str, str]]:
    """(layer, top) of each top that no later layer reads, in order: the outputs of a net."""
    open_tops: dict[str, str] = {}
    for layer in net.layer:
        for bottom in layer.bottom:
            open_tops.pop(bottom, None)
        for top in layer.top:
            open_tops[top] = layer.name
    return [(layer, top) for top, layer in open_tops.items()]
