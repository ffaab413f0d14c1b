"""`mgeconvert batch`: manifests, workers that die, limits, going on where it was, reports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import mgeconvert
from mgeconvert.errors import UsageError
from mgeconvert.ir.builder import Builder
from mgeconvert_cli.batch.entries import jobs

TRAP = """
import os, signal, time
from mgeconvert.ir.builder import Builder
from mgeconvert.registry import Frontend

def load(source):
    what = source.read_text().split()
    if what[0] == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if what[0] == "once":
        marker = source.with_suffix(".tried")
        if not marker.exists():
            marker.write_text("")
            os._exit(7)
    if what[0] == "sleep":
        time.sleep(float(what[1]))
    if what[0] == "memory":
        kept = [bytearray(10**8) for _ in range(1000)]
    b = Builder()
    b.output("y", b.op("Relu", b.input("x", "float32", (2, 3))))
    return b.graph

FRONTEND = Frontend(name="trap", title="Trap", suffixes=(".trap",), load=load, ops=lambda: [])
"""


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    """A folder with three small models, and a format of its own whose files misbehave when they are read."""
    (tmp_path / "hub").mkdir()
    for number, name in enumerate("abc"):
        b = Builder()
        b.output("y", b.op("Add", b.input("x", "float32", (2, 3)), np.full(3, number, np.float32)))
        mgeconvert.save(b.graph, tmp_path / "hub" / f"{name}.onnx")
    site = tmp_path / "site"
    info = site / "trap-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "trap.py").write_text(TRAP)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: trap\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mgeconvert.frontends]\ntrap = trap:FRONTEND\n")
    return tmp_path


def run(folder: Path, *words: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, JSON document and what was said."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "site")}
    command = [sys.executable, "-m", "mgeconvert", "--json", "batch", *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout), done.stderr


def states(document: dict[str, Any]) -> dict[str, str]:
    return {f"{row['name']} {row['target']}": row["state"] for row in document["models"]}


def test_a_folder_to_two_targets_and_again(hub: Path) -> None:
    code, document, said = run(hub, "hub", "--targets", "onnx,tflite", "-o", "out", "-j", "2", "--junit", "r.xml")
    assert code == 0, said
    assert states(document) == {f"{name} {target}": "verified" for name in "abc" for target in ("onnx", "tflite")}
    assert sorted(path.name for path in (hub / "out").glob("[a-z]*")) == [
        f"{name}.{suffix}" for name in "abc" for suffix in ("onnx", "tflite")
    ]
    suite = ElementTree.parse(hub / "r.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("6", "0", "0")
    (hub / "out" / "b.tflite").write_bytes(b"changed")
    code, document, said = run(hub, "hub", "--targets", "onnx,tflite", "-o", "out")
    assert [name for name, state in states(document).items() if state != "unchanged"] == ["b tflite"]
    assert "5 models unchanged since an earlier run: skipped\n" in said


def test_one_model_never_takes_another_down(hub: Path) -> None:
    for name, text in {"die": "die", "slow": "sleep 60", "again": "once", "big": "memory", "well": "fine"}.items():
        (hub / "hub" / f"{name}.trap").write_text(text)
    limits = ["--timeout", "15", "--max-memory", "2", "--retries", "1", "--junit", "r.xml"]
    code, document, _ = run(hub, "hub", "--targets", "onnx", "-o", "out", "-j", "2", *limits)
    assert code == 1
    assert states(document) == {
        **{f"{name} onnx": "verified" for name in "abc"},
        **{f"{name} onnx": "written" for name in ("again", "well")},  # their format has no runtime to ask
        "die onnx": "died",
        "slow onnx": "timeout",
        "big onnx": "died",
    }
    messages = {row["name"]: row["message"] for row in document["models"]}
    assert messages["die"] == "its process died (signal SIGKILL)"
    assert messages["slow"] == "it took longer than 15 s (--timeout)"
    assert messages["big"] == "it ran out of memory (--max-memory)"
    assert document["error"]["message"].startswith("3 of 8 conversions failed: ")
    assert not list((hub / "out").glob("*.tmp*"))


def test_a_killed_run_goes_on_where_it_was(hub: Path) -> None:
    (hub / "hub" / "last.trap").write_text("sleep 300")
    environment = {**os.environ, "PYTHONPATH": str(hub / "site")}
    words = [sys.executable, "-m", "mgeconvert", "batch", "hub", "--targets", "onnx", "-o", "out", "-j", "1"]
    journal = hub / "out" / ".mgeconvert-batch.jsonl"
    with subprocess.Popen(words, cwd=hub, env=environment, stderr=subprocess.PIPE, start_new_session=True) as process:
        deadline = time.monotonic() + 120
        while not (journal.is_file() and len(journal.read_text().splitlines()) == 3):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGKILL)
    with journal.open("a") as file:
        file.write('{"name": "torn')
    (hub / "hub" / "last.trap").write_text("fine")
    code, document, _ = run(hub, "hub", "--targets", "onnx", "-o", "out")
    assert code == 0
    assert states(document) == {"a onnx": "unchanged", "b onnx": "unchanged", "c onnx": "unchanged",
                                "last onnx": "written"}  # fmt: skip


def test_what_got_worse(hub: Path) -> None:
    _, document, _ = run(hub, "hub", "--targets", "tflite", "-o", "out")
    (hub / "was.json").write_text(json.dumps(document))
    again = ["hub", "--targets", "tflite", "-o", "out", "--baseline", "was.json", "--fail-on", "regression"]
    assert run(hub, *again)[0] == 0
    for row in document["models"]:
        row["bytes"] -= 500
    (hub / "was.json").write_text(json.dumps(document))
    code, now, _ = run(hub, *again)
    assert code == 1
    assert len(now["worse"]) == 3
    assert now["worse"][0].startswith("a tflite: bytes ")
    (hub / "was.json").write_text("[]")
    code, now, _ = run(hub, "hub", "--targets", "tflite", "-o", "out", "--baseline", "was.json")
    assert (code, now["error"]["message"]) == (3, "was.json: no document of `mgeconvert --json batch`")


MANIFEST = """\
[defaults]
targets = ["onnx", "caffe"]
output = "out"
rtol = 1e-3

