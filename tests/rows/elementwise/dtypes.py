"""Elementwise operators of every dtype that MegEngine takes."""

from __future__ import annotations

from tests.harness.dtypes import ALL, NUMBERS, matrices

ROWS = [
    *matrices(
        {
            "add": ("x + x", NUMBERS),
            "add-scalar": ("x + 1", NUMBERS),
            "sub": ("5 - x", NUMBERS),
            "mul": ("x * 2", ALL),
            "div": ("x / 2", ALL),
            "floordiv": ("x // 2", ALL),
            "mod": ("x % 2", ALL),
            "pow": ("x ** 2", NUMBERS),
            "neg": ("-x", ["float16", "int8", "int16", "int32"]),
            "abs": ("F.abs(x)", NUMBERS),
            "sqrt": ("F.sqrt(x)", NUMBERS),
            "exp": ("F.exp(x)", NUMBERS),
            "maximum": ("F.maximum(x, 2)", NUMBERS),
            "clip": ("F.clip(x, 1, 2)", NUMBERS),
            "greater": ("x > 1", NUMBERS),
            "equal": ("F.equal(x, x)", ALL),
            "isnan": ("F.isnan(x)", ALL),
            "astype-float": ("x.astype('float32')", ALL),
            "astype-int": ("x.astype('int32')", ALL),
            "astype-bool": ("x.astype('bool')", NUMBERS),
        }
    ),
]
