"""The small TracedModules of `fixtures.py` that are quantized, and the one with attributes of every dtype."""

from __future__ import annotations

from functools import partial

import megengine as mge
import megengine.functional as F  # noqa: N812 -- as in MegEngine's documentation
import megengine.module as M  # noqa: N812
import megengine.quantization as Q  # noqa: N812
import megengine.traced_module as tm
import numpy as np
from fixture_files import add, case, tensor, values
from megengine.core.tensor import dtype as mge_dtype
from megengine.module.qat import QATModule
from megengine.quantization.fake_quant import LSQ
from megengine.quantization.utils import LSQParams, QuantMode, create_qparams


class QuantNet(M.Module):
    def __init__(self):
        super().__init__()
        self.quant = M.QuantStub()
        self.fc = M.Linear(4, 4)
        self.conv = M.ConvBnRelu2d(2, 2, 1)
        self.add = M.Elemwise("ADD")
        self.dequant = M.DequantStub()

    def forward(self, x):
        x = self.conv(self.quant(x))
        return self.dequant(self.add(x, x))


def quantised(qconfig):
    mge.random.seed(3)
    net = Q.quantize_qat(QuantNet(), qconfig=qconfig)
    net.eval()
    for module in net.modules():
        if isinstance(module, Q.PassiveObserver):
            module.set_qparams(create_qparams(QuantMode.SYMMERTIC, module.dtype, scale=mge.tensor(0.125)))
        if isinstance(module, LSQ):
            module.set_qparams(
                LSQParams(QuantMode.ASYMMERTIC, module.dtype, mge.tensor(0.125), mge.tensor(1.0), mge.tensor(0.5))
            )
    Q.enable_observer(net)
    net(tensor(1, 2, 3, 3))
    Q.disable_observer(net)
    return net


IMAGE = tensor(1, 2, 3, 3)
for label, qconfig in {
    "minmax": Q.min_max_fakequant_qconfig,
    "ema": Q.ema_fakequant_qconfig,
    "lowbit": Q.ema_lowbit_fakequant_qconfig,
    "calibration": Q.calibration_qconfig,
    "tqt": Q.tqt_qconfig,
    "passive": Q.passive_qconfig,
    "lsq": Q.QConfig(None, None, partial(LSQ, dtype="qint8_narrow"), partial(LSQ, dtype="qint8")),
}.items():
    add(f"qat_{label}", tm.trace_module(quantised(qconfig), IMAGE), IMAGE)
net = Q.quantize(quantised(Q.ema_fakequant_qconfig))
net.eval()
add("quantised", tm.trace_module(net, IMAGE), IMAGE)


class UserQat(QATModule):
    def __init__(self):
        super().__init__()
        self.weight = mge.Parameter(values(4))

    def forward(self, x):
        return self.apply_quant_activation(x * self.apply_quant_weight(self.weight))

    @classmethod
    def from_float_module(cls, _):
        return cls()


class HoldsUserQat(M.Module):
    def __init__(self):
        super().__init__()
        self.user = UserQat()
        self.user.set_qconfig(Q.min_max_fakequant_qconfig)

    def forward(self, x):
        return self.user(x) + 1


net = HoldsUserQat()
net(tensor(2, 4))
net.eval()
Q.disable_observer(net)
add("user_qat", tm.trace_module(net, tensor(2, 4)), tensor(2, 4))


class DTypes(M.Module):
    """An attribute of every dtype; only float32 ones are computed with."""

    def __init__(self):
        super().__init__()
        kinds = {"float16": "float16", "int8": "int8", "uint8": "uint8", "int16": "int16", "int32": "int32"}
        for name, dtype in {**kinds, "bool": "bool"}.items():
            setattr(self, "t_" + name, mge.tensor(np.array([[1, 0], [1, 1]]), dtype=dtype))
        self.t_bfloat16 = mge.tensor(values(2, 2), dtype=mge_dtype.bfloat16)
        half = mge.tensor(np.array([0.5, -1.0], "float32"))
        self.t_qint8 = half.astype(mge_dtype.qint8(0.25))
        self.t_quint8 = half.astype(mge_dtype.quint8(0.5, 128))
        self.t_qint32 = half.astype(mge_dtype.qint32(0.125))
        self.t_scalar = mge.tensor(1.5)
        self.t_empty = mge.tensor(np.zeros((0, 3), "float32"))

    def forward(self, x):
        for name in sorted(vars(self._mod if hasattr(self, "_mod") else self)):
            if name.startswith("t_"):
                x = x + F.zeros_like(getattr(self, name).astype("float32")).sum()
        return x


case(tensor(2, 4))(DTypes)
