"""The documents do not lie: links lead somewhere, commands and make targets exist."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from mgeconvert_cli.main import application
from tests.documents.pages import CHINESE, ROOT, documents

DOCUMENTS = documents()
IDS = [str(path.relative_to(ROOT)) for path in DOCUMENTS]


@pytest.mark.parametrize("path", DOCUMENTS, ids=IDS)
def test_links_lead_to_files(path: Path) -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)", path.read_text()) if "://" not in link]
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=IDS)
def test_commands_exist(path: Path) -> None:
    context = click.Context(application)
    commands = set(re.findall(r"(?:^    |`)mgeconvert ([a-z][a-z-]*)(?![\w.])", path.read_text(), re.MULTILINE))
    assert [name for name in sorted(commands - {"help"}) if application.get_command(context, name) is None] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=IDS)
def test_make_targets_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^    |`)make ([a-z-]+)", path.read_text(), re.MULTILINE)) <= targets


@pytest.mark.parametrize("index", [ROOT / "docs" / "index.md", CHINESE / "index.md"], ids=["English", "Chinese"])
def test_index_names_every_document(index: Path) -> None:
    named = {(index.parent / link).resolve() for link in re.findall(r"\]\(([^)#]+)", index.read_text())}
    pages = set(index.parent.rglob("*.md")) - {index}
    assert {page for page in pages if CHINESE not in page.parents or CHINESE in index.parents} <= named
