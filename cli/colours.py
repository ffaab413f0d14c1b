"""Verdicts in colours, on a terminal that shows them; NO_COLOR and TERM=dumb switch them off."""

from __future__ import annotations

import os

import click

GOOD, BAD, OPEN = "green", "red", "yellow"
"""Compared and equal; failed; not decided."""


def coloured(text: str, colour: str) -> str:
    """The text in a colour; `click.echo` takes that away again where the stream is no terminal."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return click.style(text, fg=colour)
