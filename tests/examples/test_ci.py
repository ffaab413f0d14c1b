"""What is offered for CI: the commands of every step are run, as far as they need no service."""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import mgeconvert
from tests.verification.layers.test_compare import network

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "ci"
MANIFEST = '[defaults]\ntargets = ["tflite"]\noutput = "converted"\n[[model]]\npath = "hub/*.onnx"\n'


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A team's repository with one model and a manifest."""
    (tmp_path / "hub").mkdir()
    mgeconvert.save(network(), tmp_path / "hub" / "m.onnx")
    (tmp_path / "batch.toml").write_text(MANIFEST)
    return tmp_path


def shell(line: str, folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a script as a step does, with this Python's mgeconvert on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, **variables}
    command = ["bash", "-e", "-c", line, "step", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def extras(text: str) -> set[str]:
    """The extras in ``.[a,b]``."""
    return {name for listed in re.findall(r"\[([\w,]+)\]\"", text) for name in listed.split(",")}


def known_extras() -> set[str]:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    return set(config["options.extras_require"])


def _converted(folder: Path) -> None:
    document = json.loads((folder / "mgeconvert.json").read_text())
    assert [(row["name"], row["state"]) for row in document["models"]] == [("m", "verified")]
    assert (folder / "converted" / "m.tflite").is_file()
    assert "<h1>mgeconvert batch</h1>" in (folder / "mgeconvert.html").read_text()
    assert 'tests="1" failures="0"' in (folder / "mgeconvert.xml").read_text()


def _action_step(name: str) -> dict[str, Any]:
    return next(step for step in read(ROOT / "action.yml")["runs"]["steps"] if step.get("name") == name)


def test_the_actions_inputs_are_all_used() -> None:
    action = read(ROOT / "action.yml")
    used = set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text()))
    assert used == set(action["inputs"])
    workflow = read(EXAMPLES / "github.yml")
    given = workflow["jobs"]["convert"]["steps"][1]["with"]
    assert set(given) <= used
    assert extras(_action_step("install")["run"]) <= known_extras()


@pytest.mark.parametrize(
    "given",
    [
        {"SOURCES": "batch.toml"},
        {"SOURCES": "hub", "TARGETS": "tflite", "OUTPUT": "converted", "OPTIONS": "proof fp16=false"},
    ],
    ids=["manifest", "folder"],
)
def test_the_action(repository: Path, given: dict[str, str]) -> None:
    step = _action_step("convert")
    variables = {**dict.fromkeys(step["env"], ""), "FAIL_ON": "mismatch", **given}
    done = shell(step["run"], repository, **variables)
    assert done.returncode == 0, done.stderr
    _converted(repository)
    assert (repository / "converted" / "m.tflite.proof.json").is_file() == ("OPTIONS" in given)
    again = shell(step["run"], repository, **{**variables, "FAIL_ON": "regression", "BASELINE": "old.json"})
    assert (again.returncode, "old.json: cannot be read" in again.stderr) == (3, True)


def test_the_gitlab_job(repository: Path) -> None:
    job = read(EXAMPLES / "gitlab-ci.yml")["convert-models"]
    assert extras(job["before_script"][0]) <= known_extras()
    done = shell("\n".join(job["script"]), repository)
    assert done.returncode == 0, done.stderr
    _converted(repository)
    paths = [*job["artifacts"]["paths"], *job["cache"]["paths"], job["artifacts"]["reports"]["junit"]]
    assert [path for path in paths if not (repository / path).exists()] == []


def test_the_hook(repository: Path) -> None:
    (hook,) = read(ROOT / ".pre-commit-hooks.yaml")
    (used,) = read(EXAMPLES / "pre-commit-config.yaml")["repos"][0]["hooks"]
    assert used["id"] == hook["id"]
    assert re.search(hook["files"], "hub/m.onnx")
    words = [*shlex.split(hook["entry"]), *used["args"]]
    done = shell('"$@"', repository, *words, "hub/m.onnx")
    assert done.returncode == 0, done.stderr
    (repository / "bad.onnx").write_bytes(b"not a model")
    done = shell('"$@"', repository, *words, "bad.onnx", "hub/m.onnx")
    assert done.returncode == 1
    assert "bad.onnx" in done.stderr


def test_the_image_has_what_it_needs() -> None:
    text = (ROOT / "Dockerfile").read_text()
    sources = [name for line in re.findall(r"^COPY (.*) \S+$", text, re.MULTILINE) for name in line.split()]
    assert [name for name in sources if not (ROOT / name).exists()] == []
    assert {"mgeconvert", "cli", "converters", "setup.cfg", "setup.py", "pyproject.toml"} <= set(sources)
    assert extras(text) <= known_extras()
    assert 'ENTRYPOINT ["mgeconvert"]' in text


def test_the_image(repository: Path) -> None:
    """Built and run where docker runs; elsewhere the script says so."""
    done = shell(f"{shlex.quote(str(EXAMPLES / 'docker.sh'))} batch batch.toml", repository)
    if shell("docker info", repository).returncode != 0:
        assert (done.returncode, done.stderr) == (69, "docker does not run here\n")
        return
    assert done.returncode == 0, done.stderr
    assert (repository / "converted" / "m.tflite").is_file()
