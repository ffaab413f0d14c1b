"""The fused and composed modules of QAT and of quantized networks that `quantization` has no rows of."""

from __future__ import annotations

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


def joined(name: str, join: str, arguments: str, quantized: bool = True) -> list[Code]:
    setup = BRANCHES.format(join=join, arguments=arguments) + SETUP.format(
        modules="[Branches()]", qconfig="ema_fakequant_qconfig", shape=IMAGE.shape
    )
    made = [Code("self.net(x)", IMAGE, init=setup + END, id=f"qat-{name}")]
    if quantized:
        made.append(Code("self.net(x)", IMAGE, init=setup + CONVERT + END, id=f"quantized-{name}"))
    return made


ROWS = [
    *joined("add", "M.Elemwise('add')", "self.left(x), self.right(x)"),
    *joined("add-relu", "M.Elemwise('fuse_add_relu')", "self.left(x), self.right(x)"),
    *joined("mul", "M.Elemwise('mul')", "self.left(x), self.right(x)"),
    *joined("sigmoid", "M.Elemwise('sigmoid')", "self.left(x)"),
    *joined("concat", "M.Concat()", "[self.left(x), self.right(x)], 1"),
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
