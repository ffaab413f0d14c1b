"""Quantization: quantize, dequantize and operators of integers."""

from __future__ import annotations

from tests.harness.operators import BLOCK, Op, P, X

ROWS = [
    Op("QuantizeLinear", X(*BLOCK, low=-20.0, high=20.0), P(values=0.3), P(values=128, dtype="uint8")),
    Op(
        "QuantizeLinear",
        X(*BLOCK, low=-20.0, high=20.0),
        P(4, low=1.1, high=4.0),
        P(values=[0] * 4, dtype="int8"),
        axis=1,
    ),
    Op("QuantizeLinear", X(*BLOCK, low=-20.0, high=20.0), P(values=0.03), P(values=5, dtype="int16")),
    Op("QuantizeLinear", X(*BLOCK, low=-20.0, high=20.0), P(values=0.3), output_dtype=3),
    Op("DequantizeLinear", X(2, 3, dtype="int8", low=-50, high=50), P(values=0.3), P(values=3, dtype="int8")),
    Op(
        "DequantizeLinear",
        X(2, 3, dtype="int8", low=-50, high=50),
        P(3, low=0.1, high=2.0),
        P(values=[1, 2, 3], dtype="int8"),
        axis=-1,
    ),
    Op("DequantizeLinear", X(2, 3, dtype="int32", low=-50, high=50), P(values=0.3)),
    Op("DequantizeLinear", X(2, 3, dtype="uint16", low=0, high=50), P(values=0.3), P(values=3, dtype="uint16")),
    Op("QuantizeLinear", X(3, 4), P(values=0.1), P(values=3, dtype="int8")),
    Op("DequantizeLinear", X(3, 4, dtype="int8", low=-128, high=127), P(values=0.1), P(values=3, dtype="int8")),
    Op("QuantizeLinear", X(3, 4), P(values=0.1), P(values=3, dtype="uint8")),
]
