"""A fixture that puts formats of a test in the place of the installed ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from mgeconvert import entry_points, registry


@dataclass(frozen=True)
class FakeEntryPoint:
    """What the registry uses of an entry point."""

    record: Any
    value: str = "tests.harness.small_graphs:RECORD"

    def load(self) -> Any:
        return self.record


Install = Callable[..., None]


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """`plugins(frontends={...}, backends={...}, passes={...})`: only these formats exist, and passes beside ours."""

    def install(frontends: dict[str, Any], backends: dict[str, Any], passes: dict[str, Any] | None = None) -> None:
        groups = {registry.FRONTENDS: frontends, registry.BACKENDS: backends, registry.PASSES: passes or {}}
        entries = {
            group: {name: FakeEntryPoint(record) for name, record in records.items()}
            for group, records in groups.items()
        }
        monkeypatch.setattr(entry_points, "of_group", entries.__getitem__)
        clear()

    def clear() -> None:
        registry.frontend.cache_clear()
        registry.backend.cache_clear()

    yield install
    clear()
