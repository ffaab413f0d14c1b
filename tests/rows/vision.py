"""Images read at computed positions, warps, regions of interest, boxes, correlation and colours."""

from __future__ import annotations

from tests.harness import OP, Case, Code, F, P, X
from tests.harness.dtypes import images

IMAGE = X(2, 3, 5, 6)
MAP = X(2, 4, 3, 2, low=-2, high=7)
AFFINE = P(values=[[[1, 0.1, 0.5], [-0.2, 0.9, 0.25]], [[0.5, 0, 1], [0, 0.5, -1.25]]])
PERSPECTIVE = P(values=[[[1, 0.1, 0.5], [0, 1, 0.25], [0.01, 0.02, 1]], [[0.9, 0, -1], [0.1, 1, 0], [0, 0, 1]]])
ROIS = P(values=[[0, 0.5, 0.5, 4.5, 3.5], [1, 0, 0, 5, 4], [1, 2, 1, 3, 4]])
OVER = X(values=[[0, -3, -2, 7, 8], [1, 4, 3, 9, 9], [0, -0.5, -0.5, 5.5, 4.5], [1, 8, 8, 9, 9]])
BOXES = X(values=[[0, 0, 10, 10], [0, 0, 10, 9], [20, 20, 30, 30], [0, 5, 10, 15], [0, 0, 5, 10]])
SCORES = X(values=[0.5, 0.9, 0.4, 0.8, 0.3])
NEAR = X(values=[[[[0.2, 0.4], [3.3, 2.2]], [[-1.4, 1.6], [7.7, 5.8]]]])
MAX_REFUSED = "roi_align with other than square sampling grids, or with the maximum of the samples"
WINDOWS = "MaxRoiPool: the size of its windows depends on the boxes; RoiAlign has a TFLite form"
GENERAL = [[[0.61, 0.13, -1.07], [-0.11, 0.57, 0.43]]]
TIES = [[[1, 0, 1 / 64], [0, 1, 3 / 64 - 2]]]
"""Halfway between two positions on the grid."""
HALVES = [[[0.5, 0, -2.5], [0, 0.5, 0.5]]]
"""Halfway between two pixels."""
BENT = [[0.0031, 0.0017, 1]]
STRAIGHT = [[0, 0, 1]]
SIZE = (10, 12)


def image(channels: int, dtype: str = "float32") -> X:
    low, high = (-100, 100) if dtype == "int8" else (0, 200)
    return X(1, 9, 11, channels, dtype=dtype, low=low, high=high)


def form(border: str = "replicate", mode: str = "linear") -> dict[str, object]:
    return {"format": "NHWC", "border_mode": border, "interp_mode": mode, "border_val": 7.0}


def matrix(values: list[list[list[float]]], third: list[list[float]]) -> P:
    return P(values=[values[0] + third])


ON_GRID = [(count, dtype) for count in (1, 2, 3) for dtype in ("float32", "uint8")]

REGIONS = P(values=[[0, 1, 1, 6, 6], [0, 0, 2, 5, 7]])
SORTED_BOXES = P(values=[[[0, 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30], [0, 0, 9, 10]]])

