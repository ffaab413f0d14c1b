"""A reader who follows a page: an empty folder with the files it names, then one command after the other."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from mgeconvert_cli.main import application
from tests.documents.pages import ROOT, Command, Written, files, steps
from tests.documents.setups import NOT_RUN, SETUPS
from tests.harness.runner import Runner

EXAMPLES = ROOT / "examples"
SHELL = re.compile(r"[|<>;&*$\\]|^(?!mgeconvert )")
NUMBER = re.compile(r"[-+]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?")


def lay_out(folder: Path, page: Path) -> None:
    """The files that the page speaks of; model.pkl and model.npz are those of the demonstration."""
    for name in files(page.read_text()):
        shutil.copy(EXAMPLES / name.replace("model.", "demo."), folder / name)
    for line in SETUPS.get(page.relative_to(ROOT).as_posix(), ()):
        code, output = run(f"cd {shlex.quote(str(folder))} && {line}")
        assert code == 0, f"{line}: {output}"


def follow(page: Path) -> Iterable[tuple[Command, int, str]]:
    """Each command of the page with its exit code and all that it printed; the working directory is the folder."""
    for step in steps(page.read_text()):
        if isinstance(step, Written):
            Path(step.name).write_text(step.content)
        elif not any(step.line.startswith(beginning) for beginning in NOT_RUN):
            yield (step, *run(step.words))


def run(line: str) -> tuple[int, str]:
    """Exit code and output of a command: mgeconvert's own in this process, what needs a shell in one."""
    if not SHELL.search(line):
        result = Runner().invoke(application, shlex.split(line)[1:])
        return result.exit_code, result.output
    search = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", line], env={**os.environ, "PATH": search, "PYTHONUNBUFFERED": "1", "EXAMPLES": str(EXAMPLES)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def agrees(shown: Iterable[str], printed: str) -> bool:
    """Whether the output is what the page shows: a line `...` stands for any lines, `...` in a line for any text."""
    lines = "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else re.escape(masked(line)).replace(re.escape("..."), ".*") + r"\n"
        for line in shown
    )
    return re.fullmatch(lines, "".join(f"{masked(line)}\n" for line in printed.splitlines())) is not None


def masked(line: str) -> str:
    """The line with # for each number, and one space for several."""
    return re.sub(r"\s+", " ", NUMBER.sub("#", line)).strip()
