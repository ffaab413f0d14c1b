"""Recurrent networks and quantization."""

from __future__ import annotations

from .case import C, Op, real

CASES = [
    # recurrent
    *[
        Op(
            op,
            real(4, 2, 3),
            C(real(d, g * 5, 3)),
            C(real(d, g * 5, 5, seed=1)),
            C(real(d, 2 * g * 5, seed=2)),
            outputs=3 if op == "LSTM" else 2,
            hidden_size=5,
            direction=way,
            **more,
        )
        for op, g, more in (("LSTM", 4, {}), ("RNN", 1, {}), ("GRU", 3, {}), ("GRU", 3, {"linear_before_reset": 1}))
        for way, d in (("forward", 1), ("reverse", 1), ("bidirectional", 2))
    ],
    Op(
        "LSTM",
        real(4, 2, 3),
        C(real(1, 20, 3)),
        C(real(1, 20, 5, seed=1)),
        None,
        None,
        real(1, 2, 5),
        real(1, 2, 5, seed=3),
        outputs=3,
        hidden_size=5,
    ),
    # quantization
    Op("QuantizeLinear", real(3, 4), C(0.1), C(3, "int8")),
    Op("DequantizeLinear", real(3, 4, dtype="int8", low=-128, high=127), C(0.1), C(3, "int8")),
    Op("QuantizeLinear", real(3, 4), C(0.1), C(3, "uint8")),
]
