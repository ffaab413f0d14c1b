"""What the attributes of MegEngine's built-in modules may be, so that a damaged file is told from a bug of ours.

Source: the constructors in ``megengine.module`` (1.6 to 1.13), which assign them.
"""

from __future__ import annotations

from typing import Any

from mgeconvert.errors import BadInputError

from ..read.records import ModuleRecord, TensorRecord

_SIZES = "a number or a tuple of numbers"
_TENSOR = "a tensor or None"
_NO_NUMBER = (str, bytes, float, dict, list, tuple)
EXPECTED = {
    "bias": _TENSOR,
    "dilation": _SIZES,
    "groups": "a number",
    "kernel_size": _SIZES,
    "output_padding": _SIZES,
    "padding": _SIZES,
    "padding_mode": "text",
    "running_mean": _TENSOR,
    "running_var": _TENSOR,
    "stride": _SIZES,
    "weight": _TENSOR,
}


def attribute(record: ModuleRecord, name: str, path: str) -> Any:
    """An attribute of a module of the file; BadInputError, with the module path, for a missing one and for one that the
    module cannot have."""
    if name not in record.attributes:
        raise BadInputError(f"{path}: the {record.qualname} in the file has no attribute {name}")
    value = record.attributes[name]
    expected = EXPECTED.get(name)
    needs_weight = name == "weight" and any(part in record.qualname for part in (".conv.", ".linear."))
    if expected is not None and (not _is(value, expected) or (needs_weight and value is None)):
        raise BadInputError(f"{path}: is a {type(value).__name__}, expected {expected}")
    return value


def _is(value: Any, expected: str) -> bool:
    if expected == _TENSOR:
        return value is None or isinstance(value, TensorRecord | bool)  # recurrent modules say whether they have one
    if expected == "text":
        return isinstance(value, str)
    sizes = value if expected == _SIZES and isinstance(value, tuple | list) else (value,)
    return bool(sizes) and not any(size is None or isinstance(size, _NO_NUMBER) for size in sizes)