ROWS = [
    *[
        Case(F + "vision.remap", (IMAGE, MAP), {"border_mode": mode, "scalar": 1.5})
        for mode in ("replicate", "reflect", "reflect_101", "wrap", "constant")
    ],
    *[
        Case(F + "vision.remap", (X(1, 2, 4, 6), NEAR), {"border_mode": mode, "interp_mode": "nearest"})
        for mode in ("replicate", "reflect_101", "wrap", "constant")
    ],
    Case(OP + "Remap", (IMAGE, MAP), {"format": "NCHW", "border_type": "constant"}),
    Case(F + "vision.warp_affine", (X(2, 5, 6, 3), AFFINE, (4, 3))),
    Case(
        F + "vision.warp_affine",
        (IMAGE, AFFINE, (4, 3)),
        {"format": "NCHW", "border_mode": "constant", "border_val": 2.0},
    ),
    Case(OP + "WarpAffine", (IMAGE, AFFINE, P(values=[4, 3], dtype="int32")), {"format": "NCHW"}),
    Case(F + "vision.warp_perspective", (IMAGE, PERSPECTIVE, (4, 7))),
    Case(F + "vision.warp_perspective", (IMAGE, PERSPECTIVE, (4, 7)), {"border_mode": "constant", "border_val": 2.0}),
    Case(F + "vision.warp_perspective", (IMAGE, PERSPECTIVE, (4, 7)), {"mat_idx": (1, 0), "border_mode": "wrap"}),
    Case(OP + "WarpPerspective", (IMAGE, PERSPECTIVE, P(values=[4, 3], dtype="int32"))),
    Case(F + "vision.roi_align", (IMAGE, ROIS, 2)),
    Case(F + "vision.roi_align", (IMAGE, OVER, (3, 2)), {"sample_points": 3}, id="roi_align-over-the-border"),
    Case(
        F + "vision.roi_align",
        (IMAGE, OVER, 2),
        {"spatial_scale": 0.5, "aligned": False},
        id="roi_align-over-unaligned",
    ),
    Case(F + "vision.roi_align", (IMAGE, ROIS, (3, 2)), {"spatial_scale": 0.5, "sample_points": 3, "aligned": False}),
    Case(F + "vision.roi_align", (IMAGE, ROIS, 2), {"mode": "max"}, refused={"tm": MAX_REFUSED}),
    Case(F + "vision.roi_pooling", (IMAGE, ROIS, 2), refused={"tflite": WINDOWS}),
    Case(F + "vision.roi_pooling", (IMAGE, ROIS, (3, 2)), {"scale": 0.5}, refused={"tflite": WINDOWS}),
    Case(
        F + "vision.roi_pooling", (IMAGE, ROIS, 2), {"mode": "average"}, refused={"tm": "roi_pooling with mode average"}
    ),
    *[Case(F + "vision.nms", (BOXES, SCORES, threshold)) for threshold in (0.3, 0.5, 0.95)],
    Case(F + "vision.nms", (BOXES, SCORES, 0.5), {"max_output": 2}),
    *[
        Case(F + "vision.correlation", (X(2, 3, 6, 7), X(2, 3, 6, 7)), form)
        for form in (
            {},
            {"max_displacement": 2, "pad_size": 2},
            {"max_displacement": 2, "pad_size": 2, "stride2": 2},
            {"max_displacement": 1, "pad_size": 1, "is_multiply": False},
            {"kernel_size": 3, "max_displacement": 1, "pad_size": 2},
            {"kernel_size": 2, "max_displacement": 1, "pad_size": 1},
            {"kernel_size": 4, "max_displacement": 2, "pad_size": 3, "stride1": 2, "stride2": 2},
            {"max_displacement": 1, "pad_size": 1, "stride1": 2},
        )
    ],
    Case(OP + "Correlation", (X(2, 3, 6, 7), X(2, 3, 6, 7)), {"max_displacement": 2, "pad_size": 2}),
    *[
        Case(F + "vision.cvt_color", (X(1, 3, 4, channels), mode))
        for mode, channels in (("RGB2GRAY", 3), ("BGR2GRAY", 3), ("GRAY2RGB", 1), ("RGB2YUV", 3), ("YUV2RGB", 3))
    ],
    Case(
        F + "vision.cvt_color",
        (X(1, 6, 4, 1, dtype="uint8"), "YUV2GRAY_NV21"),
        refused={"tm": "the colour conversion YUV2GRAY_NV21 of uint8"},
    ),
    Case(OP + "CvtColor", (X(1, 3, 4, 3),), {"mode": "RGB2GRAY"}),
    *(
        Case(
            F + "vision.warp_affine",
            (image(channels, dtype), P(values=values), SIZE),
            form(),
            id=f"affine-{name}-{channels}-{dtype}",
        )
        for channels, dtype in [*ON_GRID, (4, "float32")]
        for name, values in (("general", GENERAL), ("ties", TIES))
    ),
    Case(F + "vision.warp_affine", (image(1, "int8"), P(values=GENERAL), SIZE), form(), id="affine-general-1-int8"),
    *(
        Case(
            F + "vision.warp_perspective",
            (image(channels, dtype), matrix(values, third), SIZE),
            form(),
            id=f"perspective-{name}-{channels}-{dtype}",
        )
        for channels in (1, 3, 4)
        for dtype in ("float32", "uint8")
        for name, values, third in (("general", GENERAL, BENT), ("ties", TIES, STRAIGHT))
    ),
    *(
        Case(
            F + "vision.warp_affine",
            (image(1), P(values=values), SIZE),
            form(border, mode),
            id=f"affine-{border}-{mode}-{name}",
        )
        for border in ("constant", "reflect", "reflect_101", "wrap")
        for mode in ("linear", "nearest")
        for name, values in (("general", GENERAL), ("halves", HALVES))
    ),
    *(
        Case(
            F + "vision.warp_perspective",
            (image(3), matrix(HALVES, STRAIGHT), SIZE),
            form(border, mode),
            id=f"perspective-{border}-{mode}-halves",
        )
        for border in ("constant", "replicate", "wrap")
        for mode in ("linear", "nearest")
    ),
    Case(F + "vision.warp_affine", (image(3), X(values=GENERAL), SIZE), form(), id="affine-by-a-matrix-of-the-run"),
    *(
        Case(
            F + "vision.remap",
            (X(1, 2, 5, 6, dtype=dtype, high=100), X(1, 4, 3, 2, low=-2, high=7)),
            id=f"remap-{dtype}",
        )
        for dtype in ("uint8", "int8")
    ),
    Case(
        F + "vision.warp_perspective",
        (X(1, 2, 9, 11, dtype="uint8", high=99), matrix(GENERAL, BENT), SIZE),
        id="channels-first-uint8",
    ),
    Case(
        OP + "WarpAffine",
        (image(3), P(values=GENERAL), P(values=[10, 12], dtype="int32")),
        {"format": "NHWC", "border_mode": "replicate", "imode": "linear", "border_val": 0.0},
    ),
    Case(OP + "NMSKeep", (SORTED_BOXES,), {"iou_thresh": 0.5, "max_output": 3}),
    Case(OP + "NMSKeep", (SORTED_BOXES,), {"iou_thresh": 0.95, "max_output": 6}),
    Code(
        "apply(builtin.ROIAlign(mode='average', pooled_height=2, pooled_width=3, sample_height=2, sample_width=2), "
        "x, self.rois)[0]",
        X(1, 2, 8, 8),
        rois=REGIONS,
        id="ROIAlign",
    ),
    Code(
        "apply(builtin.ROIPooling(mode='max', scale=1.0), x, self.rois, self.size)[0]",
        X(1, 2, 8, 8),
        rois=REGIONS,
        size=P(values=[2, 3], dtype="int32"),
        id="ROIPooling",
        refused={"tflite": "the size of its windows depends on the boxes"},
    ),
    *images(
        {
            "roi-align": (
                "F.vision.roi_align(x, mge.Tensor([[0, 0.5, 0.5, 4.5, 3.5]]), 2)",
                "uint8 int8 int32 float16",
            ),
        }
    ),
]
