"""QAT modules (fake quantization) and quantized modules, each calibrated on random numbers in real MegEngine."""

from __future__ import annotations

from tests.harness import Case, Code, P, X

OP = "megengine.core.ops.builtin."
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
    Case(OP + "FakeQuant", (X(3, 5, low=-3, high=3), P(values=0.02), P(values=0.0)), {"qmin": -128, "qmax": 127}),
    Case(OP + "FakeQuant", (X(3, 5, low=-3, high=3), P(values=0.02), P(values=90.0)), {"qmin": 0, "qmax": 255}),
    Case(OP + "FakeQuant", (X(3, 5, low=-3, high=3), P(values=0.4), P(values=0.0)), {"qmin": -8, "qmax": 7}),
    Case(OP + "TQT", (X(3, 5, low=-3, high=3), P(values=-6.0)), {"qmin": -127, "qmax": 127}),
    Case(
        OP + "LSQ", (X(3, 5, low=-3, high=3), P(values=0.02), P(values=0.0), P(values=1.0)), {"qmin": -127, "qmax": 127}
    ),
]
