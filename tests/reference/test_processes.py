"""Workers that die, hang or lose their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mgeconvert.errors import ReferenceEnvironmentError
from mgeconvert.reference import processes
from mgeconvert.reference.processes import death, run_bound

DEATHS = {
    "import os\nprint('info: chatter')\nprint('last words', flush=True)\nos._exit(9)": (
        "the title: its process died (exit code 9) before it answered:\n  last words",
        None,
    ),
    "import os\nos.kill(os.getpid(), 9)": (
        "the title: its process died (signal SIGKILL) before it answered: it printed nothing",
        "the system kills what takes too much memory: try a smaller input",
    ),
    "raise ValueError('no')": ("(exit code 1) before it answered:\n  Traceback", None),
    "import os\nos.abort()": ("(signal SIGABRT) before it answered:\n  Fatal Python error: Aborted", None),
    "import sys\nsys.exit('bye')": ("(exit code 1) before it answered:\n  bye", None),
    "import sys\nsys.exit()": ("(exit code 0) before it answered: it printed nothing", None),
    "import os, signal\nprint('late', flush=True)\nos.kill(os.getpid(), signal.SIGTERM)": (
        "(signal SIGTERM) before it answered:\n  late",
        None,
    ),
    "import ctypes\nctypes.string_at(0)": ("(signal SIGSEGV) before it answered:\n  Fatal Python error", None),
}


@pytest.mark.parametrize("program", DEATHS)
def test_a_death_is_said_with_the_last_lines(tmp_path: Path, program: str) -> None:
    script = tmp_path / "worker.py"
    script.write_text(program)
    error = death("the title", run_bound("the title", sys.executable, str(script), []))
    text, hint = DEATHS[program]
    assert text in error.message
    assert error.hint == hint


def test_arguments_and_neighbours_reach_the_script(tmp_path: Path) -> None:
    (tmp_path / "neighbour.py").write_text("NAME = 'n'\n")
    (tmp_path / "worker.py").write_text("import sys, neighbour\nprint(sys.argv[1:], neighbour.NAME, __name__)\n")
    done = run_bound("t", sys.executable, str(tmp_path / "worker.py"), ["a", "-b"])
    assert (done.returncode, done.stdout) == (0, "['a', '-b'] n __main__\n")


def test_a_limit_of_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "worker.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setenv(processes.TIMEOUT, "0.5")
    with pytest.raises(ReferenceEnvironmentError, match=r"the title: its process ran for more than 0\.5 s") as caught:
        run_bound("the title", sys.executable, str(tmp_path / "worker.py"), [])
    assert caught.value.hint == "MGECONVERT_WORKER_TIMEOUT=1 in the environment gives it more time"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no sessions of processes")
def test_what_a_worker_started_ends_with_it(tmp_path: Path) -> None:
    (tmp_path / "worker.py").write_text(
        "import subprocess, sys\nprint(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid)\n"
    )
    began = time.monotonic()
    done = run_bound("the title", sys.executable, str(tmp_path / "worker.py"), [])
    assert done.returncode == 0
    assert time.monotonic() - began < 300
    deadline = time.monotonic() + 20
    while _is_running(int(done.stdout)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _is_running(int(done.stdout))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not kill a process with its parent")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_no_worker_outlives_the_command(tmp_path: Path, number: int) -> None:
    (tmp_path / "worker.py").write_text(
        "import os, sys, time\nopen(sys.argv[1], 'w').write(str(os.getpid()))\ntime.sleep(60)\n"
    )
    said = tmp_path / "pid"
    program = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from mgeconvert.reference.processes import run_bound\n"
        f"run_bound('t', sys.executable, {str(tmp_path / 'worker.py')!r}, [{str(said)!r}])\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL) as command:
        worker = _number(said)
        command.send_signal(number)
        command.wait(60)
    deadline = time.monotonic() + 20
    while _is_running(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _is_running(worker)


def _number(path: Path) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if path.is_file() and path.read_text():
            return int(path.read_text())
        time.sleep(0.05)
    raise AssertionError("the worker did not start")


def _is_running(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    finally:
        assert process != os.getpid()
