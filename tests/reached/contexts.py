"""Which tests enter which block: a plugin of pytest that records it.

A process of the run leaves ``FOLDER/PID.txt``, the statements that it reached, and ``FOLDER/PID.contexts``. That is a
line of JSON for each test: its id, whether it passed, its seconds, the blocks that no test before it entered, and the
numbers of those that it entered. What a fixture entered counts for every test that uses the fixture.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from .instrument import entered, reached


class Contexts:
    """Records one process of a run into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers: dict[str, int] = {}
        self._fixtures: dict[Any, set[str]] = {}
        self._failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.outcome != "passed":
            self._failed.add(report.nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        entered.clear()
        start = time.perf_counter()
        result = yield
        seconds = time.perf_counter() - start
        for definitions in getattr(item, "_fixtureinfo").name2fixturedefs.values():  # noqa: B009  a private name
            entered.update(*(self._fixtures.get(definition, ()) for definition in definitions))
        self._write(item.nodeid, seconds)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, Any]:
        if fixturedef.scope == "function":
            return (yield)
        before = entered.copy()
        entered.clear()
        result = yield
        self._fixtures.setdefault(fixturedef, set()).update(entered)
        entered.update(before)
        return result

    def _write(self, test: str, seconds: float) -> None:
        new = sorted(entered - self._numbers.keys())
        for block in new:
            self._numbers[block] = len(self._numbers)
        numbers = sorted(self._numbers[block] for block in entered)
        values = [test, test not in self._failed, round(seconds, 4), new, numbers]
        line = json.dumps(values, separators=(",", ":"))
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / f"{os.getpid()}.contexts").open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def pytest_sessionfinish(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / f"{os.getpid()}.txt").write_text("\n".join(sorted(reached)))
