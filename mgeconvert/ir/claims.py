"""Where a handler was claimed, for handlers that a row of data makes: many of them are one function.

A row such as ``upgrade("Relu", since=6)(without_attributes("consumed_inputs"))`` is the place that a reader looks for,
not the function that makes its rule.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

H = TypeVar("H", bound=Callable[..., Any])
_ATTRIBUTE = "__claim__"


@dataclass(frozen=True, slots=True)
class Claim:
    """A line of a file, an absolute path, and the module that it belongs to."""

    module: str
    file: str
    line: int


def here(callers: int = 1) -> Claim:
    """The line that calls the function that calls `here`; `callers` says how many calls further out."""
    frame = sys._getframe(callers + 1)
    return Claim(frame.f_globals["__name__"], frame.f_code.co_filename, frame.f_lineno)


def claimed_at(claim: Claim, handler: H) -> H:
    """The handler itself where it is written in the module that claims it, as under a decorator; else a stand-in that
    computes the same and knows the line of its claim."""
    if handler.__module__ == claim.module:
        return handler

    @functools.wraps(handler)
    def stand_in(*args: Any, **kwargs: Any) -> Any:
        return handler(*args, **kwargs)

    setattr(stand_in, _ATTRIBUTE, claim)
    return stand_in  # type: ignore[return-value]


def claim_of(handler: Callable[..., Any]) -> Claim:
    """Where a handler was claimed as a row, else where its function is written."""
    claim = getattr(handler, _ATTRIBUTE, None)
    if isinstance(claim, Claim):
        return claim
    function = inspect.unwrap(handler)
    code = function.__code__
    return Claim(function.__module__, code.co_filename, code.co_firstlineno)
