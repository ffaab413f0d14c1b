"""Functions of one blob with a corner or a jump, made of ReLU and of a TanH that is steep; truth is 1, falsehood 0."""

from __future__ import annotations

import math

from .net import Blob, Net

STEEP = 1e30
"""tanh(STEEP * x) is exactly the sign of x for 0 and for every |x| > 1e-29."""


def relu(net: Net, x: Blob) -> Blob:
    return net.layer("ReLU", x)


def sign(net: Net, x: Blob) -> Blob:
    return net.layer("TanH", net.power(x, scale=STEEP))


def step(net: Net, x: Blob) -> Blob:
    """1 where x > 0, else 0."""
    return relu(net, sign(net, x))


def clamp(net: Net, x: Blob, low: float, high: float) -> Blob:
    """min(max(x, low), high) by two ReLUs; exact for huge x too, which relu(x) - relu(x - high) is not."""
    if low > high:
        low = high
    y = net.power(relu(net, net.power(x, shift=-low)), shift=low if math.isinf(high) else 0.0) if low > -math.inf else x
    if math.isinf(high):
        return y
    shift = high - low if low > -math.inf else high
    return net.power(relu(net, net.power(y, scale=-1.0, shift=shift)), scale=-1.0, shift=high)


def complement(net: Net, x: Blob) -> Blob:
    """1 - x."""
    return net.power(x, scale=-1.0, shift=1.0)
