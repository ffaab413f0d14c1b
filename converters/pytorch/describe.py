"""What a written network says of itself, read from the header of its weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.errors import BadInputError
from mgeconvert.ir import Value
from mgeconvert.registry import Description

from .write.safetensors import metadata
from .write.save import KEY


def describe(path: Path) -> Description:
    """Inputs and outputs; BadInputError where the weights are not beside the file or not ours. Nothing is executed."""
    weights = path.with_suffix(".safetensors")
    try:
        about = json.loads(metadata(weights).get(KEY, '{"inputs": {}, "outputs": {}}'))
        return Description(_values(about["inputs"]), _values(about["outputs"]), "mgeconvert")
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise BadInputError(f"{weights}: its description of inputs and outputs is damaged") from error


def _values(types: Mapping[str, Any]) -> dict[str, Value]:
    return {
        name: Value(name, None if dtype is None else np.dtype(dtype), None if shape is None else tuple(shape))
        for name, (dtype, shape) in types.items()
    }
