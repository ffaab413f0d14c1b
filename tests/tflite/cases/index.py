"""Reading, writing and sampling at indices."""

from __future__ import annotations

import numpy as np

from .case import IMAGE, C, Op, ints, real, whole

CASES = [
    # indices
    Op("Gather", real(*IMAGE), C([0, 2, -1], "int64"), axis=1),
    Op("Gather", real(*IMAGE), C(1, "int64"), axis=1),
    Op("Gather", real(9, 4), whole(2, 3, high=9)),
    Op("Gather", real(9, 4), whole(2, 3, low=-9, high=9)),
    Op("Gather", real(2, 3, 4), whole(2, 3, high=3), axis=1),
    Op("Gather", real(*IMAGE), C([[0, 1]], "int64"), axis=3),
    Op("Gather", whole(9), whole(3, high=9)),
    Op("Gather", real(4, 5), np.array(2, "int32")),
    Op("GatherND", real(3, 4, 5), whole(6, 2, low=-3, high=3, dtype="int64")),
    Op("GatherND", real(3, 4, 5), C([[0, 1], [2, -1]], "int64")),
    Op("GatherElements", real(3, 4), whole(3, 2, low=-4, high=4), axis=1),
    Op("GatherElements", real(3, 4), C([[0, 1, 2, 0]], "int64"), axis=0),
    Op("ScatterND", real(4, 5), C([[1], [3]], "int64"), real(2, 5, seed=1)),
    Op("ScatterND", real(4, 5), C([[1, 2], [-1, 0]], "int64"), real(2, seed=1)),
    Op("ScatterND", real(4, 5), np.array([[1, 2], [3, 0]], "int64"), real(2, seed=1)),
    Op("ScatterND", real(4, 5), C([[1], [1]], "int64"), real(2, 5, seed=1), reduction="add"),
    Op("ScatterElements", real(3, 4), C([[1, 2], [0, 3], [3, 1]], "int64"), real(3, 2, seed=1), axis=1),
    Op("ScatterElements", real(3, 4), np.array([[2, 0, 1, -1]], "int64"), real(1, 4, seed=1), axis=0),
    Op("ScatterElements", C(np.zeros((3, 4))), C([[1, 2], [0, 3], [3, 1]], "int64"), real(3, 2, seed=1), axis=1),
    Op("OneHot", whole(3, 4, low=-5, dtype="int64"), C(5, "int64"), C([0, 1])),
    Op("OneHot", whole(3, 4, dtype="int64"), C(5, "int64"), C([0.5, 2]), axis=1),
    Op("OneHot", whole(4, dtype="int64"), C(5, "int64"), C([0, 1], "int64"), axis=0),
    Op("Range", np.array(0, "int32"), np.array(7, "int32"), np.array(2, "int32")),
    Op("NonZero", whole(3, 4, high=2)),
    Op("Trilu", real(3, 4)),
    Op("Trilu", real(2, 4, 4), C(1, "int64"), upper=0),
    Op("Compress", real(3, 4), C([1, 0, 1], "bool"), axis=0),
    Op("Compress", real(3, 4), C([1, 0, 1], "bool")),
    Op("TopK", real(3, 9), ints(4), outputs=2),
    Op("TopK", real(3, 9, 4), ints(4), outputs=2, axis=1),
    Op("TopK", real(3, 9), ints(4), outputs=2, largest=0),
    *[
        Op("Pad", real(2, 3, 5, 7), ints(*p), v, mode=m)
        for p in ((0, 0, 1, 2, 0, 0, 3, 0), (0, 1, 0, 0, 0, 1, 2, 1))
        for m, v in (("constant", None), ("constant", C(1.5)), ("reflect", None), ("edge", None), ("wrap", None))
    ],
    Op("Pad", real(2, 3, 5), ints(0, 0, -1, 0, 0, 2)),
    Op("Pad", real(5, 4), ints(1, 1), None, ints(1)),
    Op("Pad", whole(4), ints(1, 2), C(7, "int32")),
    Op("Pad", real(2, 3, 4, 5, 2), ints(0, 0, 1, 0, 0, 0, 0, 1, 0, 2)),
    Op("Shape", real(2, 3)),
    Op("Size", real(2, 3)),
    Op("EyeLike", real(3, 4), dtype=1),
    Op("Dropout", real(3, 4)),
    Op("ConstantOfShape", np.array([2, 3], "int64"), value=np.array([1.5], "f")),
    # sampling
    *[
        Op(
            "GridSample",
            real(2, 3, 5, 6),
            real(2, 4, 3, 2, low=-1.3, high=1.3),
            mode=m,
            padding_mode=p,
            align_corners=a,
        )
        for m in ("linear", "nearest")
        for p in ("zeros", "border", "reflection")
        for a in (0, 1)
    ],
    *[
        Op(
            "RoiAlign",
            real(2, 3, 9, 8),
            np.array([[0, 0, 5, 6], [1.3, 2.2, 7.9, 8.8], [-3, -3, 12, 14], [2, 2, 2.5, 2.5]], "f"),
            np.array([0, 1, 1, 0], "int64"),
            output_height=3,
            output_width=2,
            sampling_ratio=2,
            spatial_scale=sc,
            coordinate_transformation_mode=r,
        )
        for r in ("half_pixel", "output_half_pixel")
        for sc in (1.0, 0.5)
    ],
    Op(
        "NonMaxSuppression",
        np.array([[[0, 0, 2, 2], [0, 0, 2, 2.1], [3, 3, 5, 5], [0, 1, 2, 3]]], "f"),
        np.array([[[0.3, 0.9, 0.5, 0.4]]], "f"),
        ints(4),
        C([0.5]),
    ),
    Op(
        "NonMaxSuppression",
        np.array([[[0, 0, 2, 2], [0, 0, 2, 2.1], [3, 3, 5, 5], [0, 1, 2, 3]]], "f"),
        np.array([[[0.3, 0.9, 0.5, 0.4]]], "f"),
        ints(2),
        C([0.5]),
        C([0.35]),
    ),
    Op("ReverseSequence", real(4, 3, 2), np.array([1, 4, 3], "int64")),
    Op(
        "DeformConv",
        real(2, 4, 5, 6),
        C(real(3, 4, 3, 3)),
        real(2, 18, 5, 6, low=-2, high=2),
        C(real(3)),
        real(2, 9, 5, 6, low=0),
        pads=(1, 1, 1, 1),
    ),
    Op(
        "DeformConv",
        real(1, 4, 7, 6),
        C(real(6, 2, 3, 2)),
        real(1, 24, 3, 3, low=-2, high=2),
        group=2,
        offset_group=2,
        strides=(2, 2),
        pads=(1, 1, 0, 1),
        dilations=(1, 2),
    ),
]