[defaults.onnx]
opset = 13

[[model]]
path = "hub/[ab].onnx"

[[model]]
path = "hub/c.onnx"
name = "third"
targets = "tflite"
fp16 = true
"""


def test_a_manifest(hub: Path) -> None:
    path = hub / "m.toml"
    path.write_text(MANIFEST)
    found = {job.title: job for job in jobs([path], [], None)}
    assert sorted(found) == ["a caffe", "a onnx", "b caffe", "b onnx", "third tflite"]
    out, source = str(hub / "out" / "a.onnx"), str(hub / "hub" / "a.onnx")
    assert found["a onnx"].words() == [
        "--json", "onnx-to-onnx", source, "-o", out, "--rtol", "0.001", "--opset", "13"
    ]  # fmt: skip
    assert found["a caffe"].args[-2:] == ("--rtol", "0.001")
    assert found["third tflite"].args[-1] == "--fp16"
    as_yaml = hub / "m.yaml"
    as_yaml.write_text('model:\n  - path: "hub/*.onnx"\n    targets: [onnx]\n')
    assert [job.title for job in jobs([as_yaml], [], hub / "elsewhere")] == ["a onnx", "b onnx", "c onnx"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[defalts]\n", "m.toml:1: defalts is no table of a manifest; did you mean defaults?"),
        (
            "[[model]]\npath = 'hub/a.onnx'\ntargets = ['onx']\n",
            "m.toml:3: onx: unknown target format; did you mean onnx?",
        ),
        (
            "[[model]]\npath = 'hub/a.onnx'\ntargets = ['onnx']\nopest = 13\n",
            "m.toml:4: opest is no option; did you mean opset?",
        ),
        ("[[model]]\npath = 'none/*.onnx'\ntargets = ['onnx']\n", "m.toml:2: none/*.onnx: no such file"),
        (
            "[[model]]\npath = 'hub/*.onnx'\nname = 'x'\ntargets = ['onnx']\n",
            "m.toml:3: x names 3 models that hub/*.onnx matches",
        ),
        (
            "[[model]]\npath = 'hub/a.onnx'\ntargets = ['onnx', 'onnx']\noutput = 'o'\n",
            "o/a.onnx: both hub/a.onnx and hub/a.onnx would be written there",
        ),
        (
            "[defaults]\ntargets = ['onnx']\n[[model]]\npath = 'hub/a.onnx'\n[[model]]\npath = 'hub/b.onnx'\n"
            "targets = ['tflit']\n",
            "m.toml:7: tflit: unknown target format; did you mean tflite?",
        ),
        (
            "[[model]]\npath = 'hub/a.onnx'\ntargets = ['onnx']\n[[model]]\npath = 'hub/none.onnx'\n"
            "targets = ['onnx']\n",
            "m.toml:5: hub/none.onnx: no such file",
        ),
        (
            "[[model]]\npath = 'hub/a.onnx'\npath = 'hub/b.onnx'\n",
            "m.toml: Cannot overwrite a value (at line 3, column 20)",
        ),
        (
            "[defaults]\ntargets = ['onnx']\n[[model]]\npath = 'hub/a.onnx'\n[[model]]\npath = 'hub/b.onnx'\n"
            "name = 'a'\n",
            "a.onnx: both hub/a.onnx and hub/b.onnx would be written there",
        ),
        (
            "[[model]]\npath = 'hub/a.onnx'\ntargets = ['onnx']\noutput = 'http://h/o'\n",
            "m.toml:4: http only reads",
        ),
        ("[[model]]\ntargets = ['onnx']\n", "m.toml: a [[model]] needs either path or trace"),
        ("[[model]]\npath = 'hub/a.onnx'\ntargets = ['onnx']\nname = 3\n", "m.toml:4: name must be text"),
        ("[[model]]\npath = 'hub/a.onnx'\ntargets = ['onnx']\nfp16 = 1\n", "m.toml:4: fp16 is true or false, not 1"),
        (
            "[[model]]\npath = 'hub/a.onnx'\ntargets = ['onnx']\nopset = 'x'\n",
            "m.toml:4: opset: 'x' is not a valid integer",
        ),
        ("x = ", "m.toml: Invalid value (at end of document)"),
        ("", "m.toml: has no [[model]] entry"),
    ],
)
def test_mistakes_in_a_manifest(text: str, message: str, hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(hub)
    Path("m.toml").write_text(text)
    with pytest.raises(UsageError) as error:
        jobs([Path("m.toml")], [], None)
    assert error.value.message == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model:\n- path: a.onnx\n  targets: [onnx]\n  path: b.onnx\n", "m.yaml:4: path is there twice"),
        ("defaults: {output: x, output: y}\n", "m.yaml:1: output is there twice"),
        (
            "model:\n- path: hub/a.onnx\n  targets: [onnx]\n- path: hub/b.onnx\n  targets: [onnx]\n  opest: 13\n",
            "m.yaml:6: opest is no option; did you mean opset?",
        ),
    ],
)
def test_mistakes_in_yaml(text: str, message: str, hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(hub)
    Path("m.yaml").write_text(text)
    with pytest.raises(UsageError) as error:
        jobs([Path("m.yaml")], [], None)
    assert error.value.message == message


def test_options_of_the_command_line(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They go behind a manifest's own, to the conversions that have them."""
    monkeypatch.chdir(hub)
    given = ["opset=13", "proof", "fuse-conv-bn=false"]
    one, other = jobs([Path("hub/a.onnx")], ["onnx", "tflite"], Path("out"), given)
    assert one.words()[3:] == ["-o", "out/a.onnx", "--opset", "13", "--proof", "--no-fuse-conv-bn"]
    assert other.words()[3:] == ["-o", "out/a.tflite", "--proof", "--no-fuse-conv-bn"]
    code, _, said = run(hub, "hub/a.onnx", "--targets", "onnx", "-o", "out", "-O", "opset=13", "--option", "proof")
    assert code == 0, said
    proof = json.loads(Path("out/a.onnx.proof.json").read_text())
    assert (proof["options"], proof["passed"]) == ({"opset": 13}, True)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("opst=13", "--option opst is no option of these conversions; did you mean opset?"),
        ("opset", "--option: opset needs a value, not true"),
        ("opset=a", "--option: opset: 'a' is not a valid integer"),
        ("proof=maybe", "--option: proof is true or false, not 'maybe'"),
    ],
)
def test_mistakes_in_an_option(option: str, message: str, hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(hub)
    with pytest.raises(UsageError) as error:
        jobs([Path("hub")], ["onnx"], Path("out"), [option])
    assert error.value.message == message


def test_a_file_in_place_of_the_folder(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(hub)
    with pytest.raises(UsageError) as error:
        jobs([Path("hub")], ["tflite"], Path("hub/a.onnx"))
    assert error.value.message == "-o hub/a.onnx: is a file, expected a folder"
    assert error.value.hint == "-o hub/a-converted"


def test_what_a_batch_wrote_is_no_model_of_the_next(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of outputs below the models, and outputs beside them."""
    monkeypatch.chdir(hub)
    for _ in range(2):
        for out in ("hub/out", "hub"):
            code, document, said = run(hub, "hub", "--targets", "tflite", "-o", out)
            assert (code, sorted(each["name"] for each in document["models"])) == (0, ["a", "b", "c"]), said


def test_a_baseline_of_another_version(hub: Path) -> None:
    content = {"format": "mgeconvert batch", "version": "1.9.0", "models": []}
    (hub / "old.json").write_text(json.dumps(content))
    line = ["hub/a.onnx", "--targets", "onnx", "-o", "out", "--baseline"]
    code, _, said = run(hub, *line, "old.json")
    assert (code, said.splitlines()[0]) == (0, "note: old.json is of mgeconvert 1.9.0, this is 2.0.0")
    code, document, _ = run(hub, *line, "none.json")
    assert (code, document["error"]["message"]) == (3, "none.json: cannot be read: No such file or directory")


def test_proofs_of_a_batch(hub: Path) -> None:
    text = "[[model]]\npath = 'hub/*.onnx'\ntargets = ['tflite']\noutput = 'o'\nproof = true\n"
    (hub / "m.toml").write_text(text)
    assert run(hub, "m.toml", "-j", "2")[0] == 0
    assert sorted(path.name for path in (hub / "o").glob("*.json")) == [f"{name}.tflite.proof.json" for name in "abc"]
