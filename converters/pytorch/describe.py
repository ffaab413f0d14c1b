"""What a written network says of itself, read from the header of its weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.ir import Value
from mgeconvert.registry import Description

from .write.safetensors import metadata
from .write.save import KEY


def describe(path: Path) -> Description:
    """Inputs and outputs; BadInputError where the weights are not beside the file or not ours. Nothing is executed."""
    about = json.loads(metadata(path.with_suffix(".safetensors")).get(KEY, '{"inputs": {}, "outputs": {}}'))
    return Description(_values(about["inputs"]), _values(about["outputs"]), "mgeconvert")


def _values(types: Mapping[str, Any]) -> dict[str, Value]:
    return {
        name: Value(name, None if dtype is None else np.dtype(dtype), None if shape is None else tuple(shape))
        for name, (dtype, shape) in types.items()
    }
