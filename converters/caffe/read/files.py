"""The files of a net: the prototxt, and the caffemodel beside it or its parts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO

from mgeconvert.errors import BadInputError

from .prototxt import Prototxt, parse_prototxt


def read_prototxt(source: Path | BinaryIO) -> Prototxt:
    """Parse a net description."""
    path = source if isinstance(source, Path) else "<stdin>"
    try:
        data = source.read_bytes() if isinstance(source, Path) else source.read()
        text = data.decode("utf-8")
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise BadInputError(
            f"{path}: binary data, expected a prototxt (text)",
            hint="give the .prototxt as the model; the .caffemodel is found beside it, or named with --weights",
        )
    return parse_prototxt(text, str(path))


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


def weight_parts(path: Path) -> dict[Path, int]:
    """The parts of caffemodels beside a prototxt, in order, and how many parts each says there are."""
    pattern = re.compile(re.escape(path.stem) + r"-\d{5}-of-(\d{5})\.caffemodel")
    files = sorted(path.parent.iterdir()) if path.parent.is_dir() else []
    return {file: int(match[1]) for file in files if (match := pattern.fullmatch(file.name))}
