"""What rounds weights and results in a module that is trained to be quantized, as a module of torch.

    MinMaxObserver, FakeQuantize                       MinMaxObserver(low, high)
    ExponentialMovingAverageObserver, FakeQuantize     MovingAverageObserver(low, high)
    PassiveObserver, FakeQuantize                      FakeQuantize(low, high)
    TQT, LSQ                                           TQT(low, high), LSQ(low, high)

Each rounds what it is given to the grid that it keeps, and has the state of the source's own module, under its name
there. Source: megengine/quantization/{observer,fake_quant}.py (MegEngine 1.13).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..tree import Made

Array = np.ndarray[Any, Any]

OBSERVERS = {
    "MinMaxObserver": ("MinMaxObserver", ("min_val", "max_val")),
    "SyncMinMaxObserver": ("MinMaxObserver", ("min_val", "max_val")),
    "ExponentialMovingAverageObserver": (
        "MovingAverageObserver", ("min_val", "max_val", "momentum", "runtime_momentum"),
    ),
    "SyncExponentialMovingAverageObserver": (
        "MovingAverageObserver", ("min_val", "max_val", "momentum", "runtime_momentum"),
    ),
}  # fmt: skip
"""MegEngine's observers: our class and its state."""
LEARNED = {"TQT": ("scale",), "LSQ": ("step_size", "zero_point", "grad_scale", "eps")}
"""MegEngine's fake quantizations whose scale is trained, and their state."""
LIMIT = 1e-5
"""The smallest scale of an observer, unless it says another one."""


@dataclass(frozen=True, slots=True)
class Quantizer:
    """A module of torch: the attribute that it is, the call that makes it, and its state."""

    attribute: str
    made: Made
    state: Mapping[str, Array]


def quantizer(attributes: Mapping[str, Any], what: str) -> Quantizer | None:
    """The quantizer of the ``weight`` or the results (``act``) of a module with these attributes; None where there is
    none, and for one that has no form here (`is_known` tells them apart)."""
    rounding, observer = (_given(attributes, f"{what}_{part}") for part in ("fake_quant", "observer"))
    if rounding is not None and _kind(rounding) in LEARNED:
        if not rounding.attributes.get("enabled", True):
            return None
        return _made(f"{what}_fake_quant", rounding, _kind(rounding), LEARNED[_kind(rounding)], {})
    rounds = rounding is not None and rounding.attributes.get("enabled", True)
    if observer is None or (rounding is not None and _kind(rounding) != "FakeQuantize"):
        return None
    if _kind(observer) == "PassiveObserver" and rounds:
        return _fixed(f"{what}_fake_quant", observer)
    if _kind(observer) not in OBSERVERS:
        return None
    options: dict[str, Any] = {}
    mode, limit = observer.attributes.get("mode"), float(observer.attributes.get("scale_limit", LIMIT))
    if mode is not None and not mode.is_symmetric:
        options["symmetric"] = False
    if limit != LIMIT:
        options["limit"] = limit
    if not rounds:
        options["rounds"] = False
    kind, state = OBSERVERS[_kind(observer)]
    return _made(f"{what}_observer", observer, kind, state, options)


def is_known(attributes: Mapping[str, Any], what: str) -> bool:
    """Whether `quantizer` says all that changes the module's result."""
    rounding = _given(attributes, f"{what}_fake_quant")
    rounds = rounding is not None and rounding.attributes.get("enabled", True)
    return not rounds or quantizer(attributes, what) is not None


def _given(attributes: Mapping[str, Any], name: str) -> Any:
    found = attributes.get(name)
    return found if hasattr(found, "attributes") else None


def _kind(record: Any) -> str:
    return str(record.qualname).rpartition(".")[2]


def _fixed(attribute: str, observer: Any) -> Quantizer | None:
    """A grid that is given; None where it is not that of one scale."""
    said, dtype = observer.attributes.get("qparams"), observer.attributes["dtype"]
    scale, zero = (getattr(getattr(said, name, None), "array", None) for name in ("scale", "zero_point"))
    if scale is None or scale.size != 1 or (zero is not None and zero.size != 1):
        return None
    zero = np.zeros((), np.float32) if zero is None else zero.astype(np.float32).reshape(())
    made = Made("FakeQuantize", ((None, dtype.qmin), (None, dtype.qmax)))
    return Quantizer(attribute, made, {"scale": scale.reshape(()), "zero_point": zero})


def _made(
    attribute: str, record: Any, kind: str, names: tuple[str, ...], options: Mapping[str, Any]
) -> Quantizer | None:
    """None where a part of the state is missing, or is more than one number."""
    tensors = [getattr(record.attributes.get(name), "array", None) for name in names]
    if any(array is None or array.size != 1 for array in tensors):
        return None
    state = {name: array.reshape(()) for name, array in zip(names, tensors, strict=True) if array is not None}
    dtype = record.attributes["dtype"]
    return Quantizer(attribute, Made(kind, ((None, dtype.qmin), (None, dtype.qmax), *options.items())), state)
