"""What formats log reaches the user while a stage is open, and only then."""

from __future__ import annotations

import logging

from mgeconvert_cli.notes import notes

LOG = logging.getLogger("mgeconvert.some_format")


def test_notes_are_said_once_while_open() -> None:
    said: list[str] = []
    with notes(said.append):
        LOG.info("transposes: %d", 2)
        LOG.info("transposes: 2")
        LOG.debug("details")
        LOG.warning("a field is skipped")
    LOG.warning("after")
    assert said == ["transposes: 2", "a field is skipped"]
