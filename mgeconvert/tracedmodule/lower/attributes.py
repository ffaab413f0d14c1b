"""What the attributes of MegEngine's built-in modules may be, so that a damaged file is told from a bug of ours.

Source: the constructors in ``megengine.module`` (1.6 to 1.13), which assign them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mgeconvert.errors import BadInputError

from ..read.arrays import MgeDType
from ..read.records import ModuleRecord, QParams, QuantDtypeMeta, QuantMode, TensorRecord


def is_whole(value: Any) -> bool:
    """An integer of Python's or numpy's."""
    return type(value) is int or (isinstance(value, int | np.integer) and not isinstance(value, bool))


def _is_number(value: Any) -> bool:
    return is_whole(value) or isinstance(value, float | np.floating)


def _is_sizes(value: Any) -> bool:
    return is_whole(value) or (isinstance(value, tuple | list) and bool(value) and all(map(is_whole, value)))


def _is_pairs(value: Any) -> bool:
    pairs = value if isinstance(value, tuple | list) else ()
    return all(isinstance(pair, tuple | list) and all(map(is_whole, pair)) for pair in pairs) and bool(pairs)


def _none_or(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or check(value)


def _one_of(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds)


KINDS: Mapping[str, Callable[[Any], bool]] = {
    "a number": _is_number,
    "a whole number": is_whole,
    "a whole number or None": _none_or(is_whole),
    "a number or a tuple of numbers": _is_sizes,
    "a number, a tuple of numbers or a tensor": lambda value: _is_sizes(value) or isinstance(value, TensorRecord),
    "pairs of numbers": _is_pairs,
    "True or False": lambda value: isinstance(value, bool | np.bool_) or (is_whole(value) and value in (0, 1)),
    "text": _one_of(str),
    "a tensor": _one_of(TensorRecord),
    "a tensor or None": _none_or(_one_of(TensorRecord)),
    "a module": _one_of(ModuleRecord),
    "a module or None": _none_or(_one_of(ModuleRecord)),
    "a quantized type": _one_of(QuantDtypeMeta),
    "a quantization mode": _one_of(QuantMode),
    "quantization parameters": _one_of(QParams),
    "a type or None": _none_or(_one_of(np.dtype, MgeDType)),
}
"""What an attribute is called in messages -> whether a value is it."""

_NAMES = {
    "a number": "alpha beta eps k negative_slope pad_val scale_limit",
    "a whole number": "embed_dim groups hidden_size num_groups num_heads num_layers upscale_factor",
    "a whole number or None": "axis",
    "a number or a tuple of numbers": """dilation kernel_size normalized_axis normalized_shape output_padding
        output_size padding stride""",
    "a number, a tuple of numbers or a tensor": "oshp",
    "pairs of numbers": "pad_width",
    "True or False": "affine batch_first bidirectional enabled",
    "text": "method mode nonlinear_mode nonlinearity padding_mode",
    "a tensor": """_flatten_weights bias_hh bias_ih io_weight_bias max_val min_val scale step_size weight weight_hh
        weight_ih zero_point""",
    "a tensor or None": "bias running_mean running_var",
    "a module": "bn conv conv_transpose2d linear",
    "a module or None": "act_fake_quant act_observer weight_fake_quant weight_observer",
    "a quantized type": "dtype",
    "quantization parameters": "qparams",
    "a type or None": "output_dtype",
}
EXPECTED = {name: kind for kind, names in _NAMES.items() for name in names.split()}
"""attribute -> what it is."""

_OF_SOME = {
    (".batchnorm.", "weight"): "a tensor or None",
    (".normalization.", "weight"): "a tensor or None",
    (".rnn.LSTM", "bias"): "True or False",
    (".rnn.RNN", "bias"): "True or False",
    (".multiheadattn.", "bias"): "True or False",
    (".fake_quant.LSQ", "eps"): "a tensor",
    ("megengine.quantization.", "mode"): "a quantization mode",
    ("megengine.traced_module.fake_quant.", "mode"): "a quantization mode",
}
"""(part of the class's name, attribute) -> what it is there."""

_LEAST = {
    0: "output_padding padding",
    1: """dilation embed_dim groups hidden_size kernel_size num_groups num_heads num_layers stride upscale_factor""",
}
LEAST = {name: least for least, names in _LEAST.items() for name in names.split()}
"""attribute -> the least number that it, or each of its numbers, may be."""


@functools.lru_cache(1024)
def _expected(qualname: str, name: str) -> str | None:
    """What an attribute of a module of that class is; None where nothing is known of it."""
    found = next((kind for (part, of), kind in _OF_SOME.items() if of == name and part in qualname), None)
    return found or EXPECTED.get(name)


def attribute(record: ModuleRecord, name: str, path: str) -> Any:
    """An attribute of a module of the file; BadInputError, with the module path, for a missing one and for one that the
    module cannot have."""
    if name not in record.attributes:
        raise BadInputError(f"{path}: the {record.qualname} in the file has no attribute {name}")
    value = record.attributes[name]
    expected = _expected(record.qualname, name)
    if expected is not None and not KINDS[expected](value):
        raise BadInputError(f"{path}: is a {type(value).__name__}, expected {expected}")
    least = LEAST.get(name)
    if least is not None and (min(value) if isinstance(value, tuple | list) else value) < least:
        raise BadInputError(f"{path}: is {value}, expected {least} or more")
    return value
