"""`mgeconvert batch --dask`: a real cluster of processes, one of which is killed; schedulers that are not what they
should be."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mgeconvert_cli.batch.cluster import versions
from tests.cli.test_batch import TRAP, states

OTHER = "import mgeconvert.version as v\nv.VERSION = '1.9.0'\n"
"""A module that Python runs when it starts, in a worker with another version."""


class Cluster:
    """A scheduler and workers, each a process in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workers: list[subprocess.Popen[bytes]] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        self.scheduler = self._started("scheduler", "--host", self.address, "--no-dashboard")

    def add(self, name: str, *path: Path) -> None:
        options = ["--no-nanny", "--nthreads", "1", "--no-dashboard", "--name", name]
        self.workers.append(self._started("worker", self.address, *options, path=path))

    def _started(self, kind: str, *words: str, path: tuple[Path, ...] = ()) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
        line = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *words]
        home = self.folder / f"{kind}{len(self.workers)}"
        home.mkdir(parents=True)
        with (home / "log").open("wb") as log:
            return subprocess.Popen(line, cwd=home, env=environment, stdout=log, stderr=log)

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    found = Cluster(tmp_path / "cluster")
    try:
        yield found
    finally:
        found.close()


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    """Twelve models, three of which take a while, one kills its process; `site` is where their format is."""
    (tmp_path / "hub").mkdir()
    for number in range(12):
        text = "die" if number == 5 else "sleep 3" if number % 4 == 0 else "fine"
        (tmp_path / "hub" / f"m{number:02}.trap").write_text(text)
    info = tmp_path / "site" / "trap-1.0.dist-info"
    info.mkdir(parents=True)
    (tmp_path / "site" / "trap.py").write_text(TRAP)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: trap\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mgeconvert.frontends]\ntrap = trap:FRONTEND\n")
    return tmp_path


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder / "site")}
    command = [sys.executable, "-m", "mgeconvert", "--json", "batch", *words]
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_three_workers_one_of_which_is_killed(hub: Path, cluster: Cluster) -> None:
    """Nothing is lost, nothing is there twice, and the second run has nothing to do."""
    for name in "abc":
        cluster.add(name, hub / "site")
    words = ["hub", "--targets", "onnx", "-o", "out", "--dask", cluster.address, "--retries", "0"]
    journal = hub / "out" / ".mgeconvert-batch.jsonl"
    with started(hub, *words) as process:
        deadline = time.monotonic() + 120
        while not (journal.is_file() and len(journal.read_text().splitlines()) >= 2):
            assert time.monotonic() < deadline
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        os.kill(cluster.workers[0].pid, signal.SIGKILL)
        answer, said = process.communicate(timeout=240)
    assert process.returncode == 1, said
    document = json.loads(answer)
    wanted = {f"m{number:02} onnx": "died" if number == 5 else "written" for number in range(12)}
    assert states(document) == wanted
    assert len(document["models"]) == 12
    names = [json.loads(line)["name"] for line in journal.read_text().splitlines()]
    assert sorted(names) == [f"m{number:02}" for number in range(12)]
    files = sorted(path.stem for path in (hub / "out").glob("*.onnx"))
    assert files == [name for name in sorted(names) if name != "m05"]
    assert {row["message"] for row in document["models"]} == {"", "its process died (signal SIGKILL)"}
    (hub / "hub" / "m05.trap").write_text("fine")
    with started(hub, *words) as process:
        answer, said = process.communicate(timeout=240)
    assert process.returncode == 0, said
    assert list(states(json.loads(answer)).values()).count("unchanged") == 11
    assert said.splitlines()[1].startswith("[1/1] m05 onnx: written, ")


def test_no_scheduler(hub: Path) -> None:
    """One that is not there, and something else that takes the connection and never says a word."""
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        free = mute.getsockname()[1]
        start = time.monotonic()
        with started(hub, "hub", "--targets", "onnx", "-o", "o", "--dask", f"tcp://127.0.0.1:{free}") as process:
            answer, said = process.communicate(timeout=60)
        assert time.monotonic() - start < 40
    assert process.returncode == 1, said
    error = json.loads(answer)["error"]
    assert error["message"] == f"tcp://127.0.0.1:{free}: no Dask scheduler answers there within 10 s"
    assert error["hint"] == "start one with `dask scheduler`"
    more = "more: mgeconvert explain MGE710"
    assert said.splitlines()[-3:] == [f"error: {error['message']}", f"hint: {error['hint']}", more]
    with started(hub, "hub", "--targets", "onnx", "-o", "o", "--dask", "127.0.0.1:1") as process:
        answer, _ = process.communicate(timeout=60)
    assert (process.returncode, json.loads(answer)["error"]["message"]) == (
        2, "--dask 127.0.0.1:1: is no address of a scheduler"
    )  # fmt: skip


def test_no_worker_and_a_worker_of_another_version(hub: Path, cluster: Cluster, tmp_path: Path) -> None:
    words = ["hub", "--targets", "onnx", "-o", "out", "--dask", cluster.address]
    with started(hub, *words) as process:
        answer, said = process.communicate(timeout=60)
    assert process.returncode == 1, said
    assert json.loads(answer)["error"] == {
        "kind": "ClusterError",
        "code": "MGE710",
        "message": f"{cluster.address}: the scheduler has no worker",
        "hint": f"start some with `dask worker {cluster.address}`",
    }
    other = tmp_path / "other"
    other.mkdir()
    (other / "sitecustomize.py").write_text(OTHER)
    cluster.add("old", other, hub / "site")
    with started(hub, *words) as process:
        answer, said = process.communicate(timeout=60)
    assert process.returncode == 1, said
    error = json.loads(answer)["error"]
    start, _, fact = error["message"].partition(": the worker tcp://127.0.0.1:")
    assert start == cluster.address
    assert fact.partition(" ")[2] == f"has mgeconvert 1.9.0, this is {versions()['mgeconvert']}"
    assert error["hint"] == "install the same versions on every machine"
    assert not (hub / "out").exists()
