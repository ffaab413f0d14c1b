"""What a user may do next, as lines for the shell."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

from mgeconvert.registry import Backend


def use(backend: Backend, files: Sequence[Path]) -> list[str]:
    """How to run a written model, and how to open it in the framework it is for; nothing of weights without a model."""
    if not files or not files[0].name.lower().endswith(backend.suffixes):
        return []
    lines = [command("run", files[0], "--random")] if backend.run is not None else []
    if backend.example:
        program = backend.example.format(*(_literal(file) for file in files))
        lines.append(f"{backend.python} -c {shlex.quote(program)}")
    return lines


def open_arrays(path: Path) -> str:
    """A line that shows the arrays of an .npz."""
    program = f"import numpy as np; print({{k: v.shape for k, v in np.load({_literal(path)}).items()}})"
    return f"python -c {shlex.quote(program)}"


def command(name: str, path: Path, *rest: str) -> str:
    """``mgeconvert NAME PATH ...``; a path that begins with a dash or is called like a command is said to be a path."""
    text = str(path)
    if text.startswith("-") or ("/" not in text and "." not in text):
        text = f"./{text}"
    return shlex.join(["mgeconvert", name, text, *rest])


def _literal(path: Path) -> str:
    """The path as a string of Python."""
    return json.dumps(str(path), ensure_ascii=False)
