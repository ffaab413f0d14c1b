"""A recipe says how a float network is quantized; by name, or as a JSON document.

{"recipe": "int8", "calibration": "percentile", "percentile": 99.99, "keep_float": ["head\\..*"]}
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from mgeconvert.close import meant
from mgeconvert.errors import BadInputError, UsageError
from mgeconvert.files import noted

RECIPES = {
    "int8": "weights and activations int8, with scales observed on data",
    "int8-dynamic": "weights int8, activations int8 with scales computed in each run",
    "int8-weights": "weights int8, computed with in floats",
    "int4-weights": "weights int4, computed with in floats",
    "int16x8": "weights int8, activations int16, with scales observed on data",
    "fp16": "weights and activations float16",
}
CALIBRATIONS = ("minmax", "percentile", "entropy", "mse")
OBSERVING = ("int8", "int16x8")
"""Recipes that observe the range of each activation on data."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """`recipe` is the name of the scheme, `calibration` how a range is chosen from what a value was on the data: all of
    it, `percentile` per cent of it, the range of the smallest divergence or of the smallest squared error.

    `symmetric`: activations have zero point 0. `per_channel`: weights have a scale per output channel. None is what the
    target has: no and yes, for a TracedModule yes and no. `equalize` moves
    scales between layers first, `correct_bias` takes the mean error of each channel out of the bias. Modules whose path
    one of the expressions `keep_float` matches as a whole stay in floats. With `max_error` modules are kept in floats,
    those that lose most first, until the error of every output is at most that: sqrt(sum (q - f)^2 / sum f^2).
    """

    recipe: str = "int8"
    calibration: str = "minmax"
    percentile: float = 99.99
    symmetric: bool | None = None
    per_channel: bool | None = None
    equalize: bool = False
    correct_bias: bool = False
    keep_float: tuple[str, ...] = ()
    max_error: float | None = None

    @property
    def observes(self) -> bool:
        """Whether activations are quantized with observed scales."""
        return self.recipe in OBSERVING

    @property
    def bits(self) -> int:
        """Of an activation's integer."""
        return 16 if self.recipe == "int16x8" else 8

    @property
    def weight_bits(self) -> int:
        """Of a weight's integer."""
        return 4 if self.recipe == "int4-weights" else 8

    def keeps(self, path: str) -> bool:
        """Whether the module of that path stays in floats."""
        return any(re.fullmatch(expression, path) for expression in self.keep_float)

    def changed(self, **given: Any) -> Recipe:
        """With options of the command line in place of those that are not None; UsageError for values of no sense."""
        changes = {name: value for name, value in given.items() if value is not None}
        made = replace(self, **changes)
        problem = _problem(made)
        if problem:
            raise UsageError(*problem)
        return made


def read_recipe(text: str) -> Recipe:
    """The recipe of a name or of a JSON file; UsageError for an unknown name, BadInputError for a bad document."""
    if text in RECIPES:
        return Recipe(text)
    if not text.lower().endswith(".json"):
        raise UsageError(
            f"--recipe {text}: no such recipe{_close(text, RECIPES)}; there are {', '.join(RECIPES)}, or a .json file"
        )
    try:
        document = json.loads(noted(Path(text)).read_text("utf-8"))
    except OSError as error:
        raise BadInputError(f"{text}: {error.strerror or error}") from error
    except ValueError as error:
        raise BadInputError(f"{text}: no JSON document: {error}") from error
    return _of_document(document, text)


def _of_document(document: Any, place: str) -> Recipe:
    if not isinstance(document, dict):
        raise BadInputError(f'{place}: holds no JSON object, expected one such as {{"recipe": "int8"}}')
    known = {field.name: field for field in fields(Recipe)}
    values: dict[str, Any] = {}
    for key, value in document.items():
        if key not in known:
            raise BadInputError(f"{place}: {key}: no such key{_close(key, known)}; there are {', '.join(known)}")
        values[key] = _value(key, value, place)
    made = Recipe(**values)
    problem = _problem(made)
    if problem:
        raise BadInputError(f"{place}: {problem[0]}")
    return made


def _value(key: str, value: Any, place: str) -> Any:
    """A value of the document as the field's type."""
    if key == "keep_float":
        expressions = [value] if isinstance(value, str) else value
        if not isinstance(expressions, list) or not all(isinstance(each, str) for each in expressions):
            raise BadInputError(f"{place}: keep_float: is {value!r}, expected a list of regular expressions")
        return tuple(expressions)
    kinds: dict[str, tuple[type, str]] = {"recipe": (str, "text"), "calibration": (str, "text")}
    kinds |= dict.fromkeys(("percentile", "max_error"), (float, "a number"))
    kind, said = kinds.get(key, (bool, "true or false"))
    if value is None and key in ("symmetric", "per_channel", "max_error"):
        return None
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind):
        raise BadInputError(f"{place}: {key}: is {value!r}, expected {said}")
    return value


def _problem(recipe: Recipe) -> tuple[str] | None:
    """What is wrong with the values of a recipe."""
    if recipe.recipe not in RECIPES:
        return (f"recipe: is {recipe.recipe!r}{_close(recipe.recipe, RECIPES)}, expected one of {', '.join(RECIPES)}",)
    if recipe.calibration not in CALIBRATIONS:
        close = _close(recipe.calibration, CALIBRATIONS)
        return (f"calibration: is {recipe.calibration!r}{close}, expected one of {', '.join(CALIBRATIONS)}",)
    if not 50 < recipe.percentile <= 100:
        return (f"percentile: is {recipe.percentile:g}, expected more than 50 and at most 100",)
    if recipe.max_error is not None and not (recipe.max_error > 0 and math.isfinite(recipe.max_error)):
        return (f"max_error: is {recipe.max_error:g}, expected a positive number",)
    return next((problem for each in recipe.keep_float if (problem := _of_expression(each))), None)


def _of_expression(expression: str) -> tuple[str] | None:
    try:
        re.compile(expression)
    except re.error as error:
        return (f"keep_float: {expression!r} is no regular expression: {error}",)
    return None


def _close(name: str, known: Any) -> str:
    found = meant(name, known)
    return f" ({found})" if found else ""
