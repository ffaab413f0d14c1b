"""How the QuantizeLinear of the IR rounds."""

from __future__ import annotations

ROUNDING = "rounding"
"""An attribute of QuantizeLinear that only the IR has: how halves are rounded. Without it they go to even, as
ONNX says; a backend that has no such rounding ignores it."""
HALVES_AWAY = "half_away_from_zero"
"""Its value: away from zero, as MegEngine rounds."""
