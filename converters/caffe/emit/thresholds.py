"""Functions of one blob with a corner or a jump, made of ReLU and of a TanH that is steep; truth is 1, falsehood 0."""

from __future__ import annotations

import math

from .broadcasting import filled
from .net import Blob, Net

STEEP = 1e30
"""tanh(STEEP * x) is exactly the sign of x for 0 and for every |x| > 1e-29."""


LARGE = 16.0
"""A sum with a larger number loses more digits of a number near 1 than float32 arithmetic does anyway."""


def relu(net: Net, x: Blob) -> Blob:
    return net.layer("ReLU", x)


def sign(net: Net, x: Blob) -> Blob:
    return net.layer("TanH", net.power(x, scale=STEEP))


def step(net: Net, x: Blob) -> Blob:
    """1 where x > 0, else 0."""
    return relu(net, sign(net, x))


def step_of_difference(net: Net, difference: Blob) -> Blob:
    """1 where a difference is positive, else 0, also for that of two equal infinities, which is NaN: Eltwise MAX gives
    its second bottom where the first is NaN."""
    return sign(net, net.eltwise("MAX", difference, filled(net, difference, 0.0)))


def clamp(net: Net, x: Blob, low: float, high: float) -> Blob:
    """min(max(x, low), high) by two ReLUs; exact for huge x too, which relu(x) - relu(x - high) is not.

    Limits that are large themselves stand in layers of their own: x - low would lose digits of x.
    """
    low = min(low, high)
    if any(LARGE < abs(limit) < math.inf for limit in (low, high)) or low == math.inf or high == -math.inf:
        y = x if low == -math.inf else net.eltwise("MAX", x, filled(net, x, low))
        if high == math.inf:
            return y
        return net.power(net.eltwise("MAX", net.power(y, scale=-1.0), filled(net, x, -high)), scale=-1.0)
    y = net.power(relu(net, net.power(x, shift=-low)), shift=low if math.isinf(high) else 0.0) if low > -math.inf else x
    if math.isinf(high):
        return y
    shift = high - low if low > -math.inf else high
    return net.power(relu(net, net.power(y, scale=-1.0, shift=shift)), scale=-1.0, shift=high)


def complement(net: Net, x: Blob) -> Blob:
    """1 - x."""
    return net.power(x, scale=-1.0, shift=1.0)
