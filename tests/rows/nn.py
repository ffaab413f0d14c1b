"""Neural network functions."""

from __future__ import annotations

from tests.harness import Case, Code, P, X

F = "megengine.functional.nn."

ACTIVATIONS = ["gelu", "hsigmoid", "hswish", "logsigmoid", "silu", "softplus"]
STATISTICS = (P(1, 3, 1, 1), P(1, 3, 1, 1, low=0.5, high=1.5))
"""Running mean and variance of three channels."""

PAIRS = {"stride": (2, 2), "padding": (1, 1), "dilation": (1, 1)}
"""With output_padding MegEngine takes pairs only."""

ROWS = [
    Case(F + "avg_pool2d", (X(1, 3, 8, 8), 2)),
    Case(F + "avg_pool2d", (X(1, 3, 7, 7), 7)),
    Case(F + "avg_pool2d", (X(1, 3, 9, 8), (3, 2)), {"stride": (2, 1), "padding": (1, 0)}),
    Case(F + "avg_pool2d", (X(1, 3, 8, 8), 3), {"stride": 2, "padding": 1, "mode": "average"}),
    Case(F + "conv2d", (X(1, 3, 8, 8), P(4, 3, 3, 3))),
    Case(F + "conv2d", (X(2, 3, 8, 8), P(4, 3, 3, 3), P(1, 4, 1, 1)), {"stride": 2, "padding": 1}),
    Case(F + "conv2d", (X(1, 4, 9, 8), P(2, 3, 2, 3, 3)), {"padding": (2, 1), "dilation": (2, 1), "groups": 2}),
    Case(F + "conv2d", (X(1, 4, 8, 8), P(4, 1, 1, 3, 3), P(1, 4, 1, 1)), {"groups": 4, "padding": 1}),
    Case(F + "conv2d", (X(1, 3, 6, 6), X(4, 3, 3, 3))),
    Case(F + "relu", (X(2, 3, 4, 4),)),
    Case(F + "relu6", (X(2, 3, 4, 4, low=-9, high=9),)),
    Case(F + "sigmoid", (X(2, 3, 4, low=-6, high=6),)),
    Case(F + "softmax", (X(2, 3, 4, low=-4, high=4), -1)),
    Case(F + "softmax", (X(2, 3, 4, low=-4, high=4),), {"axis": 1}),
    Case(F + "softmax", (X(2, 5, low=-90, high=90),)),
    Case(F + "softmax", (X(2, 3, 4, 5),)),
    Code(
        "F.softmax(F.matmul(x, y, transpose_b=True) / 2.0 + z, axis=-1)",
        X(1, 2, 5, 4),
        X(1, 2, 5, 4),
        X(1, 1, 1, 5),
        id="attention",
    ),
    *(Case(F + name, (X(2, 3, 4, low=-6, high=6),)) for name in ACTIVATIONS),
    Case(F + "leaky_relu", (X(2, 3, 4),)),
    Case(F + "leaky_relu", (X(2, 3, 4),), {"negative_slope": 0.2}),
    Case(F + "prelu", (X(2, 3, 4, 4), P(1, 3, 1, 1))),
    Case(F + "prelu", (X(2, 3, 4, 4), P(1))),
    Case(F + "logsoftmax", (X(2, 3, 4, low=-4, high=4), 1)),
    Case(F + "logsumexp", (X(2, 3, 4, low=-4, high=4), 1)),
    Case(F + "logsumexp", (X(2, 3, 4, low=-4, high=4), -1), {"keepdims": True}),
    Case(F + "logsumexp", (X(2, 3, 4), (0, 2))),
    Case(F + "max_pool2d", (X(1, 3, 8, 8), 2)),
    Case(F + "max_pool2d", (X(1, 3, 9, 7), (3, 2)), {"stride": (2, 1), "padding": (1, 0)}),
    Case(F + "adaptive_avg_pool2d", (X(1, 3, 7, 8), 1)),
    Case(F + "adaptive_avg_pool2d", (X(1, 3, 7, 8), (3, 2))),
    Case(F + "adaptive_max_pool2d", (X(1, 3, 7, 8), (3, 2))),
    Case(F + "adaptive_max_pool2d", (X(1, 3, 6, 6), 2)),
    Case(F + "conv1d", (X(2, 3, 9), P(4, 3, 3), P(1, 4, 1)), {"stride": 2, "padding": 1}),
    Case(F + "conv1d", (X(2, 4, 9), P(3, 4, 3)), {"dilation": 2}),
    Case(F + "conv3d", (X(1, 2, 5, 6, 7), P(3, 2, 3, 3, 3), P(1, 3, 1, 1, 1)), {"stride": (1, 2, 2), "padding": 1}),
    Case(F + "conv_transpose2d", (X(1, 3, 5, 6), P(3, 4, 3, 3), P(1, 4, 1, 1)), {"stride": 2, "padding": 1}),
    Case(F + "conv_transpose2d", (X(1, 4, 5, 6), P(2, 2, 3, 4, 4)), {"stride": 2, "groups": 2}),
    Case(F + "conv_transpose2d", (X(1, 3, 5, 6), P(3, 4, 3, 3)), {**PAIRS, "output_padding": (1, 1)}),
    Case(F + "conv_transpose2d", (X(1, 3, 5, 6), P(3, 4, 3, 3)), {**PAIRS, "output_padding": (1, 0)}),
    # MegEngine looks at the first number only: this one adds nothing
    Case(F + "conv_transpose2d", (X(1, 3, 5, 6), P(3, 4, 3, 3)), {**PAIRS, "output_padding": (0, 1)}),
    Case(F + "conv_transpose3d", (X(1, 2, 3, 4, 5), P(2, 3, 3, 3, 3)), {"stride": 2, "padding": 1}),
    Case(F + "batch_norm", (X(2, 3, 4, 4), *STATISTICS), {"training": False}),
    Case(
        F + "batch_norm", (X(2, 3, 4, 4), *STATISTICS, P(1, 3, 1, 1), P(1, 3, 1, 1)), {"training": False, "eps": 0.01}
    ),
    Case(F + "sync_batch_norm", (X(2, 3, 4, 4), *STATISTICS, P(1, 3, 1, 1), P(1, 3, 1, 1)), {"eps": 0.01}),
    Case(F + "dropout", (X(2, 3), 0.5), {"training": False}),
    Case(F + "embedding", (X(2, 5, dtype="int32"), P(10, 4))),
    Case(F + "linear", (X(2, 6), P(4, 6), P(4))),
    Case(F + "linear", (X(2, 3, 6), P(4, 6))),
    Case(F + "layer_norm", (X(2, 3, 4), (4,), True, P(4), P(4))),
    Case(F + "layer_norm", (X(2, 3, 4), (3, 4), False), {"eps": 1e-3}),
    Case(F + "group_norm", (X(2, 6, 4, 4), 3, True, P(6), P(6))),
    Case(F + "group_norm", (X(2, 6, 4, 4), 2, False), {"eps": 1e-3}),
    Case(F + "instance_norm", (X(2, 3, 4, 4), True, P(3), P(3))),
    Case(F + "instance_norm", (X(2, 3, 4, 4), False)),
    Case(F + "general_norm", (X(2, 3, 4, 5), (1, 3), True, P(3, 5), P(3, 5))),
    Case(F + "general_norm", (X(2, 3, 4, 5), (-1,), False)),
    Case(F + "local_response_norm", (X(1, 7, 4, 4),)),
    Case(F + "local_response_norm", (X(1, 7, 4, 4), 3, 1.0), {"alpha": 0.01, "beta": 0.5}),
    Case(F + "pad", (X(1, 2, 4, 5), ((0, 0), (0, 1), (1, 2), (3, 0))), {"constant_value": 2.5}),
    Case(F + "pad", (X(1, 2, 4, 5), ((0, 0), (0, 0), (1, 2), (3, 0))), {"mode": "reflect"}),
    Case(F + "pad", (X(1, 2, 4, 5), ((0, 0), (0, 0), (1, 2), (3, 0))), {"mode": "replicate"}),
]
