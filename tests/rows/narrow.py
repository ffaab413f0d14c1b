"""Functions of images and activations on tensors of integers and of float16."""

from __future__ import annotations

from tests.harness import Code, X

FORMS = {
    "resize": ("F.vision.interpolate(x, size=(12, 12))", "uint8 int8"),
    "resize-nearest": ("F.vision.interpolate(x, size=(9, 9), mode='nearest')", "uint8 int8 float16"),
    "resize-corners": ("F.vision.interpolate(x, size=(11, 11), align_corners=True)", "uint8 int8 float16"),
    "roi-align": ("F.vision.roi_align(x, mge.Tensor([[0, 0.5, 0.5, 4.5, 3.5]]), 2)", "uint8 int8 int32 float16"),
    "leaky-relu": ("F.leaky_relu(x - 50, 0.125)", "int8 int16 int32"),
    "max-pool": ("F.max_pool2d(x, 2)", "int8"),
    "average-pool": ("F.avg_pool2d(x, 2)", "int8"),
    "global-average": ("F.adaptive_avg_pool2d(x, 1)", "int8"),
    "adaptive-average": ("F.adaptive_avg_pool2d(x, 2)", "int8"),
    "negative-averages": ("F.avg_pool2d(x - 50, 2), F.adaptive_avg_pool2d(x - 90, (1, 2))", "int8"),
    "resize-cubic": ("F.vision.interpolate(x * 2, size=(9, 9), mode='bicubic')", "uint8"),
    "norm": ("F.norm(x, axis=1)", "uint8 int8 int32"),
    "matmul": ("F.matmul(x, x)", "int8"),
    "pad": ("F.nn.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), 'reflect')", "uint8 int8 int16 int32"),
}

ROWS = [
    Code(code, X(1, 2, 6, 6, dtype=dtype, low=0, high=100), id=f"{name}-{dtype}")
    for name, (code, dtypes) in FORMS.items()
    for dtype in dtypes.split()
]
