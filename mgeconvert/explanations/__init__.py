"""What a message means, by its code: MGE301.

The texts stand in tables, one file a chapter; `messages.json` says which messages are of which kind and is collected
from the source (``python -m tests.explanations``). Nothing of this is imported before there is an error to explain.
"""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from ..errors import BadInputError, MgeconvertError, UnsupportedError
from .kind import PREFIX, Kind

CHAPTERS = ("usage", "files", "inputs", "operators", "families", "edits", "results", "environments")
HOLE = "{}"
MESSAGES = Path(__file__).with_name("messages.json")
OPERATORS, VERIFICATION, INTERNAL, ENDED = 400, 601, 901, 903
LEAST = 4
"""Letters that a message has in common with a template at least: what is filled in may hold short words by chance."""
BY_CLASS = {
    "VerificationError": VERIFICATION,
    "NoSuchOption": 101,
    "NoArgsIsHelpError": 101,
    "MissingParameter": 101,
    "BadOptionUsage": 101,
    "UsageError": 101,
    "BadParameter": 102,
    "BadArgumentUsage": 102,
    "BadInputError": 301,
    "UnsafePickleError": 302,
    "ConversionError": OPERATORS,
    "GraphError": 902,
    "MissingDependencyError": 701,
    "ReferenceEnvironmentError": 704,
    "FileNotFoundError": 201,
    "OSError": 205,
    "MemoryError": 802,
    "KeyboardInterrupt": ENDED,
    "Abort": ENDED,
    "Terminated": ENDED,
    "BaseException": INTERNAL,
}
"""The kind of a message that is made of another program's words only, by the class of the error or of its base."""

CAUSES = {"FileNotFoundError": 201, "OSError": 202, "EvaluationError": 319, "InferenceError": 319}
"""The kind of a bad input that says what another error said, by the class of that."""


@functools.cache
def kinds() -> dict[str, Kind]:
    """Every kind by its code, in the order of the codes."""
    tables = [import_module(f"{__name__}.{chapter}").KINDS for chapter in CHAPTERS]
    return {kind.code: kind for kind in sorted(itertools.chain(*tables), key=lambda kind: kind.number)}


@functools.cache
def messages() -> dict[str, list[str]]:
    """Code -> the messages of that kind; `{}` stands for what is filled in."""
    content: dict[str, list[str]] = json.loads(MESSAGES.read_text(encoding="utf-8"))
    return content


def code_of(message: str) -> str | None:
    """The code of a message: of the longest template that it has all words of, in their order."""
    found = ((score, code) for code, templates in messages().items() for score in _scores(templates, message))
    (letters, _), code = max(found, default=((0, 0), None), key=lambda each: each[0])
    return code if letters >= LEAST else None


def _scores(templates: list[str], message: str) -> Iterator[tuple[int, int]]:
    """How many letters, and how much in all, each template that fits has in common with the message."""
    for template in templates:
        at = 0
        for words in template.split(HOLE):
            at = message.find(words, at)
            if at < 0:
                break
            at += len(words)
        else:
            yield sum(map(str.isalpha, template)), len(template)


def code_of_error(error: BaseException) -> str:
    """The code of an error; each problem of an UnsupportedError has one of its own, by its reason."""
    if isinstance(error, UnsupportedError):
        return f"{PREFIX}{OPERATORS}"
    code = code_of(error.message) if isinstance(error, MgeconvertError) else None
    if code is None and isinstance(error, BadInputError):
        causes = (base.__name__ for base in type(error.__cause__).__mro__)
        number = next((CAUSES[name] for name in causes if name in CAUSES), None)
        code = None if number is None else f"{PREFIX}{number}"
    return code or by_class(type(error))


def by_class(of: type[BaseException]) -> str:
    """The code of an error whose message is in no table."""
    return next(f"{PREFIX}{BY_CLASS[base.__name__]}" for base in of.__mro__ if base.__name__ in BY_CLASS)
