"""What SAME and VALID pad, and with what maxima are padded."""

from __future__ import annotations

import numpy as np

VALID, SAME = 1, 0
"""Padding in the schema."""
LOWEST = float(np.finfo(np.float32).min)
"""What MAX_POOL_2D pads with."""


def same_pads(size: int, extent: int, stride: int, *, lower: bool = False) -> tuple[int, int]:
    """What SAME pads: output ceil(size / stride), the odd one after (before with `lower`)."""
    total = max((-(-size // stride) - 1) * stride + extent - size, 0)
    small, large = total // 2, total - total // 2
    return (large, small) if lower else (small, large)
