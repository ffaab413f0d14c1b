"""What a written file says of itself."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np

from mgeconvert.errors import BadInputError
from mgeconvert.ir import Value
from mgeconvert.registry import Description


def describe(path: Path) -> Description:
    """Inputs, outputs and calls; BadInputError for a file that is no program."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            program = json.loads(str(archive["program.json"]))
    except (OSError, ValueError, KeyError) as error:
        raise BadInputError(f"{path}: no numpy program: {error}") from error
    inputs, outputs = (
        {name: Value(name, np.dtype(dtype), tuple(shape)) for name, (_, dtype, shape) in program[ends].items()}
        for ends in ("inputs", "outputs")
    )
    return Description(inputs, outputs, operators=Counter(call["function"] for call in program["calls"]))
