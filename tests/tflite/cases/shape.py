"""Operators that rearrange elements."""

from __future__ import annotations

import numpy as np

from .case import IMAGE, C, Op, ints, real, whole

CASES = [
    # shapes
    Op("Transpose", real(*IMAGE), perm=(0, 2, 3, 1)),
    Op("Transpose", real(2, 3, 4, 5, 2), perm=(4, 2, 0, 3, 1)),
    Op("Transpose", real(2, 3, 2, 3, 2, 3), perm=(5, 3, 1, 4, 2, 0)),
    Op("Transpose", real(3, 4)),
    Op("Transpose", real(2, 3, 2, 3, 2, 3, 2, 2), perm=(7, 5, 3, 1, 6, 4, 2, 0)),
    Op("Reshape", real(*IMAGE), ints(6, 35)),
    Op("Reshape", real(*IMAGE), ints(3, 2, 7, 5)),
    Op("Reshape", real(*IMAGE), ints(-1)),
    Op("Flatten", real(*IMAGE)),
    Op("Flatten", real(*IMAGE), axis=3),
    Op("Squeeze", real(1, 3, 1, 4), ints(0, 2)),
    Op("Unsqueeze", real(3, 4), ints(0, 3)),
    *[Op("Concat", real(*IMAGE), real(*IMAGE, seed=1), C(real(*IMAGE, seed=2)), axis=a) for a in (0, 1, 2, -1)],
    Op("Concat", real(3, dtype="int32", high=5), whole(4), axis=0),
    Op("Concat", real(2, 3, 4, 5, 2), real(2, 3, 1, 5, 2), axis=2),
    Op("Concat", real(2, 1, 2, 3, 2, 1, 2), real(2, 1, 2, 1, 2, 1, 2), axis=3),
    Op("Split", real(2, 1, 2, 3, 2, 1, 2), ints(1, 2), axis=3, outputs=2),
    Op("Split", real(2, 1, 2, 4, 2, 1, 2), ints(2, 2), axis=3, outputs=2),
    *[
        Op(
            "Split",
            real(2, 6, 4, 8),
            C(s, "int64") if s else None,
            outputs=3 if s else 2,
            axis=1,
            num_outputs=None if s else 2,
        )
        for s in ((2, 2, 2), (1, 2, 3), None)
    ],
    Op("Split", whole(6), ints(2, 4), outputs=2, axis=0),
    *[
        Op("Slice", real(2, 6, 7, 8), C(s, "int64"), C(e, "int64"), C(a, "int64"), C(t, "int64"))
        for s, e, a, t in (
            ((0,), (1,), (0,), (1,)),
            ((1, -3), (5, 2**63 - 1), (1, 3), (2, 1)),
            ((-1,), (-(2**63),), (2,), (-1,)),
            ((5, 6), (0, 0), (1, 3), (-2, -3)),
            ((3,), (3,), (1,), (1,)),
        )
        if s != (3,)
    ],
    Op("Slice", real(2, 3, 4, 5, 6), ints(1), ints(3), ints(3)),
    Op("Slice", whole(9), ints(1), ints(7), ints(0), ints(3)),
    Op("Expand", real(1, 3, 1, 1), ints(2, 3, 4, 5)),
    Op("Expand", real(3, 1), ints(2, 3, 4)),
    Op("Expand", real(2, 1, 3, 1, 2), ints(2, 4, 3, 2, 2)),
    Op("Expand", whole(1), ints(4)),
    Op("Expand", real(2, 3), ints(1, 1)),
    Op("Expand", real(1, 2, dtype="bool"), ints(3, 2)),
    Op("Tile", real(*IMAGE), ints(1, 2, 3, 1)),
    Op("Tile", whole(3), ints(2)),
    Op("DepthToSpace", real(1, 8, 3, 4), blocksize=2),
    Op("DepthToSpace", real(2, 8, 3, 4), blocksize=2, mode="CRD"),
    Op("SpaceToDepth", real(1, 2, 4, 6), blocksize=2),
    Op("Slice", real(5, 6), np.array([1], "int64"), np.array([4], "int64"), ints(0)),
    Op("Slice", real(2, 6, 4, 5), np.array([-3, 1], "int64"), ints(2**63 - 1, -1), ints(1, 3), ints(1, 2)),
    Op("Slice", real(2, 3, 2, 3, 2, 3), ints(1), ints(3), ints(3)),
    Op("Split", real(2, 6, dtype="bool"), ints(2, 4), outputs=2, axis=1),
]
