"""Raw operators of convolutions, regions and copies, and functions that are only seen in old files or built by hand."""

from __future__ import annotations

from tests.harness import Case, Code, P, X

OP = "megengine.core.ops.builtin."
CONV = {"stride_h": 2, "stride_w": 1, "pad_h": 1, "pad_w": 0, "dilate_h": 1, "dilate_w": 2}
SAME = {"stride_h": 1, "stride_w": 1, "pad_h": 1, "pad_w": 1, "dilate_h": 1, "dilate_w": 1}
ROIS = P(values=[[0, 1, 1, 6, 6], [0, 0, 2, 5, 7]])
OFFSET, MASK = X(1, 18, 5, 5), X(1, 9, 5, 5, low=0)
REGION_IN, REGION_OUT = P(1, 5, 5, dtype="int32", high=3), P(1, 5, 5, dtype="int32", high=3)

ROWS = [
    Case("megengine.functional.math.isinf", (X(values=[1.0, float("inf"), float("-inf"), float("nan")]),)),
    Case("megengine.functional.math.isinf", (X(2, 3, dtype="int32"),)),
    Case(OP + "DeformableConv", (X(1, 3, 5, 5), P(4, 3, 3, 3), OFFSET, MASK), SAME),
    Case(OP + "GroupLocal", (X(1, 2, 5, 6), P(1, 3, 6, 2, 3, 3, 4)), SAME | {"stride_h": 2, "pad_w": 1}),
    Case(
        OP + "RegionRestrictedConvolution",
        (X(1, 4, 5, 5), P(4, 1, 1, 3, 3), REGION_IN, REGION_OUT),
        SAME | {"sparse": "group"},
    ),
    Code(
        "apply(builtin.ROIAlign(mode='average', pooled_height=2, pooled_width=3, sample_height=2, sample_width=2), "
        "x, self.rois)[0]",
        X(1, 2, 8, 8),
        rois=ROIS,
        id="ROIAlign",
    ),
    Code(
        "apply(builtin.ROIPooling(mode='max', scale=1.0), x, self.rois, self.size)[0]",
        X(1, 2, 8, 8),
        rois=ROIS,
        size=P(values=[2, 3], dtype="int32"),
        id="ROIPooling",
        refused={"tflite": "the size of its windows depends on the boxes"},
    ),
    Case(OP + "FastpathCopy", (X(2, 3),)),
    Case(OP + "Borrow", (X(2, 3),), {"comp_node": "cpu0"}),
    Case(
        OP + "ConvBias",
        (X(1, 3, 7, 8), P(4, 3, 3, 3), P(1, 4, 1, 1)),
        CONV | {"nonlineMode": "relu", "dtype": "float32"},
    ),
    Case(
        OP + "ConvBias",
        (X(1, 3, 7, 8), P(4, 3, 3, 3), P(1, 4, 1, 1)),
        CONV | {"nonlineMode": "identity", "dtype": "float32"},
    ),
    Case(
        "megengine.functional.quantized.conv_bias_activation",
        (X(1, 3, 7, 8), P(4, 3, 3, 3), P(1, 4, 1, 1)),
        {"dtype": "float32", "nonlinear_mode": "relu", "padding": 1},
    ),
    Case(
        "megengine.functional.quantized.conv_transpose2d",
        (X(1, 3, 4, 5), P(3, 4, 3, 3)),
        {"dtype": "float32", "stride": 2},
    ),
    Code(
        "self.net(x)", X(2, 3), init="self.net = M.Sequential(M.ReLU(), M.Linear(3, 4), M.Sigmoid())", id="Sequential"
    ),
    Code("x.T", X(2, 3), id="Tensor.T"),
    Code("x.to('cpu0') + 1", X(2, 3), id="Tensor.to"),
    Code("y = x + 1\ny.reset_zero()\nreturn y", X(2, 3), id="Tensor.reset_zero"),
    Code("[row * 2 for row in x]", X(2, 3), id="Tensor.__iter__"),
    Code("x + len(x) + x.ndim", X(2, 3), id="Tensor.__len__"),
    Code("x.reshape(x.shape[1], x.shape[0]) + x.size", X(2, 3), id="Tensor.shape"),
]
