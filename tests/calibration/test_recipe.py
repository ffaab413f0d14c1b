"""Recipes by name and as documents; every mistake in one is said with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mgeconvert.calibration.recipe import Recipe, read_recipe
from mgeconvert.errors import BadInputError, UsageError


def test_names_and_documents(tmp_path: Path) -> None:
    assert read_recipe("int8") == Recipe()
    path = tmp_path / "r.json"
    path.write_text(json.dumps({"recipe": "int16x8", "percentile": 99, "keep_float": "head", "equalize": True}))
    assert read_recipe(str(path)) == Recipe("int16x8", percentile=99.0, keep_float=("head",), equalize=True)


BAD: dict[str, tuple[Any, str]] = {
    "no object": ([], 'holds no JSON object, expected one such as {"recipe": "int8"}'),
    "unknown key": ({"calibraton": "mse"}, "calibraton: no such key (did you mean calibration?); there are recipe, "),
    "unknown recipe": (
        {"recipe": "int-8"},
        "recipe: is 'int-8' (did you mean int8 or int16x8?), expected one of int8,",
    ),
    "unknown calibration": ({"calibration": "minmx"}, "calibration: is 'minmx' (did you mean minmax?), expected one"),
    "number for text": ({"recipe": 8}, "recipe: is 8, expected text"),
    "text for a switch": ({"equalize": "yes"}, "equalize: is 'yes', expected true or false"),
    "switch for a number": ({"max_error": True}, "max_error: is True, expected a number"),
    "number for a list": ({"keep_float": [1]}, "keep_float: is [1], expected a list of regular expressions"),
    "an expression that is none": ({"keep_float": ["("]}, "keep_float: '(' is no regular expression: "),
    "percentile": ({"percentile": 101}, "percentile: is 101, expected more than 50 and at most 100"),
    "error": ({"max_error": -1}, "max_error: is -1, expected a positive number"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_documents(name: str, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps(BAD[name][0]))
    with pytest.raises(BadInputError) as caught:
        read_recipe(str(path))
    assert caught.value.message.startswith(f"{path}: {BAD[name][1]}")


def test_what_is_no_document(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text("{")
    with pytest.raises(BadInputError, match="no JSON document"):
        read_recipe(str(path))
    with pytest.raises(BadInputError, match="No such file"):
        read_recipe(str(tmp_path / "gone.json"))
    with pytest.raises(UsageError, match=r"--recipe int9: no such recipe \(did you mean int8\?\); there are int8, "):
        read_recipe("int9")
