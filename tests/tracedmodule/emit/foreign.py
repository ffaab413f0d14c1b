"""Rows of operators in forms that foreign models have and MegEngine's own do not, judged in MegEngine.

They stand beside `tests/operators`, whose rows go through every target.
"""

from __future__ import annotations

import numpy as np

from tests.harness.operators import Op, P, X, ints

TIES = np.array([[3, 1, 3, 1, 2, 3, 3], [0, 0, 0, 0, 0, 0, 0], [-1, 5, 5, -1, 5, 2, 2]], np.float32)
SIGNS = np.array([4.5, -4.5, 4.5, -4.5, 0, -0.0, 3, -3, np.inf, 2, -2], np.float32)
DIVISORS = np.array([3, 3, -3, -3, 2, 2, np.inf, np.inf, 2, -np.inf, np.inf], np.float32)


def codes(*numbers: int, dtype: str = "int64") -> X:
    return X(values=np.array(numbers), dtype=dtype)


FOREIGN = [
    Op("MatMul", X(1, 3, 4), X(5, 4, 2)),
    Op("MatMul", X(5, 3, 4), X(1, 4, 2)),
    Op("MatMul", X(2, 1, 3, 4), X(5, 4, 2)),
    Op("MatMul", X(2, 1, 3, 4), X(1, 5, 4, 2)),
    Op("MatMul", X(2, 1, 3, 4), X(2, 5, 4, 2)),
    Op("MatMul", X(2, 5, 3, 4), P(1, 1, 4, 2)),
    Op("MatMul", P(1, 3, 4), X(5, 4, 2)),
    Op("MatMul", X(1, 1, 3, 4), X(5, 4, 2)),
    Op("MatMul", X(5, 3, 4), X(2, 5, 4, 2)),
    Op("MatMul", X(3, 4), X(5, 4, 2)),
    Op("MatMul", X(4), X(5, 4, 2)),
    Op("MatMul", X(2, 5, 3, 4), X(4)),
    Op("Conv", X(2, 4, 9), P(4, 1, 3), group=4),
    Op("Conv", X(2, 4, 9), P(6, 2, 3), P(6), group=2, pads=(1, 2), strides=(2,)),
    Op("Conv", X(2, 4, 9), X(6, 2, 3), X(6), group=2, auto_pad="SAME_LOWER"),
    Op("Conv", X(2, 4, 9), X(4, 4, 3), pads=(2, 0)),
    Op("Conv", X(1, 2, 7, 7), X(3, 2, 4, 4), auto_pad="SAME_UPPER"),
    Op("Conv", X(1, 2, 7, 7), X(3, 2, 3, 3), X(3), pads=(0, 1, 1, 2)),
    Op("Conv", X(1, 2, 7, 7), P(3, 2, 3, 3), X(3), auto_pad="SAME_LOWER", strides=(2, 2)),
    Op("Conv", X(1, 2, 4, 5, 6), X(3, 2, 2, 2, 2), pads=(0, 0, 0, 1, 1, 1)),
    Op("ConvTranspose", X(1, 2, 4, 4), X(2, 3, 3, 3), strides=(3, 2), output_shape=(10, 8)),
    Op("ConvTranspose", X(1, 2, 4, 4), X(2, 3, 3, 3), X(3), strides=(2, 2), auto_pad="SAME_UPPER"),
    Op("ConvTranspose", X(1, 2, 4, 4), P(2, 3, 3, 3), strides=(2, 2), output_shape=(8, 7)),
    Op("ConvTranspose", X(1, 2, 4, 4), P(2, 3, 4, 3), strides=(2, 3), output_shape=(7, 9), auto_pad="SAME_LOWER"),
    Op("ConvTranspose", X(1, 2, 5), X(2, 3, 3), strides=(2,), output_shape=(9,)),
    Op("ConvTranspose", X(1, 4, 5), P(4, 1, 3), P(2), strides=(2,), pads=(1, 0), group=2),
    Op("Clip", X(3, 4), P(values=0.5), P(values=-0.5)),
    Op("Clip", X(3, 4), P(values=6), P(values=0)),
    Op("Clip", codes(-7, 2, 9, dtype="int32"), P(values=5, dtype="int32"), P(values=-5, dtype="int32")),
    Op("Clip", X(3, 4), X(values=0.5), P(values=-0.5)),
    Op("TopK", X(values=TIES), ints(3), outputs=2),
    Op("TopK", X(values=TIES), ints(7), outputs=2, largest=0),
    Op("TopK", X(values=TIES), ints(2), outputs=2, axis=0),
    Op("TopK", X(values=TIES[0]), ints(4), outputs=2),
    Op("TopK", X(values=np.stack([TIES, TIES[::-1]])), ints(2), outputs=2, axis=1, largest=0),
    Op("TopK", X(values=TIES, dtype="int32"), ints(5), outputs=2),
    Op("TopK", X(3, 1), ints(1), outputs=2),
    Op("Reshape", X(2, 3, 4), codes(2, 0, -1)),
    Op("Reshape", X(2, 3, 4), codes(0, 0, 4, 1)),
    Op("Reshape", X(2, 3, 4), codes(0, -1)),
    Op("ArgMax", X(values=TIES), axis=1, select_last_index=1),
    Op("ArgMin", X(values=TIES), axis=0, select_last_index=1, keepdims=0),
    Op("ArgMax", X(values=TIES, dtype="int32"), axis=-1, select_last_index=1),
    Op("OneHot", codes(0, -1, 2, -3), P(values=3, dtype="int64"), ints(0, 1)),
    Op("OneHot", codes(-4, 5, 2, -2), P(values=4, dtype="int64"), P(values=[2, 7]), axis=0),
    Op("OneHot", codes(0, 7, -9, dtype="int32"), P(values=3, dtype="int32"), P(values=[0, 1])),
    Op("LayerNormalization", X(2, 3, 4), P(4), P(4), outputs=3),
    Op("LayerNormalization", X(2, 3, 4), P(3, 4), outputs=3, axis=1),
    Op("LayerNormalization", X(2, 3, 4), X(4), X(4), outputs=2, epsilon=0.1),
    Op("LayerNormalization", X(2, 3, 4), P(1)),
    Op("Dropout", X(2, 3), outputs=2),
    Op("Dropout", X(2, 3), P(values=0.7), P(values=False, dtype="bool"), outputs=2),
    Op("Dropout", X(2, 3), P(values=0.0), P(values=True, dtype="bool")),
    Op("CastLike", X(values=[1.7, -2.9]), P(values=[0], dtype="int32")),
    Op("CastLike", codes(3, 0), X(1)),
    Op("CastLike", codes(3, 0), P(values=[True], dtype="bool")),
    Op("Mod", X(values=SIGNS[6:]), P(values=-2.5), fmod=1),
    Op("ReduceMax", X(2, 0, 3), ints(1)),
    Op("ReduceMin", X(2, 0, 3, dtype="int32"), ints(1), keepdims=0),
    Op("ReduceLogSumExp", X(2, 0), ints(1)),
]
