"""How large the constants may be that emitters and lowerings make of sizes alone: matrices, masks, grids of positions.

A file of 200 bytes can ask for a resize by a matrix of gigabytes. What is that large is refused before it is made.
"""

from __future__ import annotations

import math

from mgeconvert.errors import refuse

MOST = 1 << 24
"""Numbers of one such constant: 64 MB of float32, the product of two axes of 4,096."""


def check_table(*sizes: int) -> None:
    """Refuse the operator at hand, which needs a constant of these sizes, where it would be too large."""
    if math.prod(max(int(size), 0) for size in sizes) > MOST:
        shape = " x ".join(str(int(size)) for size in sizes)
        refuse(f"it needs a constant of {shape} numbers, more than the {MOST:,} that are made of sizes alone")
