"""A plugin of pytest, ``-p tests.mutation.cold``: imports the module of one change with that change in it.

The change is ``MGECONVERT_MUTANT=FILE:NUMBER``. Needed where an import computes what is changed.
"""

from __future__ import annotations

import importlib.machinery
import os
import subprocess
import sys
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


def survives(mutant: Mutant, tests: list[str], seconds: float) -> bool:
    """Whether tests pass in a process that imports the change; one that takes longer than `seconds` has noticed."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "tests.mutation.cold",
        *tests,
    ]
    environment = {**os.environ, VARIABLE: f"{mutant.file}:{mutant.number}"}
    try:
        return not subprocess.run(command, cwd=ROOT, env=environment, timeout=seconds, capture_output=True).returncode
    except subprocess.TimeoutExpired:
        return False


if VARIABLE in os.environ:
    _file, _, _number = os.environ[VARIABLE].rpartition(":")
    sys.meta_path.insert(0, Finder(_Loader))
