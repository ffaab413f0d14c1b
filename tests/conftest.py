"""Fixtures that every test may use."""

from __future__ import annotations

import lzma
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

NOTES = os.environ.get("MGECONVERT_REACHED")
"""A folder for notes on which errors the tests reach; see tests/reached."""
if NOTES:
    from tests.reached import instrument

    instrument.install()

from mgeconvert.reference.environment import cache_folder, environment  # noqa: E402  noted from its first import on
from tests.harness import browser  # noqa: E402

PACKED = Path(__file__).parents[2] / "shared" / "models"
"""The real networks: NAME.pkl.xz and NAME.npz. They are not part of the repository."""


def pytest_configure(config: pytest.Config) -> None:
    """Each process of a noted run leaves what it has reached, and by which test."""
    if NOTES:
        from tests.reached.contexts import Contexts

        config.pluginmanager.register(Contexts(Path(NOTES)))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of what is not on this machine are skipped and say why; `make test` sees to it that CI has everything."""
    for item in items:
        for reason in _missing(item):
            item.add_marker(pytest.mark.skip(reason=reason))


def _missing(item: pytest.Item) -> Iterator[str]:
    """Why the test cannot run here. `@pytest.mark.reference` asks for MegEngine, ``reference("caffe")`` for another."""
    if item.get_closest_marker("shared_models") and not PACKED.is_dir():
        yield f"the real networks are not in {PACKED}"
    if item.get_closest_marker("browser") and not browser.PROGRAM:
        yield f"no browser is installed: {', '.join(browser.NAMES)}"
    for marker in item.iter_markers("reference"):
        name = marker.args[0] if marker.args else "megengine"
        if not environment(name).is_installed:
            yield f"the reference environment is not installed: run `mgeconvert reference install {name}`"


@pytest.fixture(scope="session")
def shared_models() -> Path:
    """A folder with the real networks unpacked: NAME.pkl and NAME.npz."""
    return unpacked_models()


def unpacked_models() -> Path:
    """That folder; unpacked once a machine, into the cache."""
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
