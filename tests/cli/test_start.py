"""The command as a process: what starting it imports, and that it behaves with pipes and a broken one."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HEAVY = {"numpy", "rich", "onnx", "onnxruntime", "tflite", "tempfile", "importlib.metadata"}
IMPORTED = re.compile(r"^import time: +(\d+) \| +\d+ \| +(\S+)$", re.MULTILINE)
"""A line of ``-X importtime``: microseconds of the module itself, its name."""
COMMAND = Path(sys.executable).with_name("mgeconvert")


def command(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(COMMAND), *arguments], capture_output=True, text=True, timeout=60, **options)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize("line", ["--help", "--version", "tm-to-onnx --help", "verify --help"])
def test_asking_for_help_imports_nothing_heavy(line: str) -> None:
    program = (
        "import sys\n"
        "from mgeconvert_cli.main import application\n"
        "try:\n"
        f"    application.main({line.split()!r})\n"
        "except SystemExit as stop:\n"
        "    assert stop.code == 0, stop.code\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)\n"
    )
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert process.stderr == "[]\n"


def test_the_list_of_commands_costs_less_than_click(tmp_path: Path) -> None:
    """Of each module the least time of up to twenty processes, so that what else the machine does has no part in it;
    with cached bytecode, as users have it."""
    cached = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    cached["PYTHONPYCACHEPREFIX"] = str(tmp_path)
    program = "from mgeconvert_cli.main import application; application.main(['--help'])"
    least: dict[str, int] = {}
    for _ in range(20):
        timed = [sys.executable, "-X", "importtime", "-c", program]
        printed = subprocess.run(timed, capture_output=True, text=True, timeout=60, check=True, env=cached).stderr
        for spent, name in IMPORTED.findall(printed):
            least[name] = min(int(spent), least.get(name, int(spent)))
        own = sum(spent for name, spent in least.items() if name.startswith("mgeconvert"))
        if own <= 0.6 * (sum(least.values()) - own):
            break
    else:
        raise AssertionError(f"ours take {own} us of {sum(least.values())}")
    assert "mgeconvert.registry" not in least


def test_python_m_is_the_same_command() -> None:
    process = subprocess.run(
        [sys.executable, "-m", "mgeconvert", "--version"], capture_output=True, text=True, check=True
    )
    assert process.stdout == command("--version").stdout


def test_a_reader_that_goes_away_is_no_error() -> None:
    line = f"{COMMAND} ops onnx | head -1"
    process = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60, check=True)
    assert process.stderr == ""


def test_a_bug_is_one_line_unless_debug_is_given() -> None:
    program = (
        "import sys\n"
        "from mgeconvert_cli import main, steps\n"
        "def broken(*_):\n"
        "    raise KeyError('x')\n"
        "steps.Step.invoke = broken\n"
        "main.main()\n"
    )
    run = [sys.executable, "-c", program]
    plain = subprocess.run([*run, "load", "m.pkl"], capture_output=True, text=True, timeout=60, check=False)
    assert plain.returncode == 4
    assert plain.stderr == (
        "error: internal error: KeyError: 'x'\n"
        "hint: this is a bug in mgeconvert; add --debug to see where, and report it\n"
        "more: mgeconvert explain MGE901\n"
    )
    document = subprocess.run([*run, "load", "m.pkl", "--json"], capture_output=True, timeout=60, check=False)
    assert json.loads(document.stdout)["error"]["kind"] == "internal"
    debug = subprocess.run([*run, "load", "m.pkl", "--debug"], capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback (most recent call last):" in debug.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_no_traceback_and_no_files(tmp_path: Path, number: int, code: int) -> None:
    """The run is stopped while its output is half written."""
    (tmp_path / "m.onnx").write_bytes(b"old")
    program = (
        "import signal, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from pathlib import Path\n"
        "from mgeconvert.files import staging\n"
        "from mgeconvert_cli import main, steps\n"
        "def slow(*_):\n"
        "    with staging() as stage:\n"
        "        stage.place(Path('m.onnx')).write_bytes(b'half')\n"
        "        print('started', flush=True)\n"
        "        time.sleep(60)\n"
        "steps.Step.invoke = slow\n"
        "main.main()\n"
    )
    line = [sys.executable, "-c", program, "load", "m.pkl"]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(line, cwd=tmp_path, **pipes) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == code
    assert errors.strip() in ("error: interrupted", "error: terminated")
    assert [path.name for path in tmp_path.iterdir()] == ["m.onnx"]
    assert (tmp_path / "m.onnx").read_bytes() == b"old"


def test_completion_of_the_shell_is_answered() -> None:
    environment = {
        **os.environ,
        "_MGECONVERT_COMPLETE": "bash_complete",
        "COMP_WORDS": "mgeconvert ins",
        "COMP_CWORD": "1",
    }
    assert command(env=environment).stdout == "plain,inspect\n"
