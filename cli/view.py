"""`mgeconvert view MODEL`: the model in netron, through our ONNX file where netron cannot open the format."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click

from mgeconvert import registry
from mgeconvert.errors import MissingDependencyError, UsageError

from .convert import from_option
from .options import FILE, STREAM
from .reading import read
from .session import Session
from .steps import Command

OPENED = ("onnx", "tflite", "caffe")
"""Formats that netron opens as they are; it knows TracedModules and .mge files of few versions."""


def _view(session: Session, model: Path, source_format: str | None) -> None:
    if model == STREAM:
        raise UsageError("netron opens files", hint="name a file")
    record = registry.frontend(source_format) if source_format else registry.frontend_for(model)
    try:
        import netron
    except ImportError as error:
        raise MissingDependencyError(
            f"netron shows models and cannot be imported ({error})", hint="pip install netron"
        ) from error
    if record.name in OPENED:
        record.describe(model) if record.describe is not None else record.load(model)
        _show(session, netron, model)
        return
    state = read(session, model, record, {}, registry.backend("onnx"))
    assert state.graph is not None
    with tempfile.TemporaryDirectory(prefix="mgeconvert-") as folder:
        (file, *_) = registry.backend("onnx").save(state.graph, Path(folder, f"{model.stem}.onnx"))
        session.say(f"{record.title} is shown as the ONNX file that it becomes")
        _show(session, netron, file)


def _show(session: Session, netron: Any, path: Path) -> None:
    """Serve the file until the user ends it."""
    host, port = netron.start(str(path))
    session.answer(f"http://{host}:{port} shows {path.name}; Ctrl+C ends it")
    session.document("view", file=path.name, address=f"http://{host}:{port}")
    netron.wait()


command = Command(
    "view",
    _view,
    [click.Argument(["model"], type=FILE), from_option()],
    "Open MODEL in netron, where that is installed (`pip install netron`). A TracedModule or .mge file is shown as the "
    "ONNX file that it becomes, with the source's names.",
)
