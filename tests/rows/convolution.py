"""Convolutions, transposed, deformable, local and restricted ones, and sliding windows."""

from __future__ import annotations

from tests.harness import OP, Case, F, M, P, X
from tests.harness.dtypes import ints, matrices

CONV = M + "conv.Conv2d"
DECONV = M + "conv.ConvTranspose2d"
PAIRS = {"stride": (2, 2), "padding": (1, 1), "dilation": (1, 1)}
"""With output_padding MegEngine takes pairs only."""
STRIDED = {"stride_h": 2, "stride_w": 1, "pad_h": 1, "pad_w": 0, "dilate_h": 1, "dilate_w": 2}
STRIDED_3D = {"stride_d": 1, "stride_h": 2, "stride_w": 1, "pad_d": 0, "pad_h": 1, "pad_w": 1}
SAME = {"stride_h": 1, "stride_w": 1, "pad_h": 1, "pad_w": 1, "dilate_h": 1, "dilate_w": 1}
OFFSETS, WEIGHTS = X(1, 18, 5, 5, low=-1.5, high=1.5), X(1, 9, 5, 5, low=0)
REGION_IN, REGION_OUT = P(1, 5, 5, dtype="int32", high=3), P(1, 5, 5, dtype="int32", high=3)
NATIVE = {"onnx": {"opset": 19}}
"""The first opset that has DeformConv."""

