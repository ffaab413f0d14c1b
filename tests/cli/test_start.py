"""The command as a process: what starting it imports, and that it behaves with pipes and a broken one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
        "print(sorted({'numpy', 'rich', 'onnx', 'onnxruntime', 'tflite'} & set(sys.modules)), file=sys.stderr)\n"
    )
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert process.stderr == "[]\n"


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
    assert plain.returncode == 1
    assert plain.stderr == (
        "error: internal error: KeyError: 'x'\n"
        "hint: this is a bug in mgeconvert; add --debug to see where, and report it\n"
    )
    debug = subprocess.run([*run, "load", "m.pkl", "--debug"], capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback (most recent call last):" in debug.stderr


def test_completion_of_the_shell_is_answered() -> None:
    environment = {
        **os.environ,
        "_MGECONVERT_COMPLETE": "bash_complete",
        "COMP_WORDS": "mgeconvert ins",
        "COMP_CWORD": "1",
    }
    assert command(env=environment).stdout == "plain,inspect\n"
