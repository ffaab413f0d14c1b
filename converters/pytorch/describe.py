"""What a written network says of itself, read from the header of its weights."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.errors import BadInputError
from mgeconvert.files import check_pair
from mgeconvert.ir import Value
from mgeconvert.registry import Description

from .write.safetensors import metadata
from .write.save import FINGERPRINT, KEY


def describe(path: Path) -> Description:
    """Inputs and outputs; BadInputError where the weights are not beside the file or not ours. Nothing is executed."""
    weights = path.with_suffix(".safetensors")
    try:
        header = metadata(weights)
        check_pair(path, _expected(path), weights, header.get(FINGERPRINT, ""), "load(PATH) of the source takes any")
        about = json.loads(header.get(KEY, '{"inputs": {}, "outputs": {}}'))
        return Description(_values(about["inputs"]), _values(about["outputs"]), "mgeconvert")
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise BadInputError(f"{weights}: its description of inputs and outputs is damaged") from error


def _expected(path: Path) -> str:
    """The fingerprint in the source; empty where it has none."""
    source = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    mark = re.search(r'^_WEIGHTS = "([0-9a-f]{16})"$', source, re.MULTILINE)
    return mark[1] if mark else ""


def _values(types: Mapping[str, Any]) -> dict[str, Value]:
    return {
        name: Value(name, None if dtype is None else np.dtype(dtype), None if shape is None else tuple(shape))
        for name, (dtype, shape) in types.items()
    }
