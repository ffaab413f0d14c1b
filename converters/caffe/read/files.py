"""The files of a net: the prototxt, and the caffemodel beside it or its parts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO

from mgeconvert.errors import BadInputError
from mgeconvert.files import noted
from mgeconvert.recognise import HEAD, STREAM, other_than, recognise

from .prototxt import Prototxt, parse_prototxt

NET = "a Caffe net description (prototxt)"
WEIGHTS = "give the .prototxt as the model; the .caffemodel is found beside it, or named with --weights"


def read_prototxt(source: Path | BinaryIO) -> Prototxt:
    """Parse a net description."""
    path = str(source) if isinstance(source, Path) else STREAM
    try:
        data = noted(source).read_bytes() if isinstance(source, Path) else source.read()
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read: {error.strerror}") from error
    kind = recognise(data[:HEAD])
    if b"\0" in data or (kind is not None and kind.suffix != ".prototxt"):
        raise other_than(NET, ".prototxt", data[:HEAD], path, hint=WEIGHTS)
    try:
        return parse_prototxt(data.decode("utf-8"), path)
    except UnicodeDecodeError:
        raise other_than(NET, ".prototxt", data[:HEAD], path, hint=WEIGHTS) from None


def weight_files(path: Path) -> list[Path]:
    """The caffemodel beside a prototxt: one file, or all its parts in order; empty where there is none."""
    whole = path.with_suffix(".caffemodel")
    if whole.exists():
        return [whole]
    parts = weight_parts(path)
    wanted = set(parts.values())
    if wanted and wanted != {len(parts)}:
        names = ", ".join(file.name for file in parts)
        raise BadInputError(f"{path}: {len(parts)} parts of a caffemodel, expected {max(wanted)}: {names}")
    return list(parts)


def companions(path: Path) -> list[Path]:
    """The files beside a prototxt that are read with it."""
    return [path.with_suffix(".caffemodel"), *weight_parts(path)]


def weight_parts(path: Path) -> dict[Path, int]:
    """The parts of caffemodels beside a prototxt, in order, and how many parts each says there are."""
    pattern = re.compile(re.escape(path.stem) + r"-\d{5}-of-(\d{5})\.caffemodel")
    files = sorted(path.parent.iterdir()) if path.parent.is_dir() else []
    return {file: int(match[1]) for file in files if (match := pattern.fullmatch(file.name))}
