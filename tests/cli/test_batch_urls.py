"""Batches of files that are elsewhere: memory, http, and what cannot be had."""

from __future__ import annotations

import functools
import json
import os
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import numpy as np
import onnx
import pytest
from click.testing import Result

import mgeconvert
from mgeconvert.errors import BadInputError, MissingDependencyError, UsageError
from mgeconvert.ir.builder import Builder
from mgeconvert_cli.batch.cluster import work
from mgeconvert_cli.batch.entries import jobs
from mgeconvert_cli.batch.parcel import deliver, pack
from mgeconvert_cli.batch.pool import Limits
from mgeconvert_cli.batch.urls import Url, where
from mgeconvert_cli.main import application
from tests.harness.runner import Runner

Batch = Callable[..., Result]


def model(path: Path, size: int = 2, **options: object) -> None:
    b = Builder()
    b.output("y", b.op("Add", b.input("x", "float32", (size, 3)), np.ones((size, 3), np.float32)))
    mgeconvert.save(b.graph, path, **options)


@pytest.fixture
def batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Batch]:
    """The command in this process, whose `memory://` it has; empty before and after."""
    monkeypatch.chdir(tmp_path)
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    yield lambda *words: Runner().invoke(application, ["--json", "batch", "-j", "1", *words])
    memory.store.clear()


def stored() -> list[str]:
    return sorted(fsspec.filesystem("memory").find("/"))


def states(result: Result) -> dict[str, str]:
    return {f"{row['name']} {row['target']}": row["state"] for row in json.loads(result.stdout)["models"]}


def test_from_memory_to_memory(batch: Batch, tmp_path: Path) -> None:
    """A model with its recorded data, a glob, proofs; what is unchanged is skipped, what is changed is not."""
    memory = fsspec.filesystem("memory")
    for name in "ab":
        model(tmp_path / f"{name}.onnx")
        memory.pipe_file(f"/hub/{name}.onnx", (tmp_path / f"{name}.onnx").read_bytes())
    zeros = np.zeros((2, 3), np.float32)
    np.savez(tmp_path / "a.npz", x=zeros, y=zeros + 1)
    memory.pipe_file("/hub/a.npz", (tmp_path / "a.npz").read_bytes())
    (tmp_path / "m.toml").write_text(
        "[[model]]\npath = 'memory://hub/*.onnx'\ntargets = ['tflite']\noutput = 'memory://out/x'\nproof = true\n"
    )
    result = batch("m.toml")
    assert result.exit_code == 0, result.output
    assert states(result) == {"a tflite": "verified", "b tflite": "verified"}
    rows = json.loads(result.stdout)["models"]
    assert [row["output"] for row in rows] == ["memory://out/x/a.tflite", "memory://out/x/b.tflite"]
    found = [path for path in stored() if path.startswith("/out/x/") and "/.mge" not in path]
    assert found == [f"/out/x/{name}.tflite{suffix}" for name in "ab" for suffix in ("", ".proof.json")]
    proof = json.loads(memory.cat_file("/out/x/a.tflite.proof.json"))
    assert [(file["role"], file["path"]) for file in proof["files"]] == [
        ("source", "memory://hub/a.onnx"), ("output", "a.tflite"), ("recorded", "memory://hub/a.npz")
    ]  # fmt: skip
    assert states(batch("m.toml")) == {"a tflite": "unchanged", "b tflite": "unchanged"}
    memory.pipe_file("/out/x/a.tflite", b"something else")
    assert states(batch("m.toml")) == {"a tflite": "verified", "b tflite": "unchanged"}
    np.savez(tmp_path / "a.npz", x=zeros, y=zeros)
    memory.pipe_file("/hub/a.npz", (tmp_path / "a.npz").read_bytes())
    result = batch("m.toml")
    assert states(result) == {"a tflite": "mismatch", "b tflite": "unchanged"}
    assert str(tmp_path.parent) not in result.stdout


