"""Shaping, joining and padding of every dtype that MegEngine takes."""

from __future__ import annotations

from tests.harness.dtypes import ALL, NUMBERS, matrices

ROWS = [
    *matrices(
        {
            "concat": ("F.concat([x, x], axis=1)", ALL),
            "stack": ("F.stack([x, x], axis=1)", ALL),
            "split": ("F.split(x, 2)", ALL),
            "tile": ("F.tile(x, (2, 1))", ALL),
            "repeat": ("F.repeat(x, 2, axis=1)", ALL),
            "transpose": ("x.transpose(1, 0)", ALL),
            "reshape": ("x.reshape(3, 2)", ALL),
            "broadcast": ("F.broadcast_to(x, (3, 2, 3))", ALL),
            "pad": ("F.pad(x, ((1, 1), (0, 2)))", NUMBERS),
            "zeros-like": ("F.zeros_like(x)", NUMBERS),
        }
    ),
]
