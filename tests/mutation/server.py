"""Runs the tests of each change in a fork of one process that has imported our code and collected the tests once.

In the fork the functions whose code differs get the new code: nothing is imported or collected again. What an import
computes (constants, tables, defaults) is changed by running the module's changed text in a process of its own; see
`cold`.
"""

from __future__ import annotations

import gc
import importlib
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

from tests.reached.instrument import FOLDERS, ROOT, is_counted

from .mutants import Mutant, mutated

SURVIVED, KILLED, UNCHANGED = 0, 1, 3
"""Exit codes of a fork."""
MEMORY = 12 << 30
"""Bytes of address space that a fork may have: a change may make a loop endless."""


def import_all() -> None:
    """Every module of ours, so that forks find their functions."""
    for package, folder in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            if is_counted(path):
                parts = path.relative_to(ROOT / folder).with_suffix("").parts
                importlib.import_module(".".join([package, *parts]).removesuffix(".__init__"))


def codes(code: CodeType, name: str = "") -> Iterator[tuple[str, CodeType]]:
    """Each function's code with a name that is the same in the changed module."""
    for index, constant in enumerate(each for each in code.co_consts if isinstance(each, CodeType)):
        path = f"{name}/{constant.co_name}:{index}"
        yield path, constant
        yield from codes(constant, path)


def replace_code(mutant: Mutant) -> bool:
    """Gives every function that differs its new code; False if none is there, or one cannot have it."""
    path = str(ROOT / mutant.file)
    text = (ROOT / mutant.file).read_text(encoding="utf-8")
    old = dict(codes(compile(text, path, "exec", dont_inherit=True)))
    new = dict(codes(compile(mutated(mutant), path, "exec", dont_inherit=True)))
    if old.keys() != new.keys():
        return False
    changed = {code: new[name] for name, code in old.items() if code != new[name]}
    if not changed:
        return False
    replaced = 0
    for found in gc.get_objects():
        if type(found) is FunctionType and found.__code__ in changed:
            try:
                found.__code__ = changed[found.__code__]
            except ValueError:
                return False
            replaced += 1
    return replaced > 0


@dataclass
class Run:
    """A fork that runs tests, with or without a change; over when `poll` has said so."""

    mutant: Mutant | None
    child: int
    reader: int
    end: float
    began: str = ""

    def poll(self) -> int | None:
        """None while it runs, then its exit code; a run that has used up its time counts as killed."""
        self.began += os.read(self.reader, 1 << 20).decode() if select.select([self.reader], [], [], 0)[0] else ""
        child, status = os.waitpid(self.child, os.WNOHANG)
        if not child and time.monotonic() > self.end:
            os.kill(self.child, signal.SIGKILL)
            child, status = os.waitpid(self.child, 0)
        if not child:
            return None
        with os.fdopen(self.reader, "rb") as rest:
            self.began += rest.read().decode()
        return os.waitstatus_to_exitcode(status)

    def stop(self) -> None:
        """Ends it without a result."""
        os.kill(self.child, signal.SIGKILL)
        os.waitpid(self.child, 0)
        os.close(self.reader)

    @property
    def last(self) -> str:
        """The test that began last."""
        return self.began.split("\n")[-2] if "\n" in self.began else ""

    @property
    def tests(self) -> int:
        """How many began."""
        return self.began.count("\n")


@dataclass
class Server:
    """The collected tests, by id."""

    session: pytest.Session
    items: dict[str, pytest.Item]

    def start(self, mutant: Mutant | None, tests: list[str], seconds: float) -> Run:
        """Forks; `tests` are run until one fails."""
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            os._exit(self._child(mutant, tests, writer))
        os.close(writer)
        return Run(mutant, child, reader, time.monotonic() + seconds)

    def _child(self, mutant: Mutant | None, tests: list[str], writer: int) -> int:
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        folder = Path(tempfile.mkdtemp(prefix="mutant-"))
        factory: Any = getattr(self.session.config, "_tmp_path_factory")  # noqa: B009  a private name
        factory._basetemp, factory._given_basetemp = None, folder / "tests"
        try:
            return self._judge(mutant, tests, writer)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _judge(self, mutant: Mutant | None, tests: list[str], writer: int) -> int:
        if mutant and not replace_code(mutant):
            return UNCHANGED
        items = [self.items[test] for test in tests]
        failed = self.session.testsfailed
        for item, following in zip(items, [*items[1:], None], strict=True):
            os.write(writer, f"{item.nodeid}\n".encode())
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.session.testsfailed > failed:
                return KILLED
        return SURVIVED


class Collected:
    """A plugin that keeps pytest from running what it has collected, and calls `work` with it instead."""

    def __init__(self, work: Any) -> None:
        self._work = work

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._work(Server(session, {item.nodeid: item for item in session.items}))
        return True


def serve(test_files: list[str], work: Any) -> None:
    """Collects the tests of some files and calls `work(server)`."""
    import_all()
    arguments = ["-q", "-s", "--no-header", "-p", "no:cacheprovider", "-p", "no:faulthandler", *test_files]
    start = time.perf_counter()
    code = pytest.main(arguments, plugins=[Collected(work)])
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        sys.exit(f"tests could not be collected in {time.perf_counter() - start:.0f} s: {code}")