def test_a_folder_of_http(batch: Batch, tmp_path: Path) -> None:
    """Files are read where they are; they cannot be written there."""
    served = tmp_path / "served"
    served.mkdir()
    model(served / "a.onnx")
    handler = functools.partial(SimpleHTTPRequestHandler, directory=os.fspath(served))
    handler.func.log_message = lambda *_: None  # type: ignore[attr-defined]
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        result = batch(f"{address}/a.onnx", "--targets", "tflite,caffe", "-o", "out")
        again = batch(f"{address}/a.onnx", "--targets", "tflite", "-o", "out")
        missing = batch(f"{address}/none.onnx", "--targets", "tflite", "-o", "out")
        back = batch(f"{address}/a.onnx", "--targets", "tflite", "-o", f"{address}/out")
        server.shutdown()
    assert result.exit_code == 0, result.output
    assert states(result) == {"a tflite": "verified", "a caffe": "verified"}
    assert sorted(path.name for path in Path("out").glob("a.*")) == ["a.caffemodel", "a.prototxt", "a.tflite"]
    assert json.loads(result.stdout)["models"][0]["source"] == f"{address}/a.onnx"
    assert states(again) == {"a tflite": "unchanged"}
    assert [row["message"] for row in json.loads(missing.stdout)["models"]] == [
        f"{address}/none.onnx: there is no such file"
    ]
    assert (back.exit_code, json.loads(back.stdout)["error"]["message"]) == (2, f"{address}/out: http only reads")


def test_a_parcel_needs_no_file_of_its_sender(batch: Batch, tmp_path: Path) -> None:
    """A model with external data, and the files of options: all are gone when the worker begins."""
    (tmp_path / "home").mkdir()
    model(tmp_path / "home" / "net.onnx", 999, external_data=True)
    proto = onnx.load(tmp_path / "home" / "net.onnx", load_external_data=False)
    data = Path(onnx.external_data_helper.ExternalDataInfo(proto.graph.initializer[0]).location)
    np.savez(tmp_path / "home" / "io.npz", x=np.zeros((999, 3), np.float32), y=np.ones((999, 3), np.float32))
    (tmp_path / "m.toml").write_text(
        "[[model]]\npath = 'home/net.onnx'\ntargets = ['onnx']\noutput = 'out'\nio = 'home/io.npz'\nopset = 13\n"
    )
    (job,) = jobs([Path("m.toml")], [], None)
    parcel = pack(job)
    assert {Path(str(place)).name for place in parcel.contents} == {"net.onnx", data.name, "io.npz"}
    (tmp_path / "home").rename(tmp_path / "away")
    delivery = work(parcel, Limits())
    assert (delivery.result.state, delivery.result.message) == ("verified", "")
    assert delivery.result.document["verification"]["method"] == "recorded"
    assert not (tmp_path / "out").exists()
    assert deliver(delivery).document["files"][0]["path"] == "out/net.onnx"
    onnx.checker.check_model(str(tmp_path / "out" / "net.onnx"))


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("nope://x/a.onnx", UsageError, "nope://x/a.onnx: nope is no protocol that fsspec knows"),
        ("memory://x/a.onnx", BadInputError, "memory://x/a.onnx: there is no such file"),
        ("s3://x/../a.onnx", UsageError, "s3://x/../a.onnx: a URL with .. in it"),
    ],
)
def test_what_cannot_be_read(batch: Batch, text: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as error:
        where(text).read_bytes()
    assert error.value.message == message  # type: ignore[attr-defined]


def test_a_package_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "s3fs", None)
    with pytest.raises(MissingDependencyError) as error:
        Url("s3://bucket/a.onnx").is_file()
    assert error.value.message == "s3://bucket/a.onnx: Install s3fs to access S3"
    assert error.value.hint == "pip install s3fs"


def test_names() -> None:
    url = Url("s3://bucket/hub/a.b.onnx")
    assert (url.name, url.stem, url.suffix) == ("a.b.onnx", "a.b", ".onnx")
    assert str(url.parent / "c" / "d.npz") == "s3://bucket/hub/c/d.npz"
    assert str(url.with_suffix(".npz")) == "s3://bucket/hub/a.b.npz"
    assert str(Url("https://h:1/x/a.onnx?key=1").with_suffix(".npz")) == "https://h:1/x/a.npz?key=1"
    assert where("file:///tmp/a.onnx") == Path("/tmp/a.onnx")
    assert where("C.onnx") == Path("C.onnx")
