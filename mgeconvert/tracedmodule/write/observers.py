"""Observers and fake quantizers of a module of quantization-aware training: a grid that is known, and rounding to it.

The observer is a PassiveObserver, which keeps the scale that it is given, to the last bit; training changes it no more
than it does after MegEngine's own `apply_easy_quant`. Source: megengine/quantization/{observer,fake_quant,utils}.py
(MegEngine 1.13).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .objects import module_base, tensor
from .pickler import Instance, Name

QUANTIZATION = "megengine.quantization."
_META = Name("megengine.core.tensor.dtype", "QuantDtypeMeta")
DTYPES = {
    True: Instance(_META, None, ("qint8", "QuantizedS8", "int8", -128, 127, False)),
    False: Instance(_META, None, ("quint8", "Quantized8Asymm", "uint8", 0, 255, True)),
}
"""MegEngine's built-in dtype of symmetric and of asymmetric grids: one object, because fake quantizers ask for that."""


def observer(symmetric: bool, scale: float, zero_point: int, path: str) -> Instance:
    """A PassiveObserver of number = scale (q - zero_point), with q an int8 and no zero point, or an uint8."""
    mode = Instance(Name(QUANTIZATION + "utils", "QuantMode"), None, (1 if symmetric else 2,))
    known: dict[str, Any] = {"mode": mode, "dtype_meta": DTYPES[symmetric], "scale": _number(scale)}
    known["zero_point"] = None if symmetric else _number(zero_point)
    qparams = Instance(Name(QUANTIZATION + "utils", "QParams"), (None, known))
    state = {**_state(symmetric, path), "qparams": qparams, "orig_scale": np.array([scale], np.float32)}
    return Instance(Name(QUANTIZATION + "observer", "PassiveObserver"), state)


def fake_quantizer(symmetric: bool, path: str) -> Instance:
    """A FakeQuantize, which rounds to the grid of the observer beside it."""
    return Instance(Name(QUANTIZATION + "fake_quant", "FakeQuantize"), _state(symmetric, path))


def _state(symmetric: bool, path: str) -> dict[str, Any]:
    dtype = DTYPES[symmetric]
    _, _, _, low, high, _ = dtype.arguments
    return {**module_base(False, path, ["dtype"]), "dtype": dtype, "qmin": low, "qmax": high, "enabled": True}


def _number(value: float) -> Instance:
    return tensor(np.array([value], np.float32), trained=False)
