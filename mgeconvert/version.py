"""The version, in one place: setup.cfg, the command line and written files read it here."""

from __future__ import annotations

VERSION = "2.0.0"
