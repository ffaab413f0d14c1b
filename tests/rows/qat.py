"""The fused and composed modules of QAT and of quantized networks that `quantization` has no rows of."""

from __future__ import annotations

from typing import Any

from tests.harness import Code, X

from .quantization import CONVERT, END, IMAGE, SETUP, VECTOR, rows

BRANCHES = """
class Branches(M.Module):
    def __init__(self):
        super().__init__()
        self.quant, self.dequant = M.QuantStub(), M.DequantStub()
        self.left, self.right = M.Conv2d(4, 6, 3), M.Conv2d(4, 6, 3)
        self.join = {join}

    def forward(self, x):
        x = self.quant(x)
        return self.dequant(self.join({arguments}))
"""
"""A module that takes several tensors needs a network that makes them."""


LOOSE = {"rtol": 1e-2, "reason": "onnxruntime makes one of two quantizations in a row: one step of the int8 grid"}


def joined(name: str, join: str, arguments: str, **loose: Any) -> list[Code]:
    setup = BRANCHES.format(join=join, arguments=arguments) + SETUP.format(
        modules="[Branches()]", qconfig="ema_fakequant_qconfig", shape=IMAGE.shape
    )
    return [
        Code("self.net(x)", IMAGE, init=setup + END, id=f"qat-{name}"),
        Code("self.net(x)", IMAGE, init=setup + CONVERT + END, id=f"quantized-{name}", **loose),
    ]


BATCHED = """
from megengine.core.tensor.dtype import qint8, qint32
random = np.random.RandomState(3)
self.w = mge.Parameter(mge.tensor(random.uniform(-1, 1, (2, 4, 4, 3, 3)).astype("float32")).astype(qint8(0.01)))
self.b = mge.Parameter(mge.tensor(random.uniform(-1, 1, (1, 4, 1, 1)).astype("float32")).astype(qint32(0.0002)))
self.grids = qint8(0.02), qint8(0.05)
"""

ROWS = [
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
    *joined("add", "M.Elemwise('add')", "self.left(x), self.right(x)"),
    *joined("add-relu", "M.Elemwise('fuse_add_relu')", "self.left(x), self.right(x)"),
    *joined("mul", "M.Elemwise('mul')", "self.left(x), self.right(x)"),
    *joined("sigmoid", "M.Elemwise('sigmoid')", "self.left(x)"),
    *joined("concat", "M.Concat()", "[self.left(x), self.right(x)], 1", **LOOSE),
    *rows(
        "conv-transpose-relu",
        "[M.QuantStub(), M.ConvTransposeRelu2d(4, 3, 3), M.DequantStub()]",
        IMAGE,
        quantized=False,
    ),
    *rows(
        "conv-transpose-bn-relu",
        "[M.QuantStub(), M.ConvTransposeBnRelu2d(4, 3, 3), M.DequantStub()]",
        IMAGE,
        quantized=False,
    ),
    *rows("linear-bn-relu", "[M.QuantStub(), M.LinearBnRelu1d(8, 5), M.DequantStub()]", VECTOR),
    *rows("linear-relu-both", "[M.QuantStub(), M.LinearRelu(8, 5), M.DequantStub()]", VECTOR),
    *rows(
        "batch-matmul",
        "[M.QuantStub(), M.BatchMatMulActivation(3, 8, 5), M.DequantStub()]",
        X(3, 8, 5, low=-2, high=2),
    ),
]
