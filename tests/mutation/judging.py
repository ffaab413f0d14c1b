"""Judges changes one after another, some at a time.

A change is noticed when a test fails that passes without the change: each test that has failed is run once unchanged.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from . import cold
from .mutants import Mutant
from .selection import Recorded
from .server import KILLED, SURVIVED, UNCHANGED, Run, Server, serve

PATIENCE = 60.0
"""Recorded seconds of tests that a change is given at most: the most telling ones come first."""
COLD = 60
"""Tests of a change that needs a process of its own."""
LONGEST = 8 * PATIENCE
"""Seconds that a run may take: the machine may be busier than it was."""


@dataclass
class Judging:
    """The changes and what became of them."""

    mutants: list[Mutant]
    recorded: Recorded
    end: float
    jobs: int
    said: Callable[[str], None]
    """Is told each survivor as it is found."""
    killed: int = 0
    survivors: list[tuple[Mutant, str]] = field(default_factory=list)
    _sound: dict[str, bool] = field(default_factory=dict)
    """Whether a test that has failed passes without a change."""
    _running: list[tuple[Run | cold.ColdRun, list[str]]] = field(default_factory=list)

    def run(self) -> None:
        """Until all are judged or the time is over."""
        plan = {mutant: self._tests(mutant) for mutant in self.mutants}
        test_files = {test.partition("::")[0] for tests in plan.values() for test in tests}
        waiting = list(self.mutants)

        def work(server: Server) -> None:
            while (waiting or self._running) and time.monotonic() < self.end:
                while waiting and len(self._running) < self.jobs:
                    self._begin(server, waiting.pop(0), plan)
                self._collect(server)
                time.sleep(0.01)
            for run, _ in self._running:
                run.stop()

        serve(sorted(test_files), work)

    def _tests(self, mutant: Mutant) -> list[str]:
        """Those that are run."""
        chosen, seconds = [], 0.0
        for test in self.recorded.tests(mutant):
            if seconds > PATIENCE or (len(chosen) >= COLD and not self.recorded.is_in_function(mutant)):
                break
            chosen.append(test.test)
            seconds += test.seconds
        return chosen

    def _begin(self, server: Server, mutant: Mutant, plan: dict[Mutant, list[str]]) -> None:
        tests = [test for test in plan[mutant] if test in server.items and self._sound.get(test, True)]
        if not tests:
            self._survived(mutant, "no test reaches it")
        elif not self.recorded.is_in_function(mutant):
            self._running.append((cold.start(mutant, tests, LONGEST), tests))
        else:
            self._running.append((server.start(mutant, tests, LONGEST), tests))

    def _collect(self, server: Server) -> None:
        for run, tests in list(self._running):
            code = run.poll()
            if code is None:
                continue
            self._running.remove((run, tests))
            assert run.mutant is not None
            if code == UNCHANGED:
                self._running.append((cold.start(run.mutant, tests[:COLD], LONGEST), tests))
            elif code == SURVIVED:
                self._survived(run.mutant, f"{run.tests} tests that reach it pass")
            elif code != KILLED or not run.last or self._is_sound(server, run.last):
                self.killed += 1
            else:
                rest = [test for test in tests if self._sound.get(test, True)]
                self._running.append((server.start(run.mutant, rest, LONGEST), rest))

    def _survived(self, mutant: Mutant, why: str) -> None:
        self.survivors.append((mutant, why))
        self.said(f"{mutant}  ({why})")

    def _is_sound(self, server: Server, test: str) -> bool:
        if test not in self._sound:
            run = server.start(None, [test], LONGEST)
            while (code := run.poll()) is None:
                time.sleep(0.01)
            self._sound[test] = code == SURVIVED
        return self._sound[test]