ROWS = [
    Case(F + "nn.conv2d", (X(1, 3, 8, 8), P(4, 3, 3, 3))),
    Case(F + "nn.conv2d", (X(2, 3, 8, 8), P(4, 3, 3, 3), P(1, 4, 1, 1)), {"stride": 2, "padding": 1}),
    Case(F + "nn.conv2d", (X(1, 4, 9, 8), P(2, 3, 2, 3, 3)), {"padding": (2, 1), "dilation": (2, 1), "groups": 2}),
    Case(F + "nn.conv2d", (X(1, 4, 8, 8), P(4, 1, 1, 3, 3), P(1, 4, 1, 1)), {"groups": 4, "padding": 1}),
    Case(F + "nn.conv2d", (X(1, 3, 6, 6), X(4, 3, 3, 3))),
    Case(F + "nn.conv1d", (X(2, 3, 9), P(4, 3, 3), P(1, 4, 1)), {"stride": 2, "padding": 1}),
    Case(F + "nn.conv1d", (X(2, 4, 9), P(3, 4, 3)), {"dilation": 2}),
    Case(F + "nn.conv3d", (X(1, 2, 5, 6, 7), P(3, 2, 3, 3, 3), P(1, 3, 1, 1, 1)), {"stride": (1, 2, 2), "padding": 1}),
    Case(F + "nn.conv_transpose2d", (X(1, 3, 5, 6), P(3, 4, 3, 3), P(1, 4, 1, 1)), {"stride": 2, "padding": 1}),
    Case(F + "nn.conv_transpose2d", (X(1, 4, 5, 6), P(2, 2, 3, 4, 4)), {"stride": 2, "groups": 2}),
    Case(F + "nn.conv_transpose2d", (X(1, 3, 5, 6), P(3, 4, 3, 3)), {**PAIRS, "output_padding": (1, 1)}),
    Case(F + "nn.conv_transpose2d", (X(1, 3, 5, 6), P(3, 4, 3, 3)), {**PAIRS, "output_padding": (1, 0)}),
    # MegEngine looks at the first number only: this one adds nothing
    Case(F + "nn.conv_transpose2d", (X(1, 3, 5, 6), P(3, 4, 3, 3)), {**PAIRS, "output_padding": (0, 1)}),
    Case(F + "nn.conv_transpose3d", (X(1, 2, 3, 4, 5), P(2, 3, 3, 3, 3)), {"stride": 2, "padding": 1}),
    Case(CONV, (X(1, 3, 8, 8),), init=(3, 4, 3)),
    Case(CONV, (X(2, 3, 9, 8),), init=(3, 4, 3, 2, 1), init_kwargs={"bias": False}),
    Case(CONV, (X(1, 3, 9, 9),), init=(3, 4, (3, 1)), init_kwargs={"stride": (2, 1), "padding": (1, 0)}),
    Case(CONV, (X(1, 4, 8, 8),), init=(4, 8, 3), init_kwargs={"groups": 4, "padding": 1}),
    Case(CONV, (X(1, 4, 8, 8),), init=(4, 6, 1), init_kwargs={"groups": 2}),
    Case(CONV, (X(1, 3, 9, 9),), init=(3, 4, 3), init_kwargs={"dilation": 2, "padding": 2}),
    Case(CONV, (X(1, 3, 6, 6),), init=(3, 4, 3), init_kwargs={"padding": 1, "padding_mode": "reflect"}),
    Case(CONV, (X(1, 3, 6, 6),), init=(3, 4, 3), init_kwargs={"padding": (1, 2), "padding_mode": "replicate"}),
    Case(DECONV, (X(1, 3, 5, 6),), init=(3, 4, 2, 2)),
    Case(DECONV, (X(1, 3, 5, 6),), init=(3, 4, 3), init_kwargs={"stride": 2, "padding": 1}),
    Case(DECONV, (X(1, 3, 5, 6),), init=(3, 4, 3), init_kwargs={"stride": 2, "padding": 1, "output_padding": 1}),
    Case(DECONV, (X(1, 4, 5, 6),), init=(4, 6, 4), init_kwargs={"stride": 2, "groups": 2, "bias": False}),
    Case(M + "conv_bn.ConvBn2d", (X(1, 3, 8, 8),), init=(3, 4, 3), init_kwargs={"padding": 1}),
    Case(M + "conv_bn.ConvBn2d", (X(1, 4, 8, 8),), init=(4, 8, 1), init_kwargs={"groups": 2, "bias": False}),
    Case(M + "conv_bn.ConvBnRelu2d", (X(1, 3, 8, 8),), init=(3, 4, 3, 2), init_kwargs={"bias": False}),
    Case(M + "conv.Conv1d", (X(2, 3, 9),), init=(3, 4, 3), init_kwargs={"padding": 1, "stride": 2}),
    Case(M + "conv.Conv1d", (X(2, 3, 9),), init=(3, 4, 3), init_kwargs={"padding": 2, "padding_mode": "reflect"}),
    Case(M + "conv.Conv3d", (X(1, 2, 5, 6, 7),), init=(2, 3, 3), init_kwargs={"padding": 1}),
    Case(M + "conv.ConvTranspose3d", (X(1, 2, 3, 4, 5),), init=(2, 3, 3), init_kwargs={"stride": 2, "padding": 1}),
    Case(M + "conv.ConvRelu2d", (X(1, 3, 6, 6),), init=(3, 4, 3)),
    Case(M + "conv.ConvTransposeRelu2d", (X(1, 3, 5, 6),), init=(3, 4, 3), init_kwargs={"stride": 2}),
    Case(F + "nn.sliding_window", (X(1, 2, 5, 6), 3)),
    Case(F + "nn.sliding_window", (X(2, 2, 7, 8), (3, 2)), {"padding": (1, 2), "stride": (2, 1), "dilation": (1, 2)}),
    Case(OP + "Images2Neibs", (X(1, 2, 5, 6),), {"pad_h": 1, "stride_w": 2}),
    Case(F + "nn.sliding_window_transpose", (X(1, 2, 4, 4, 2, 2), 5, 2)),
    Case(
        F + "nn.sliding_window_transpose", (X(2, 3, 3, 4, 3, 2), (6, 5), (3, 2)), {"padding": (1, 0), "stride": (2, 1)}
    ),
    Case(F + "nn.sliding_window_transpose", (X(1, 2, 3, 3, 2, 2), (5, 6), 2), {"stride": 1, "dilation": (2, 3)}),
    Case(OP + "SlidingWindowTranspose", (X(1, 2, 4, 4, 2, 2),), {"out_h": 5, "out_w": 5, "window_h": 2, "window_w": 2}),
    Case(M + "sliding_window.SlidingWindow", (X(1, 2, 5, 6),), init=(3,), init_kwargs={"padding": 1}),
    Case(M + "sliding_window.SlidingWindowTranspose", (X(1, 2, 4, 4, 2, 2),), init=(5, 2)),
    Case(M + "conv_transpose_bn.ConvTransposeBn2d", (X(1, 3, 4, 4),), init=(3, 2, 3), init_kwargs={"stride": 2}),
    Case(M + "conv_transpose_bn.ConvTransposeBnRelu2d", (X(1, 3, 4, 4),), init=(3, 2, 3)),
    Case(F + "nn.deformable_conv2d", (X(1, 2, 5, 5), P(3, 2, 3, 3), OFFSETS, WEIGHTS), {"padding": 1}, options=NATIVE),
    Case(
        F + "nn.deformable_conv2d",
        (X(1, 2, 5, 5), P(3, 2, 3, 3), OFFSETS, WEIGHTS, P(1, 3, 1, 1)),
        {"padding": 1},
        options=NATIVE,
    ),
    Case(
        F + "nn.deformable_conv2d",
        (X(1, 4, 5, 5), P(2, 2, 2, 3, 3), X(1, 36, 3, 3), X(1, 18, 3, 3)),
        {"padding": 1, "stride": 2, "groups": 2},
        options=NATIVE,
    ),
    Case(
        M + "conv.DeformableConv2d",
        (X(1, 2, 5, 5), OFFSETS, WEIGHTS),
        init=(2, 3, 3),
        init_kwargs={"padding": 1},
        options=NATIVE,
    ),
    Case(F + "nn.local_conv2d", (X(2, 3, 5, 6), P(1, 3, 4, 3, 3, 3, 2))),
    Case(F + "nn.local_conv2d", (X(2, 4, 5, 6), P(2, 3, 3, 2, 3, 3, 2)), {"stride": 2, "padding": 1}),
    Case(M + "conv.LocalConv2d", (X(1, 2, 5, 6),), init=(2, 3, 5, 6, 3)),
    Case(
        F + "nn.region_restricted_conv",
        (X(1, 2, 5, 5), P(2, 1, 1, 3, 3), X(1, 5, 5, dtype="int32", high=2), X(1, 3, 3, dtype="int32", high=2)),
        {"groups": 2},
    ),
    Case(
        M + "conv.RegionRestrictedConv",
        (X(1, 2, 5, 5), X(1, 5, 5, dtype="int32", high=2), X(1, 5, 5, dtype="int32", high=2)),
        init=(2, 2, 3),
        init_kwargs={"groups": 2, "padding": 1},
    ),
    Case(OP + "DeformableConv", (X(1, 3, 5, 5), P(4, 3, 3, 3), X(1, 18, 5, 5), X(1, 9, 5, 5, low=0)), SAME),
    Case(OP + "GroupLocal", (X(1, 2, 5, 6), P(1, 3, 6, 2, 3, 3, 4)), SAME | {"stride_h": 2, "pad_w": 1}),
    Case(
        OP + "RegionRestrictedConvolution",
        (X(1, 4, 5, 5), P(4, 1, 1, 3, 3), REGION_IN, REGION_OUT),
        SAME | {"sparse": "group"},
    ),
    Case(OP + "Convolution", (X(1, 3, 7, 8), P(4, 3, 3, 3)), STRIDED),
    Case(OP + "Convolution", (X(1, 4, 7, 8), P(2, 3, 2, 3, 3)), STRIDED | {"sparse": "group"}),
    Case(OP + "Convolution3D", (X(1, 2, 4, 5, 6), P(3, 2, 2, 3, 3)), STRIDED_3D),
    Case(OP + "ConvolutionBackwardData", (P(3, 4, 3, 3), X(1, 3, 5, 6)), STRIDED),
    Case(OP + "ConvolutionBackwardData", (P(3, 4, 3, 3), X(1, 3, 5, 6), ints(1, 4, 10, 10)), STRIDED),
    Case(OP + "Convolution3DBackwardData", (P(2, 3, 2, 3, 3), X(1, 2, 4, 5, 6)), STRIDED_3D),
    *matrices(
        {
            "conv2d": ("F.conv2d(x.reshape(1, 1, 2, 3), x.reshape(1, 1, 2, 3), padding=1)", ["float16"]),
        }
    ),
]
