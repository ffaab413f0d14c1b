"""`mgeconvert checkpoint-to-safetensors`: MegEngine's weights for one's own PyTorch code."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from mgeconvert import registry
from mgeconvert.errors import UsageError
from mgeconvert.files import check_replaceable

from .options import FILE, OUTPUT
from .outputs import check_file, force_option
from .session import Session, plural, size
from .steps import Command

SUFFIX = ".safetensors"


def _convert(session: Session, source: Path, out: Path | None, force: bool) -> None:
    from mgeconvert.tracedmodule.read import checkpoint

    path = out or Path(source.name).with_suffix(SUFFIX)
    if path.suffix != SUFFIX:
        raise UsageError(f"{path}: expected a name that ends with {SUFFIX}", hint=f"-o {path.with_suffix(SUFFIX)}")
    check_file(session, path, force=force)
    if out is None:  # safetensors do not say who wrote them
        check_replaceable(path, session.inputs, overwrite=force, wrote=lambda _: False)
    backend = registry.backend("pytorch")
    assert backend.weights is not None
    with session.stage("read"):
        arrays = checkpoint.read(source)
    with session.stage("write"):
        written = backend.weights(arrays, path)
    session.say(f"wrote {path} ({size(path.stat().st_size)}): {plural(len(written), 'tensor')}")
    session.document(
        "checkpoint-to-safetensors",
        source=str(source),
        files=[{"path": str(path), "bytes": path.stat().st_size}],
        tensors={name: {"shape": list(array.shape), "dtype": array.dtype.name} for name, array in written.items()},
        seconds=dict(session.seconds),
    )
    program = f"from safetensors.torch import load_file; print(list(load_file({str(path)!r})))"
    session.next(f"python -c {shlex.quote(program)}")


command = Command(
    "checkpoint-to-safetensors",
    _convert,
    [
        click.Argument(["source"], type=FILE, metavar="WEIGHTS.pkl"),
        click.Option(
            ["-o", "--out"], type=OUTPUT, metavar="OUT", help="The file to write; else WEIGHTS.safetensors here."
        ),
        force_option(),
    ],
    "The weights of a MegEngine checkpoint (a state dict, or a TracedModule) as safetensors with torch's shapes.",
)
