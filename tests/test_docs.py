"""The documents do not lie: links lead somewhere, commands and make targets exist."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from mgeconvert_cli.main import application

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
IDS = [str(path.relative_to(ROOT)) for path in DOCUMENTS]


@pytest.mark.parametrize("path", DOCUMENTS, ids=IDS)
def test_links_lead_to_files(path: Path) -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)", path.read_text()) if "://" not in link]
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=IDS)
def test_commands_exist(path: Path) -> None:
    context = click.Context(application)
    commands = set(re.findall(r"(?:^    |`)mgeconvert ([a-z][a-z-]*)(?![\w.])", path.read_text(), re.MULTILINE))
    assert [name for name in sorted(commands) if application.get_command(context, name) is None] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=IDS)
def test_make_targets_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^    |`)make ([a-z-]+)", path.read_text(), re.MULTILINE)) <= targets


def test_index_names_every_document() -> None:
    text = (ROOT / "docs" / "index.md").read_text()
    assert [path.name for path in DOCUMENTS[1:] if path.name != "index.md" and f"({path.name})" not in text] == []
