"""The errors mgeconvert raises, one tree:

    MgeconvertError                exit code 1
    |-- UsageError                 exit code 2: wrong options or arguments
    |-- BadInputError              exit code 3: the file is not what it should be
    |   `-- UnsafePickleError          a pickle that names something outside the allow list
    |-- ConversionError            exit code 1: the model cannot be converted
    |   `-- UnsupportedError           ... because of operators; carries every Problem at once
    |-- GraphError                 exit code 1: an IR graph breaks an invariant (a bug in a stage)
    |-- VerificationError          exit code 1: the written file computes something else
    |-- MissingDependencyError     exit code 1: an optional runtime or environment is not installed
    `-- ReferenceEnvironmentError  exit code 1: the real framework could not do what was asked

A message names the place first, then the fact, then what was expected; `hint` is a real command or option.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn


@dataclass(frozen=True, slots=True)
class Problem:
    """One operator that cannot be converted.

    `scope` is the module path (``layer1.0.conv1``), `op` the operator's name in its own format, `reason` a
    sentence that a user of the model understands.
    """

    scope: str
    op: str
    reason: str

    def __str__(self) -> str:
        return f"{self.scope}: {self.op}: {self.reason}"


class MgeconvertError(Exception):
    """Base of all errors; `hint` is what the user can do about it."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(MgeconvertError):
    """Wrong options or arguments."""

    exit_code = 2


class BadInputError(MgeconvertError):
    """The input file is damaged, of another kind, or unsafe."""

    exit_code = 3


class UnsafePickleError(BadInputError):
    """A pickle names a class or function outside the allow list; nothing of it was imported or called."""


class ConversionError(MgeconvertError):
    """The model cannot be converted."""


class UnsupportedError(ConversionError):
    """Operators that cannot be converted, all of them at once."""

    def __init__(self, action: str, problems: Sequence[Problem], *, hint: str | None = None) -> None:
        self.problems = tuple(problems)
        noun = "operator" if len(self.problems) == 1 else "operators"
        lines = [f"cannot {action}: {len(self.problems)} {noun} not supported"]
        lines += [f"  {problem}" for problem in self.problems]
        super().__init__("\n".join(lines), hint=hint)


class GraphError(MgeconvertError):
    """A graph that breaks an invariant of the IR."""


class VerificationError(MgeconvertError):
    """The written model computes something else than the source."""


class MissingDependencyError(MgeconvertError):
    """An optional runtime or the reference environment is not installed."""


class ReferenceEnvironmentError(MgeconvertError):
    """The real framework could not do what was asked; `trace` is its own traceback, empty where there is none."""

    def __init__(self, message: str, *, trace: str = "", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.trace = trace


class RefusedError(Exception):
    """Raised through `refuse` while one operator is handled; the driver turns it into a `Problem`, no user sees it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def refuse(reason: str) -> NoReturn:
    """Decline the operator at hand, in any lowering or emission; `reason` is a sentence that a user understands."""
    raise RefusedError(reason)


NONSENSE = (IndexError, KeyError, OverflowError, ValueError, ZeroDivisionError)
"""What a lowering raises where an operator of a file has parameters or arguments that its framework never gives it:

    IndexError         an axis, or a position among arguments, that is not there
    KeyError           a mode, format or type by a name that no table has
    OverflowError      a number beyond what numpy or an attribute holds
    ValueError         shapes that do not fit one another, values that do not unpack, an infinity as a size
    ZeroDivisionError  a stride, group or number of parts that is 0

Only what is raised while one operator of a file is lowered is caught, and its text is part of the message. The types of
parameters are checked before: a TypeError or an AttributeError is a bug of ours, as is every other error of these kinds
(a FloatingPointError, an unknown codec, an assertion)."""
