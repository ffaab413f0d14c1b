"""Movement: reshape, transpose, concat, split, pad, tile, shapes, constants: elements move, none is chosen."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from tests.harness.operators import BLOCK, IMAGE, Op, P, X, ints

ROWS = [
    Op("Squeeze", X(2, 1, 3, 1), ints(-1)),
    Op("Squeeze", X(2, 1, 3, 1)),
    Op("Unsqueeze", X(2, 3), ints(-1, 0)),
    Op("Split", X(*BLOCK), ints(1, 2, 1), axis=1, outputs=3),
    Op("Split", X(*BLOCK), axis=-1, num_outputs=3, outputs=3),
    Op("Split", X(*BLOCK), axis=2, num_outputs=2, outputs=2),
    Op("Concat", X(*BLOCK), X(*BLOCK), axis=-1),
    Op("Flatten", X(*BLOCK), axis=-2),
    Op("Pad", X(*BLOCK), ints(0, 0, 1, 2, 0, 0, 2, 1)),
    Op("Pad", X(*BLOCK), ints(1, 2, 2, 1), P(values=7), ints(2, -1)),
    Op("Pad", X(*BLOCK), ints(1, 2, 2, 1), None, ints(2, -1), mode="reflect"),
    Op("Pad", X(*BLOCK), ints(1, 2, 2, 1), None, ints(2, -1), mode="edge"),
    Op("Pad", X(*BLOCK), ints(1, 2, 2, 1), None, ints(2, -1), mode="wrap"),
    Op("Pad", X(3, 3, dtype="int64", low=-50, high=50), ints(1, 2, 2, 1)),
    Op("Pad", X(3, 3, dtype="int32", low=-50, high=50), ints(1, 2, 2, 1)),
    Op(
        "Pad",
        X(*BLOCK),
        X(values=[0, 0, 1, 2, 0, 0, 2, 1], dtype="int64"),
    ),
    Op("Expand", X(3, 1), ints(2, 1, 4)),
    Op("Expand", X(3, 1, dtype="bool"), ints(2, 1, 4)),
    Op("Expand", X(3, 1), X(values=[3, 4], dtype="int64")),
    Op("Reshape", X(*BLOCK), ints(0, -1)),
    Op("Reshape", X(*BLOCK), ints(2, -1), allowzero=1),
    Op("Reshape", X(0, 3), ints(3, 0), allowzero=1),
    Op("Shape", X(*BLOCK)),
    Op("Shape", X(*BLOCK), start=1, end=-1),
    Op("Shape", X(*BLOCK), start=-2),
    Op("DepthToSpace", X(*BLOCK), blocksize=2),
    Op("DepthToSpace", X(*BLOCK), blocksize=2, mode="CRD"),
    Op("SpaceToDepth", X(1, 2, 4, 4), blocksize=2),
    Op(
        "Range",
        X(values=0, dtype="int64"),
        X(values=5, dtype="int64"),
        X(values=2, dtype="int64"),
    ),
    Op("EyeLike", X(5, 6), k=1),
    Op("Tile", X(*BLOCK), ints(1, 2, 1, 1)),
    Op("Transpose", X(*BLOCK), perm=(0, 2, 1, 3)),
    Op("ConstantOfShape", X(values=[2, 3], dtype="int64")),
    Op("Reshape", X(2, 3, 4), ints(6, 4)),
    Op("Flatten", X(2, 3, 4)),
    Op("Unsqueeze", X(2, 3), ints(1)),
    Op("Squeeze", X(2, 1, 3), ints(1)),
    *(Op("Transpose", X(*IMAGE), perm=perm) for perm in permutations(range(4))),
    *(Op("DepthToSpace", X(2, 12, 4, 5), blocksize=2, mode=mode) for mode in ("DCR", "CRD")),
    Op("SpaceToDepth", X(2, 3, 4, 6), blocksize=2),
    Op("Concat", X(2, 3, 4), X(2, 5, 4), axis=1),
    Op("Concat", X(2, 3, 4), X(2, 3, 1), axis=-1),
    Op("Split", X(2, 6, 4), ints(1, 3, 2), axis=1, outputs=3),
    Op("Split", X(4, 6), axis=0, num_outputs=2, outputs=2),
    Op("Tile", X(2, 3), ints(2, 3)),
    Op("Tile", X(2, 3, 4), ints(1, 12, 1)),
    Op("Expand", X(2, 1, 4), ints(2, 20, 4)),
    *(
        Op("Pad", X(*IMAGE), ints(*pads), None if mode != "constant" else P(values=1.5), mode=mode)
        for mode in ("constant", "edge", "reflect")
        for pads in ((0, 0, 1, 2, 0, 0, 0, 1), (0, 1, 0, 0, 0, 2, 0, 0))
    ),
    Op("Pad", X(*IMAGE), ints(0, 0, -1, 2, 0, 0, 0, -1)),
    Op("Transpose", X(2, 3, 4, 5, 2), perm=(4, 2, 0, 3, 1)),
    Op("Transpose", X(2, 3, 2, 3, 2, 3), perm=(5, 3, 1, 4, 2, 0)),
    Op("Transpose", X(3, 4)),
    Op("Transpose", X(2, 3, 2, 3, 2, 3, 2, 2), perm=(7, 5, 3, 1, 6, 4, 2, 0)),
    Op("Reshape", X(*IMAGE), ints(6, 35)),
    Op("Reshape", X(*IMAGE), ints(3, 2, 7, 5)),
    Op("Reshape", X(*IMAGE), ints(-1)),
    Op("Flatten", X(*IMAGE)),
    Op("Flatten", X(*IMAGE), axis=3),
    Op("Squeeze", X(1, 3, 1, 4), ints(0, 2)),
    Op("Unsqueeze", X(3, 4), ints(0, 3)),
    *(Op("Concat", X(*IMAGE), X(*IMAGE), P(*IMAGE), axis=a) for a in (0, 1, 2, -1)),
    Op("Concat", X(3, dtype="int32", high=5), X(4, high=5, dtype="int32"), axis=0),
    Op("Concat", X(2, 3, 4, 5, 2), X(2, 3, 1, 5, 2), axis=2),
    Op("Concat", X(2, 1, 2, 3, 2, 1, 2), X(2, 1, 2, 1, 2, 1, 2), axis=3),
    Op("Split", X(2, 1, 2, 3, 2, 1, 2), ints(1, 2), axis=3, outputs=2),
    Op("Split", X(2, 1, 2, 4, 2, 1, 2), ints(2, 2), axis=3, outputs=2),
    *(
        Op(
            "Split",
            X(2, 6, 4, 8),
            P(values=s, dtype="int64") if s else None,
            outputs=3 if s else 2,
            axis=1,
            num_outputs=None if s else 2,
        )
        for s in ((2, 2, 2), (1, 2, 3), None)
    ),
    Op("Split", X(6, high=5, dtype="int32"), ints(2, 4), outputs=2, axis=0),
    Op("Expand", X(1, 3, 1, 1), ints(2, 3, 4, 5)),
    Op("Expand", X(3, 1), ints(2, 3, 4)),
    Op("Expand", X(2, 1, 3, 1, 2), ints(2, 4, 3, 2, 2)),
    Op("Expand", X(1, high=5, dtype="int32"), ints(4)),
    Op("Expand", X(2, 3), ints(1, 1)),
    Op("Expand", X(1, 2, dtype="bool"), ints(3, 2)),
    Op("Tile", X(*IMAGE), ints(1, 2, 3, 1)),
    Op("Tile", X(3, high=5, dtype="int32"), ints(2)),
    Op("DepthToSpace", X(1, 8, 3, 4), blocksize=2),
    Op("DepthToSpace", X(2, 8, 3, 4), blocksize=2, mode="CRD"),
    Op("SpaceToDepth", X(1, 2, 4, 6), blocksize=2),
    Op("Split", X(2, 6, dtype="bool"), ints(2, 4), outputs=2, axis=1),
    Op("Range", X(values=0, dtype="int32"), X(values=7, dtype="int32"), X(values=2, dtype="int32")),
    *(
        Op("Pad", X(2, 3, 5, 7), ints(*p), v, mode=m)
        for p in ((0, 0, 1, 2, 0, 0, 3, 0), (0, 1, 0, 0, 0, 1, 2, 1))
        for m, v in (("constant", None), ("constant", P(values=1.5)), ("reflect", None), ("edge", None), ("wrap", None))
    ),
    Op("Pad", X(2, 3, 5), ints(0, 0, -1, 0, 0, 2)),
    Op("Pad", X(5, 4), ints(1, 1), None, ints(1)),
    Op("Pad", X(4, high=5, dtype="int32"), ints(1, 2), P(values=7, dtype="int32")),
    Op("Pad", X(2, 3, 4, 5, 2), ints(0, 0, 1, 0, 0, 0, 0, 1, 0, 2)),
    Op("Shape", X(2, 3)),
    Op("Size", X(2, 3)),
    Op("EyeLike", X(3, 4), dtype=1),
    Op("ConstantOfShape", X(values=[2, 3], dtype="int64"), value=np.array([1.5], np.float32)),
]
