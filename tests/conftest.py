"""Fixtures that every test may use."""

from __future__ import annotations

import lzma
import os
import shutil
from pathlib import Path

import pytest

from mgeconvert.reference import client
from mgeconvert.reference.environment import cache_folder

PACKED = Path(__file__).parents[2] / "shared" / "models"
"""The real networks: NAME.pkl.xz and NAME.npz. They are not part of the repository."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of what is not on this machine are skipped and say why; `make test` sees to it that CI has everything."""
    missing = {}
    if not PACKED.is_dir():
        missing["shared_models"] = f"the real networks are not in {PACKED}"
    if not client.is_available():
        missing["reference"] = "the reference environment is not installed: run `mgeconvert reference install`"
    for item in items:
        for marker, reason in missing.items():
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def shared_models() -> Path:
    """A folder with the real networks unpacked: NAME.pkl and NAME.npz; unpacked once a machine, into the cache."""
    folder = cache_folder() / "shared-models"
    folder.mkdir(parents=True, exist_ok=True)
    for packed in sorted(PACKED.glob("*.pkl.xz")):
        model = folder / packed.name.removesuffix(".xz")
        recorded = packed.with_name(model.name.replace(".pkl", ".npz"))
        if model.is_file() and model.stat().st_mtime >= packed.stat().st_mtime:
            continue
        shutil.copyfile(recorded, folder / recorded.name)
        partial = model.with_name(f"{model.name}.{os.getpid()}")
        with lzma.open(packed) as source, partial.open("wb") as sink:
            shutil.copyfileobj(source, sink)
        partial.replace(model)
    return folder
