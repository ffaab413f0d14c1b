"""Pooling: pools, also global, adaptive and un-pooling."""

from __future__ import annotations

from itertools import product

from tests.harness.operators import BLOCK, IMAGE, Op, X

ROWS = [
    Op("MaxPool", X(*BLOCK), kernel_shape=(2, 2), strides=(2, 2), ceil_mode=1),
    Op("MaxPool", X(*BLOCK), kernel_shape=(2, 2), dilations=(2, 2)),
    Op("MaxPool", X(*BLOCK), kernel_shape=(2, 2), outputs=2),
    Op(
        "MaxPool",
        X(1, 1, 4, 4, dtype="uint8", low=0, high=50),
        kernel_shape=(3, 3),
        pads=(1, 1, 1, 1),
        strides=(2, 2),
        ceil_mode=1,
    ),
    Op("AveragePool", X(*BLOCK), kernel_shape=(2, 2), strides=(2, 2), ceil_mode=1),
    Op("AveragePool", X(*BLOCK), kernel_shape=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1), ceil_mode=1),
    Op(
        "AveragePool",
        X(*BLOCK),
        kernel_shape=(3, 3),
        strides=(2, 2),
        pads=(1, 1, 1, 1),
        ceil_mode=1,
        count_include_pad=1,
    ),
    Op("AveragePool", X(*BLOCK), kernel_shape=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1), count_include_pad=1),
    Op("AveragePool", X(*BLOCK), kernel_shape=(2, 2), dilations=(2, 2)),
    Op("LpPool", X(*BLOCK), kernel_shape=(2, 2), strides=(2, 2), ceil_mode=1),
    *(
        Op(op, X(1, 2, size, size + 1), kernel_shape=(k, k), strides=(stride,) * 2, pads=(b, b, e, e), **more)
        for size, k, stride, (b, e) in product((7, 8), (2, 3), (1, 2), ((0, 0), (1, 1), (0, 1), (1, 0)))
        for op, more in (
            ("MaxPool", {}),
            ("AveragePool", {"count_include_pad": 0}),
            ("AveragePool", {"count_include_pad": 1}),
        )
    ),
    Op("MaxPool", X(1, 2, 9, 9), kernel_shape=(3, 3), strides=(2, 2), ceil_mode=1),
    Op("MaxPool", X(1, 2, 8, 8), kernel_shape=(3, 3), strides=(2, 2), ceil_mode=1),
    Op("MaxPool", X(1, 2, 9), kernel_shape=(3,), strides=(2,), pads=(1, 1)),
    Op("MaxPool", X(1, 2, 9), kernel_shape=(3,), strides=(2,), pads=(0, 2)),
    Op("MaxPool", X(1, 2, 2, 2), kernel_shape=(3, 3), pads=(2, 1, 0, 1)),
    Op("AveragePool", X(1, 2, 9), kernel_shape=(3,), pads=(0, 2), count_include_pad=1),
    Op("AveragePool", X(1, 2, 9), kernel_shape=(3,), dilations=(2,), pads=(2, 1), count_include_pad=1),
    Op("AveragePool", X(1, 2, 3, 3), kernel_shape=(3, 3), pads=(2, 0, 2, 0)),
    Op("AveragePool", X(1, 2, 9), kernel_shape=(3,), strides=(2,), pads=(1, 1)),
    Op("AveragePool", X(1, 2, 9, 9), kernel_shape=(3, 2), strides=(2, 1), pads=(0, 1, 0, 1)),
    *(Op(op, X(*shape)) for op in ("GlobalAveragePool", "GlobalMaxPool") for shape in (IMAGE, (2, 3, 4))),
    *(
        Op(op, X(2, 3, 9, 8), kernel_shape=(3, 3), pads=p, strides=s, ceil_mode=m)
        for op in ("MaxPool", "AveragePool")
        for p, s, m in (
            ((0, 0, 0, 0), (1, 1), 0),
            ((1, 1, 1, 1), (2, 2), 0),
            ((0, 0, 0, 0), (2, 2), 1),
            ((1, 0, 0, 1), (2, 1), 0),
            ((1, 1, 1, 1), (2, 2), 1),
        )
    ),
    *(
        Op(
            "AveragePool",
            X(2, 3, 9, 8),
            kernel_shape=(3, 2),
            pads=(1, 1, 1, 1),
            strides=(2, 2),
            ceil_mode=m,
            count_include_pad=1,
        )
        for m in (0, 1)
    ),
    Op("MaxPool", X(2, 3, 9, 8), kernel_shape=(2, 2), dilations=(2, 2)),
    Op("MaxPool", X(2, 3, 9), kernel_shape=(3,), strides=(2,), pads=(1, 1)),
    Op("AveragePool", X(2, 3, 9), kernel_shape=(3,), strides=(2,), pads=(1, 1)),
    Op("AveragePool", X(2, 3, 4, 5, 6), kernel_shape=(2, 2, 2), strides=(2, 2, 2)),
    Op("MaxPool", X(2, 3, 4, 5, 6), kernel_shape=(2, 3, 2), pads=(1, 1, 1, 1, 1, 1)),
    Op("AveragePool", X(2, 3, 4, 5, 6), kernel_shape=(2, 2, 2), pads=(1, 1, 1, 1, 1, 1)),
]
