"""QAT modules (fake quantization) and quantized modules, each calibrated on random numbers in real MegEngine."""

from __future__ import annotations

from typing import Any

from tests.harness import Code, X

IMAGE = X(2, 4, 6, 6, low=-2, high=2)
VECTOR = X(3, 8, low=-2, high=2)

SETUP = """
import megengine.quantization as Q
random = np.random.RandomState(7)
net = M.Sequential(*{modules})
for parameter in net.parameters():
    parameter[...] = random.uniform(-1, 1, parameter.shape).astype("float32")
for name, buffer in net.named_buffers():
    if "running" in name:
        buffer[...] = random.uniform(0.5, 1.5, buffer.shape).astype("float32")
net = Q.quantize_qat(net, Q.{qconfig})
net.eval()
Q.enable_observer(net)
for module in net.modules():
    if hasattr(module, "enable") and hasattr(module, "min_val"):
        module.enable()
for _ in range(2):
    net(mge.tensor(random.uniform(-2, 2, {shape}).astype("float32")))
Q.disable_observer(net)
"""
CONVERT = "net = Q.quantize(net)\n"
END = "net.eval()\nself.net = net\n"


def rows(name: str, modules: str, x: X, quantized: bool = True, qconfig: str = "ema_fakequant_qconfig") -> list[Code]:
    setup = SETUP.format(modules=modules, qconfig=qconfig, shape=x.shape)
    made = [Code("self.net(x)", x, init=setup + END, id=f"qat-{name}-{qconfig}")]
    if quantized:
        made.append(Code("self.net(x)", x, init=setup + CONVERT + END, id=f"quantized-{name}"))
    return made


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


ROWS = [
    *rows("conv", "[M.QuantStub(), M.Conv2d(4, 6, 3, padding=1), M.DequantStub()]", IMAGE),
    *rows("conv-relu", "[M.QuantStub(), M.ConvRelu2d(4, 6, 3, stride=2), M.DequantStub()]", IMAGE),
    *rows("conv-bn-grouped", "[M.QuantStub(), M.ConvBn2d(4, 6, 3, groups=2), M.DequantStub()]", IMAGE),
    *rows("conv-bn-relu", "[M.QuantStub(), M.ConvBnRelu2d(4, 6, 1, bias=False), M.DequantStub()]", IMAGE),
    *rows("linear", "[M.QuantStub(), M.Linear(8, 5), M.DequantStub()]", VECTOR),
    *rows("linear-relu", "[M.QuantStub(), M.LinearRelu(8, 5), M.DequantStub()]", VECTOR, quantized=False),
    *rows("linear-bn", "[M.QuantStub(), M.LinearBn1d(8, 5), M.DequantStub()]", VECTOR),
    *rows("conv-transpose", "[M.QuantStub(), M.ConvTranspose2d(4, 3, 3, bias=False), M.DequantStub()]", IMAGE),
    *rows(
        "conv-transpose-bn", "[M.QuantStub(), M.ConvTransposeBn2d(4, 3, 3), M.DequantStub()]", IMAGE, quantized=False
    ),
    *rows(
        "conv-minmax",
        "[M.QuantStub(), M.ConvBn2d(4, 6, 3), M.DequantStub()]",
        IMAGE,
        False,
        "min_max_fakequant_qconfig",
    ),
    *rows(
        "conv-asymmetric", "[M.QuantStub(), M.ConvBn2d(4, 6, 3), M.DequantStub()]", IMAGE, False, "easyquant_qconfig"
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
