"""Exceptions as data."""

from __future__ import annotations

import os
import sysconfig
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
NOT_THE_USERS = (HERE, "<", *sysconfig.get_paths().values())
"""How the names of files begin that are not the user's own: this package, Python's library, what is installed."""


def describe(error):
    """An exception as data: its kind, its message without C++ frames, the Python frames outside this package."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(HERE)]
    message = str(error).split("backtrace:")[0].strip()
    return {
        "kind": type(error).__name__,
        "message": message,
        "trace": "".join(traceback.format_list(frames)),
        "user": "".join(traceback.format_list(user_frames(error))),
        "hint": getattr(error, "hint", None),
    }


def user_frames(error):
    """The frames of the user's own code."""
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if not frame.filename.startswith(NOT_THE_USERS)]
