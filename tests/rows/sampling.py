"""Images read at computed positions, regions of interest, correlation, deformable and local convolutions."""

from __future__ import annotations

from tests.harness import Case, P, X

V = "megengine.functional.vision."
NN = "megengine.functional.nn."
OP = "megengine.core.ops.builtin."
M = "megengine.module."
IMAGE = X(2, 3, 5, 6)
MAP = X(2, 4, 3, 2, low=-2, high=7)
AFFINE = P(values=[[[1, 0.1, 0.5], [-0.2, 0.9, 0.25]], [[0.5, 0, 1], [0, 0.5, -1.25]]])
PERSPECTIVE = P(values=[[[1, 0.1, 0.5], [0, 1, 0.25], [0.01, 0.02, 1]], [[0.9, 0, -1], [0.1, 1, 0], [0, 0, 1]]])
ROIS = P(values=[[0, 0.5, 0.5, 4.5, 3.5], [1, 0, 0, 5, 4], [1, 2, 1, 3, 4]])
OVER = X(values=[[0, -3, -2, 7, 8], [1, 4, 3, 9, 9], [0, -0.5, -0.5, 5.5, 4.5], [1, 8, 8, 9, 9]])
BOXES = X(values=[[0, 0, 10, 10], [0, 0, 10, 9], [20, 20, 30, 30], [0, 5, 10, 15], [0, 0, 5, 10]])
SCORES = X(values=[0.5, 0.9, 0.4, 0.8, 0.3])
OFFSET, MASK = X(1, 18, 5, 5, low=-1.5, high=1.5), X(1, 9, 5, 5, low=0)
NEAR = X(values=[[[[0.2, 0.4], [3.3, 2.2]], [[-1.4, 1.6], [7.7, 5.8]]]])
MAX_REFUSED = "roi_align with other than square sampling grids, or with the maximum of the samples"
WINDOWS = "MaxRoiPool: the size of its windows depends on the boxes; RoiAlign has a TFLite form"
NATIVE = {"onnx": {"opset": 19}}
"""The first opset that has DeformConv."""

