"""Vision: sampling at computed positions, regions of interest, boxes."""

from __future__ import annotations

import numpy as np

from tests.harness.operators import Op, P, X, ints

HALVES = X(values=np.stack(np.meshgrid(np.arange(-20, 21) / 10, [-0.2, 0.0]), -1)[None])
"""Positions in -1 to 1 that lie between two of five pixels, and beyond both edges."""
ROIS = X(values=[[1, 2, 9, 11], [-9, -4, 30, 20], [3, 3, 3.5, 4], [14, 15, 40, 30]])

ROWS = [
    *(
        Op(
            "GridSample",
            X(2, 3, 4, 5),
            X(2, 6, 3, 2, low=-3.0, high=3.0),
            mode=mode,
            padding_mode=padding,
            align_corners=corners,
        )
        for mode in ("linear", "nearest", "cubic")
        for padding in ("zeros", "border", "reflection")
        for corners in (0, 1)
    ),
    Op("GridSample", X(1, 1, 5, 5), HALVES, mode="nearest", padding_mode="reflection"),
    Op("GridSample", X(1, 2, 4, 4, 4), X(1, 3, 3, 3, 3)),
    Op("GridSample", X(2, 2, 4, 3, 5), X(2, 3, 3, 3, 3, low=-4.0, high=4.0), mode="nearest", padding_mode="border"),
    Op(
        "GridSample", X(2, 2, 4, 3, 5), X(2, 3, 3, 3, 3, low=-4.0, high=4.0), padding_mode="reflection", align_corners=1
    ),
    Op("RoiAlign", X(1, 2, 8, 8), P(values=[[0, 0, 4, 4]]), P(values=[0], dtype="int64")),
    *(
        Op(
            "RoiAlign",
            X(2, 3, 8, 9),
            ROIS,
            X(values=[1, 0, 1, 0], dtype="int64"),
            sampling_ratio=ratio,
            output_height=3,
            output_width=2,
            spatial_scale=0.5,
        )
        for ratio in (1, 3)
    ),
    Op(
        "RoiAlign",
        X(2, 3, 8, 9),
        ROIS,
        X(values=[1, 0, 1, 0], dtype="int64"),
    ),
    Op(
        "RoiAlign",
        X(2, 3, 8, 9),
        ROIS,
        X(values=[1, 0, 1, 0], dtype="int64"),
        sampling_ratio=2,
        mode="max",
    ),
    Op(
        "RoiAlign",
        X(1, 2, 8, 8),
        P(values=[[0, 0, 4, 4]]),
        P(values=[0], dtype="int64"),
        coordinate_transformation_mode="output_half_pixel",
    ),
    *(
        Op("GridSample", X(2, 3, 5, 6), X(2, 4, 3, 2, low=-1.3, high=1.3), mode=m, padding_mode=p, align_corners=a)
        for m in ("linear", "nearest")
        for p in ("zeros", "border", "reflection")
        for a in (0, 1)
    ),
    *(
        Op(
            "RoiAlign",
            X(2, 3, 9, 8),
            X(values=[[0, 0, 5, 6], [1.3, 2.2, 7.9, 8.8], [-3, -3, 12, 14], [2, 2, 2.5, 2.5]]),
            X(values=[0, 1, 1, 0], dtype="int64"),
            output_height=3,
            output_width=2,
            sampling_ratio=2,
            spatial_scale=sc,
            coordinate_transformation_mode=r,
        )
        for r in ("half_pixel", "output_half_pixel")
        for sc in (1.0, 0.5)
    ),
    Op(
        "NonMaxSuppression",
        X(values=[[[0, 0, 2, 2], [0, 0, 2, 2.1], [3, 3, 5, 5], [0, 1, 2, 3]]]),
        X(values=[[[0.3, 0.9, 0.5, 0.4]]]),
        ints(4),
        P(values=[0.5]),
    ),
    Op(
        "NonMaxSuppression",
        X(values=[[[0, 0, 2, 2], [0, 0, 2, 2.1], [3, 3, 5, 5], [0, 1, 2, 3]]]),
        X(values=[[[0.3, 0.9, 0.5, 0.4]]]),
        ints(2),
        P(values=[0.5]),
        P(values=[0.35]),
    ),
]
