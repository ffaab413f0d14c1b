"""Operators of fake and of real quantization, called by themselves."""

from __future__ import annotations

from tests.harness import OP, Case, Code, F, M, P, X

STRIDED = {"stride_h": 2, "stride_w": 1, "pad_h": 1, "pad_w": 0, "dilate_h": 1, "dilate_w": 2}
BATCHED = """
from megengine.core.tensor.dtype import qint8, qint32
random = np.random.RandomState(3)
self.w = mge.Parameter(mge.tensor(random.uniform(-1, 1, (2, 4, 4, 3, 3)).astype("float32")).astype(qint8(0.01)))
self.b = mge.Parameter(mge.tensor(random.uniform(-1, 1, (1, 4, 1, 1)).astype("float32")).astype(qint32(0.0002)))
self.grids = qint8(0.02), qint8(0.05)
"""

ROWS = [
    Case(M + "quant_dequant.QuantStub", (X(2, 3),)),
    Case(M + "quant_dequant.DequantStub", (X(2, 3),)),
    Case(
        OP + "ConvBias",
        (X(1, 3, 7, 8), P(4, 3, 3, 3), P(1, 4, 1, 1)),
        STRIDED | {"nonlineMode": "relu", "dtype": "float32"},
    ),
    Case(
        OP + "ConvBias",
        (X(1, 3, 7, 8), P(4, 3, 3, 3), P(1, 4, 1, 1)),
        STRIDED | {"nonlineMode": "identity", "dtype": "float32"},
    ),
    Case(
        F + "quantized.conv_bias_activation",
        (X(1, 3, 7, 8), P(4, 3, 3, 3), P(1, 4, 1, 1)),
        {"dtype": "float32", "nonlinear_mode": "relu", "padding": 1},
    ),
    Case(
        F + "quantized.conv_transpose2d",
        (X(1, 3, 4, 5), P(3, 4, 3, 3)),
        {"dtype": "float32", "stride": 2},
    ),
    Case(OP + "FakeQuant", (X(3, 5, low=-3, high=3), P(values=0.02), P(values=0.0)), {"qmin": -128, "qmax": 127}),
    Case(OP + "FakeQuant", (X(3, 5, low=-3, high=3), P(values=0.02), P(values=90.0)), {"qmin": 0, "qmax": 255}),
    Case(OP + "FakeQuant", (X(3, 5, low=-3, high=3), P(values=0.4), P(values=0.0)), {"qmin": -8, "qmax": 7}),
    Case(OP + "TQT", (X(3, 5, low=-3, high=3), P(values=-6.0)), {"qmin": -127, "qmax": 127}),
    Case(
        OP + "LSQ", (X(3, 5, low=-3, high=3), P(values=0.02), P(values=0.0), P(values=1.0)), {"qmin": -127, "qmax": 127}
    ),
    Code(
        "grid, result = self.grids\n"
        "y = F.quantized.batch_conv_bias_activation(x.astype(grid), self.w, self.b, dtype=result, "
        "nonlinear_mode='relu', padding=1, stride=2)\nreturn y.astype('float32')",
        X(2, 4, 5, 6, low=-2, high=2),
        init=BATCHED,
        id="batch-conv-bias",
    ),
    Code(
        "grid, result = self.grids\n"
        "op = builtin.BatchConvBias(stride_h=2, pad_w=1, dtype=result)\n"
        "return apply(op, x.astype(grid), self.w, self.b)[0].astype('float32')",
        X(2, 4, 5, 6, low=-2, high=2),
        init=BATCHED,
        id="BatchConvBias",
    ),
]
