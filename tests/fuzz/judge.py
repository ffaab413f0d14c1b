"""What is done to one case, and what may come of it: a result, or an error of ours with exit code 1 to 3."""

from __future__ import annotations

import resource
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import mgeconvert
from mgeconvert import api, registry
from mgeconvert.errors import GraphError, MgeconvertError
from mgeconvert.ir import Graph, Value
from mgeconvert.verification.recorded import read_recorded
from mgeconvert_cli.batch.entries import jobs

MEMORY = 1 << 30
"""Bytes that a case may take beyond what the process had before."""
LARGEST_FILE = 256 << 20
"""Bytes of one written file: no case is made of so many."""
DISK = Path("/dev/shm")
"""A disk in memory, where there is one: files are written to the disk before they get their names."""
READERS = ("tm", "mge", "onnx", "tflite", "caffe")
OTHERS = ("npz", "manifest", "safetensors")
"""What else is read: recorded arrays, manifests of `batch`, the source of written PyTorch networks."""
TARGETS = ("onnx", "tflite", "caffe", "tm", "pytorch")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`kind` is ``result``, ``error`` (ours) or what is not allowed: ``internal``, ``graph``, ``memory``, ``hang``,
    ``died``. `stage` says where it ended, `text` the message or the traceback."""

    kind: str
    stage: str
    text: str = ""

    @property
    def is_finding(self) -> bool:
        return self.kind not in ("result", "error")

    @property
    def key(self) -> str:
        """Equal for findings of one kind: the exception and the innermost places of ours."""
        lines = self.text.splitlines()
        places = [line.strip() for line in lines if "/mgeconvert/" in line or "/converters/" in line or "/cli/" in line]
        last = lines[-1].split(":")[0] if lines else ""
        return f"{self.kind} {last} {places[0 if self.kind == 'hang' else -1] if places else self.stage}"


def judged(reader: str, files: Mapping[str, bytes]) -> Verdict:
    """The verdict on a case; the files, main file first, are written to a folder of their own."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir=DISK if DISK.is_dir() else None))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        paths = [folder / name for name in files]
        for path, content in zip(paths, files.values(), strict=True):
            path.write_bytes(content)
        verdict = _through(_stages(reader, paths[0], folder / "out"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) * 1024
    return Verdict("memory", verdict.stage, f"{grown >> 20} MB") if grown > MEMORY else verdict


def _through(stages: Iterator[tuple[str, Callable[[], object]]]) -> Verdict:
    """Each stage is tried; the first finding ends it. A case whose first stage is refused is an error of ours."""
    refused = Verdict("result", "end")
    for name, stage in stages:
        try:
            stage()
        except GraphError:
            return Verdict("graph", name, traceback.format_exc())
        except MgeconvertError as error:
            if "File too large" in error.message:
                return Verdict("memory", name, traceback.format_exc())
            if name == "read":
                return Verdict("error", name, error.message)
            refused = Verdict("result", name, error.message)
        except (Exception, MemoryError):  # noqa: BLE001 - that is what is looked for
            return Verdict("memory" if sys.exc_info()[0] is MemoryError else "internal", name, traceback.format_exc())
    return refused


def _stages(reader: str, path: Path, out: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    if reader in OTHERS:
        yield "read", lambda: _OTHERS[reader](path)
        return
    frontend = registry.frontend(reader)
    read: list[Graph] = []

    def load() -> None:
        graph = mgeconvert.load(path, reader)
        graph.check()
        read.append(graph)

    if frontend.describe is not None:
        yield "describe", lambda: frontend.describe(path)  # type: ignore[misc]
    yield "read", load
    if not read:
        return
    optimized = read[0].copy()

    def optimize() -> None:
        mgeconvert.optimize(optimized, level=2)
        optimized.check()

    yield "optimize", optimize
    out.mkdir()
    for target in TARGETS:
        yield f"write {target}", lambda target=target: _write(frontend, path, optimized, target, out)


def _write(frontend: registry.Frontend, path: Path, graph: Graph, target: str, out: Path) -> None:
    backend = registry.backend(target)
    is_faithful = frontend.faithful and backend.faithful
    graph = api.load_for(frontend, path, backend, {}) if is_faithful else graph.copy()
    mgeconvert.save(graph, out / f"m{backend.suffixes[0]}", target, overwrite=True)


def _recorded(path: Path) -> None:
    value = Value("x", np.dtype("float32"), (1, 3))
    read_recorded(path, {"x": value}, {"y": Value("y")})


def _manifest(path: Path) -> None:
    jobs([path], [], None)


def _source(path: Path) -> None:
    registry.backend("pytorch").describe(path)  # type: ignore[misc]


_OTHERS: Mapping[str, Callable[[Path], None]] = {"npz": _recorded, "manifest": _manifest, "safetensors": _source}