ROWS = [
    *[
        Case(V + "remap", (IMAGE, MAP), {"border_mode": mode, "scalar": 1.5})
        for mode in ("replicate", "reflect", "reflect_101", "wrap", "constant")
    ],
    *[
        Case(V + "remap", (X(1, 2, 4, 6), NEAR), {"border_mode": mode, "interp_mode": "nearest"})
        for mode in ("replicate", "reflect_101", "wrap", "constant")
    ],
    Case(OP + "Remap", (IMAGE, MAP), {"format": "NCHW", "border_type": "constant"}),
    Case(V + "warp_affine", (X(2, 5, 6, 3), AFFINE, (4, 3))),
    Case(V + "warp_affine", (IMAGE, AFFINE, (4, 3)), {"format": "NCHW", "border_mode": "constant", "border_val": 2.0}),
    Case(OP + "WarpAffine", (IMAGE, AFFINE, P(values=[4, 3], dtype="int32")), {"format": "NCHW"}),
    Case(V + "warp_perspective", (IMAGE, PERSPECTIVE, (4, 7))),
    Case(V + "warp_perspective", (IMAGE, PERSPECTIVE, (4, 7)), {"border_mode": "constant", "border_val": 2.0}),
    Case(V + "warp_perspective", (IMAGE, PERSPECTIVE, (4, 7)), {"mat_idx": (1, 0), "border_mode": "wrap"}),
    Case(OP + "WarpPerspective", (IMAGE, PERSPECTIVE, P(values=[4, 3], dtype="int32"))),
    Case(V + "roi_align", (IMAGE, ROIS, 2)),
    Case(V + "roi_align", (IMAGE, OVER, (3, 2)), {"sample_points": 3}, id="roi_align-over-the-border"),
    Case(V + "roi_align", (IMAGE, OVER, 2), {"spatial_scale": 0.5, "aligned": False}, id="roi_align-over-unaligned"),
    Case(V + "roi_align", (IMAGE, ROIS, (3, 2)), {"spatial_scale": 0.5, "sample_points": 3, "aligned": False}),
    Case(V + "roi_align", (IMAGE, ROIS, 2), {"mode": "max"}, refused={"tm": MAX_REFUSED}),
    Case(V + "roi_pooling", (IMAGE, ROIS, 2), refused={"tflite": WINDOWS}),
    Case(V + "roi_pooling", (IMAGE, ROIS, (3, 2)), {"scale": 0.5}, refused={"tflite": WINDOWS}),
    Case(V + "roi_pooling", (IMAGE, ROIS, 2), {"mode": "average"}, refused={"tm": "roi_pooling with mode average"}),
    *[Case(V + "nms", (BOXES, SCORES, threshold)) for threshold in (0.3, 0.5, 0.95)],
    Case(V + "nms", (BOXES, SCORES, 0.5), {"max_output": 2}),
    *[
        Case(V + "correlation", (X(2, 3, 6, 7), X(2, 3, 6, 7)), form)
        for form in (
            {},
            {"max_displacement": 2, "pad_size": 2},
            {"max_displacement": 2, "pad_size": 2, "stride2": 2},
            {"max_displacement": 1, "pad_size": 1, "is_multiply": False},
            {"kernel_size": 3, "max_displacement": 1, "pad_size": 2},
            {"max_displacement": 1, "pad_size": 1, "stride1": 2},
        )
    ],
    Case(OP + "Correlation", (X(2, 3, 6, 7), X(2, 3, 6, 7)), {"max_displacement": 2, "pad_size": 2}),
    *[
        Case(V + "cvt_color", (X(1, 3, 4, channels), mode))
        for mode, channels in (("RGB2GRAY", 3), ("BGR2GRAY", 3), ("GRAY2RGB", 1), ("RGB2YUV", 3), ("YUV2RGB", 3))
    ],
    Case(V + "cvt_color", (X(1, 6, 4, 1, dtype="uint8"), "YUV2GRAY_NV21"),
         refused={"tm": "the colour conversion YUV2GRAY_NV21 of uint8"}),
    Case(OP + "CvtColor", (X(1, 3, 4, 3),), {"mode": "RGB2GRAY"}),
    Case(NN + "deformable_conv2d", (X(1, 2, 5, 5), P(3, 2, 3, 3), OFFSET, MASK), {"padding": 1}, options=NATIVE),
    Case(NN + "deformable_conv2d", (X(1, 2, 5, 5), P(3, 2, 3, 3), OFFSET, MASK, P(1, 3, 1, 1)), {"padding": 1},
         options=NATIVE),
    Case(NN + "deformable_conv2d", (X(1, 4, 5, 5), P(2, 2, 2, 3, 3), X(1, 36, 3, 3), X(1, 18, 3, 3)),
         {"padding": 1, "stride": 2, "groups": 2}, options=NATIVE),
    Case(M + "conv.DeformableConv2d", (X(1, 2, 5, 5), OFFSET, MASK), init=(2, 3, 3), init_kwargs={"padding": 1},
         options=NATIVE),
    Case(NN + "local_conv2d", (X(2, 3, 5, 6), P(1, 3, 4, 3, 3, 3, 2))),
    Case(NN + "local_conv2d", (X(2, 4, 5, 6), P(2, 3, 3, 2, 3, 3, 2)), {"stride": 2, "padding": 1}),
    Case(M + "conv.LocalConv2d", (X(1, 2, 5, 6),), init=(2, 3, 5, 6, 3)),
    Case(NN + "region_restricted_conv",
         (X(1, 2, 5, 5), P(2, 1, 1, 3, 3), X(1, 5, 5, dtype="int32", high=2), X(1, 3, 3, dtype="int32", high=2)),
         {"groups": 2}),
    Case(M + "conv.RegionRestrictedConv",
         (X(1, 2, 5, 5), X(1, 5, 5, dtype="int32", high=2), X(1, 5, 5, dtype="int32", high=2)),
         init=(2, 2, 3), init_kwargs={"groups": 2, "padding": 1}),
]  # fmt: skip
