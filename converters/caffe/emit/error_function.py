"""The complementary error function, which Erf and Gelu are made of."""

from __future__ import annotations

from .net import Blob, Net

ERFC = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)
ERFC_P = 0.3275911
"""Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26: |error| <= 1.5e-7, the rounding of float32."""


def erfc_of_absolute(net: Net, absolute: Blob) -> Blob:
    """erfc(x) for x >= 0, as polynomial(t) * exp(-x * x) with t = 1 / (1 + p * x)."""
    t = net.power(absolute, power=-1.0, scale=ERFC_P, shift=1.0)
    polynomial = net.power(t, scale=ERFC[-1], shift=ERFC[-2])
    for coefficient in ERFC[-3::-1]:
        polynomial = net.power(net.eltwise("PROD", polynomial, t), shift=coefficient)
    decay = net.layer("Exp", net.power(net.power(absolute, power=2.0), scale=-1.0))
    return net.eltwise("PROD", polynomial, t, decay)
