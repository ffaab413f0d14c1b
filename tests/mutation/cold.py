"""A plugin of pytest, ``-p tests.mutation.cold``: imports the module of one change with that change in it.

The change is ``MGECONVERT_MUTANT=FILE:NUMBER``. Needed where an import computes what is changed.
"""

from __future__ import annotations

import importlib.machinery
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

from tests.reached.instrument import ROOT, Finder

from .mutants import Mutant, mutants_of, mutated

VARIABLE = "MGECONVERT_MUTANT"


class _Loader(importlib.machinery.SourceFileLoader):
    """Compiles the changed tree of the one file; the others are loaded as always, without their bytecode."""

    def get_code(self, fullname: str) -> CodeType:
        path = Path(self.get_filename(fullname)).resolve()
        if not path.is_relative_to(ROOT) or path.relative_to(ROOT).as_posix() != _file:
            found = super().get_code(fullname)
            assert found is not None
            return found
        tree = mutated(mutants_of(_file)[int(_number)])
        code: CodeType = compile(tree, str(path), "exec", dont_inherit=True)
        return code


@dataclass
class ColdRun:
    """A process that imports a change and runs tests; over when `poll` has said so."""

    mutant: Mutant
    tests: int
    process: subprocess.Popen[bytes]
    end: float
    last: str = ""
    """Which test has failed is not asked for."""

    def poll(self) -> int | None:
        """None while it runs, then its exit code; a run that has used up its time has noticed the change."""
        if self.process.poll() is None and time.monotonic() > self.end:
            self.stop()
        return self.process.poll()

    def stop(self) -> None:
        """Ends it without a result."""
        self.process.kill()
        self.process.wait()


def start(mutant: Mutant, tests: list[str], seconds: float) -> ColdRun:
    """Runs tests in a process that imports the change."""
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "tests.mutation.cold"]
    command = [sys.executable, "-m", "pytest", *options, *tests]
    environment = {**os.environ, VARIABLE: f"{mutant.file}:{mutant.number}"}
    null = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=null, stdout=null, stderr=null)
    return ColdRun(mutant, len(tests), process, time.monotonic() + seconds)


if VARIABLE in os.environ:
    _file, _, _number = os.environ[VARIABLE].rpartition(":")
    sys.meta_path.insert(0, Finder(_Loader))
