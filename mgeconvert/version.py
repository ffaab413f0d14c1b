"""The version, in one place: setup.cfg, the command line and written files read it here."""

from __future__ import annotations

NAME = "mgeconvert"
"""What written files say of who wrote them, before the version."""
VERSION = "2.0.0"
