"""Functions of one blob, element by element."""

from __future__ import annotations

import math

import numpy as np

from mgeconvert.errors import refuse

from ..error_function import erfc_of_absolute
from ..net import Blob, Net, is_number
from ..table import Operand, emit
from ..thresholds import clamp, sign, step
from .arithmetic import maximum, minimum


@emit("Clip")
def clip(net: Net, x: Blob, low: Operand | None = None, high: Operand | None = None) -> Blob:
    if isinstance(low, Blob) or isinstance(high, Blob):
        x = x if low is None else maximum(net, x, low)
        return x if high is None else minimum(net, x, high)
    return clamp(net, x, _bound(low, -math.inf), _bound(high, math.inf))


def _bound(value: np.ndarray | None, default: float) -> float:
    """A limit; that of the type itself is none at all."""
    if value is None:
        return default
    limit = float(value.reshape(()))
    return default if abs(limit) >= float(np.finfo(np.float32).max) else limit


@emit("Erf", note="by a rational approximation with the error of float32 rounding")
def erf(net: Net, x: Blob) -> Blob:
    magnitude = net.power(erfc_of_absolute(net, net.layer("AbsVal", x)), scale=-1.0, shift=1.0)
    return net.eltwise("PROD", sign(net, x), magnitude)


@emit("Identity")
def identity(net: Net, x: Blob) -> Blob:
    return x


@emit("CastLike")
def cast_like(net: Net, x: Blob, like: Operand, *, saturate: int = 1, in_dtype: np.dtype, dtype: np.dtype) -> Blob:
    return cast(net, x, to=0, in_dtype=in_dtype, dtype=dtype)


@emit("Cast")
def cast(net: Net, x: Blob, *, to: int, saturate: int = 1, in_dtype: np.dtype, dtype: np.dtype) -> Blob:
    if dtype == np.bool_:
        return step(net, net.layer("AbsVal", x))
    if in_dtype.kind == "f" and dtype.kind in "iu":
        refuse("Caffe has no layer that rounds, so a real number cannot become an integer")
    if dtype.kind == "O":
        refuse("a Caffe blob holds real numbers, not strings")
    if not is_number(dtype) and dtype != in_dtype:
        refuse(f"Caffe has no layer that rounds, so nothing can become {dtype}")
    return x


@emit("Sinh")
def sinh(net: Net, x: Blob) -> Blob:
    return net.eltwise("SUM", net.layer("Exp", x), net.layer("Exp", x, scale=-1.0), coeff=(0.5, -0.5))


@emit("Cosh")
def cosh(net: Net, x: Blob) -> Blob:
    return net.eltwise("SUM", net.layer("Exp", x), net.layer("Exp", x, scale=-1.0), coeff=(0.5, 0.5))


def log_with_root(net: Net, x: Blob, shift: float) -> Blob:
    """log(x + sqrt(x * x + shift))."""
    root = net.power(net.eltwise("PROD", x, x), power=0.5, shift=shift)
    return net.layer("Log", net.eltwise("SUM", x, root))


@emit("Asinh")
def asinh(net: Net, x: Blob) -> Blob:
    return net.eltwise("PROD", sign(net, x), log_with_root(net, net.layer("AbsVal", x), 1.0))


@emit("Acosh")
def acosh(net: Net, x: Blob) -> Blob:
    return log_with_root(net, x, -1.0)


@emit("Atanh")
def atanh(net: Net, x: Blob) -> Blob:
    # with Power layers, because OpenCV ignores the scale and shift of a Log
    above, below = (net.layer("Log", net.power(x, scale=scale, shift=1.0)) for scale in (1.0, -1.0))
    return net.eltwise("SUM", above, below, coeff=(0.5, -0.5))


@emit("Sign")
def sign_(net: Net, x: Blob) -> Blob:
    return sign(net, x)


@emit("Neg")
def negate(net: Net, x: Blob) -> Blob:
    return net.power(x, scale=-1.0)


@emit("Abs")
def absolute(net: Net, x: Blob) -> Blob:
    return net.layer("AbsVal", x)


@emit("Sqrt")
def sqrt(net: Net, x: Blob) -> Blob:
    return net.power(x, power=0.5)


@emit("Reciprocal")
def reciprocal(net: Net, x: Blob) -> Blob:
    return net.power(x, power=-1.0)


@emit("Exp")
def exp(net: Net, x: Blob) -> Blob:
    return net.layer("Exp", x)


@emit("Log")
def log(net: Net, x: Blob) -> Blob:
    return net.layer("Log", x)
