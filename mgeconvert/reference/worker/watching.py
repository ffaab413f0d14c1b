"""Watches what a trace cannot hold: numbers that user code takes out of tensors, branches on them, random operators."""

from __future__ import annotations

import linecache
import os
import sys

import megengine as mge
from megengine.core.tensor.array_method import ArrayMethodMixin

from .reporting import NOT_THE_USERS

TAKEN = "its value is taken out of the tensor"
BRANCH = "a branch on a tensor"
RANDOM = "random"
WAYS = {
    "__bool__": (BRANCH, "bool()"),
    "__int__": (TAKEN, "int()"),
    "__index__": (TAKEN, "int()"),
    "__float__": (TAKEN, "float()"),
    "__complex__": (TAKEN, "complex()"),
    "__array__": (TAKEN, "numpy.asarray()"),
    "tolist": (TAKEN, ".tolist()"),
    "item": (TAKEN, ".item()"),
}
"""The methods of a tensor that end in `numpy`, the outermost of those that were called first."""
GENERATORS = os.path.join("megengine", "random", "rng.py")


class Place:
    """A line of user code: `kind` says what it does there, `how` with what (``.item()``, ``dropout``), `values` are the
    bytes of what was taken there, in order."""

    def __init__(self, kind, how, frame):
        self.kind, self.how = kind, how
        self.file, self.line = frame.f_code.co_filename, frame.f_lineno
        self.values = []

    @property
    def key(self):
        return self.kind, self.how, self.file, self.line

    def text(self):
        """``mynet.py:20: .item(): x * float(x.mean().item())``."""
        code = linecache.getline(self.file, self.line).strip()
        return "%s:%d: %s: %s" % (os.path.relpath(self.file), self.line, self.how, code)


def watched(function, *args, **kwargs):
    """The function's result, and its places by key, in the order in which they were come to."""
    places = {}
    codes = {getattr(ArrayMethodMixin, name).__code__: how for name, how in WAYS.items()}
    numpy_code = mge.Tensor.numpy.__code__

    def note(kind, how, frame):
        place = Place(kind, how, frame)
        return places.setdefault(place.key, place)

    def profile(frame, event, _):
        if event != "call":
            return
        code = frame.f_code
        if code is numpy_code:
            how, outer = (TAKEN, ".numpy()"), frame.f_back
            while outer is not None and outer.f_code in codes:
                how, outer = codes[outer.f_code], outer.f_back
            if is_users(outer):
                note(*how, outer).values.append(frame.f_locals["self"].numpy().tobytes())
        elif (code.co_filename.endswith(GENERATORS) and "self" in frame.f_locals) or is_dropout(frame):
            note(RANDOM, code.co_name, users(frame) or frame)

    sys.setprofile(profile)
    try:
        return function(*args, **kwargs), places
    finally:
        sys.setprofile(None)


def is_dropout(frame):
    """Whether the frame is that of a dropout which drops something."""
    given = frame.f_locals
    return frame.f_code is mge.functional.nn.dropout.__code__ and given["training"] and given["drop_prob"] != 0


def is_users(frame):
    return frame is not None and not frame.f_code.co_filename.startswith(NOT_THE_USERS)


def users(frame):
    """The innermost frame of user code around this one."""
    while frame is not None and not is_users(frame):
        frame = frame.f_back
    return frame
