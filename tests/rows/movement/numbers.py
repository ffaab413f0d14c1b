"""Tensors filled and padded with Python numbers that an integer tensor cannot hold, which wrap."""

from __future__ import annotations

from tests.harness.dtypes import beyond_int32, wrapping

ROWS = [
    *wrapping(
        {
            "full": "F.full_like(x, 300) + x, F.full_like(x, -1.7) + x, F.zeros_like(x)",
            "pad": "F.nn.pad(x, ((1, 2),), 'constant', 300), F.nn.pad(x, ((1, 0),), 'constant', -1.5)",
        }
    ),
    *beyond_int32({"full": "F.full_like(x, 16777217) + x"}),
]
