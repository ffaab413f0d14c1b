"""Point clouds, and the ways of writing a network that trace differently."""

from functools import partial

import megengine as mge
import megengine.functional as F
import megengine.module as M
import megengine.quantization as Q
import numpy as np
from megengine.core._imperative_rt.core2 import apply
from megengine.core.ops import builtin
from megengine.functional import concat, relu
from megengine.functional.nn import linear as dense
from megengine.module.qat import QATModule


class PointNet(M.Module):
    """A learnt transform, a shared perceptron, the largest over all points."""

    def __init__(self):
        super().__init__()
        self.transform1, self.transform2 = M.Conv1d(3, 8, 1), M.Linear(8, 9)
        self.conv1, self.bn1 = M.Conv1d(3, 8, 1), M.BatchNorm1d(8)
        self.conv2, self.conv3 = M.Conv1d(8, 16, 1), M.Conv1d(24, 4, 1)

    def forward(self, points):
        n, _, count = points.shape
        matrix = self.transform2(F.max(relu(self.transform1(points)), axis=2))
        matrix = matrix.reshape(n, 3, 3) + F.eye(3)
        points = F.matmul(points.transpose(0, 2, 1), matrix).transpose(0, 2, 1)
        local = F.expand_dims(self.conv1(points), 3)
        local = relu(F.squeeze(local, 3))
        whole = F.max(self.conv2(local), axis=2, keepdims=True)
        joined = concat([F.repeat(whole, count, axis=2), local], 1)
        return F.logsoftmax(self.conv3(joined), axis=1), F.argmax(whole, axis=1)


class Neighbours(M.Module):
    """Distances, the nearest by topk, features gathered by index, as in point networks and DGCNN."""

    def __init__(self):
        super().__init__()
        self.conv = M.Conv2d(6, 8, 1)

    def forward(self, x):
        n, c, count = x.shape
        inner = -2 * F.matmul(x.transpose(0, 2, 1), x)
        square = (x**2).sum(axis=1, keepdims=True)
        distance = -square - inner - square.transpose(0, 2, 1)
        _, index = F.topk(distance.reshape(n * count, count), 4, descending=True)
        base = F.arange(n, dtype="int32").reshape(-1, 1, 1) * count
        flat = x.transpose(0, 2, 1).reshape(n * count, -1)
        index = index.reshape(n, count, 4)
        near = flat[(index + base).reshape(-1)].reshape(n, count, 4, c)
        centre = F.broadcast_to(flat.reshape(n, count, 1, c), (n, count, 4, c))
        edges = F.concat([near - centre, centre], axis=3).transpose(0, 3, 1, 2)
        return F.leaky_relu(self.conv(edges), 0.2).max(axis=-1), index


class Opdefs(M.Module):
    """Raw operators, partial functions, functions by their own names, closures."""

    def __init__(self):
        super().__init__()
        self.weight = mge.Parameter(np.zeros((4, 6), "float32"))
        self.norm = partial(F.normalize, axis=1)
        self.activations = [partial(F.leaky_relu, negative_slope=0.3), relu, F.nn.sigmoid, lambda x: 1 - x]

    def forward(self, x):
        x = dense(x, self.weight)
        for activation in self.activations:
            x = activation(x)
        (y,) = apply(builtin.Elemwise("ADD"), x, x)
        (z,) = apply(builtin.Reduce(mode="sum", axis=1), y)
        (w,) = apply(builtin.MatrixMul(transposeA=False, transposeB=True), self.norm(y), self.weight.T)
        return z, w


class Pair(M.Module):
    """A module with a dictionary and a tuple for its result, called with keywords."""

    def __init__(self):
        super().__init__()
        self.fc = M.Linear(6, 6)

    def forward(self, x, other, scale=2.0):
        y = self.fc(x) * scale - other
        return {"first": y, "rest": (relu(y), [y.mean(), y.max(axis=1)])}


class Shared(M.Module):
    """One module called at different shapes; results taken apart; in-place operators; Python numbers on the left."""

    def __init__(self):
        super().__init__()
        self.pair = Pair()
        self.bias = mge.Parameter(np.zeros(6, "float32"))

    def forward(self, x):
        first = self.pair(x, other=self.bias)
        second = self.pair(x[:1], other=first["first"][1:2])
        a, (b, (mean, largest)) = first["first"], second["rest"]
        a += 1
        a *= 0.5
        a[:, 0] = largest
        a[1:, ::2] -= 3
        b = 2 - b
        b = 1 / (F.abs(b) + 1)
        b = 2**b
        mask = (a > 0) & ~(a > 1) | (a < -1)
        a[mask] = 7
        return {"z": a, "a": [b, mask, mean], "m": first}


class Choices(M.Module):
    """where, masks, sorting, gather and scatter in one."""

    def __init__(self):
        super().__init__()
        self.fc = M.Linear(8, 8)

    def forward(self, x, index):
        x = self.fc(x)
        ranked, order = F.sort(x, descending=True)
        inverse = F.argsort(order.astype("float32"))
        cumulated = F.cumsum(F.softmax(ranked, axis=-1), 1)
        dropped = cumulated > 0.8
        dropped[:, 1:] = dropped[:, :-1]
        dropped[:, 0] = False
        filtered = F.where(dropped, F.full_like(ranked, -1e4), ranked)
        back = F.gather(filtered, 1, inverse)
        scattered = F.scatter(F.zeros_like(x), 1, index, back[:, : index.shape[1]])
        picked = F.nn.indexing_one_hot(x, F.argmax(x, axis=1), 1)
        values, places = F.topk(back, 3, descending=True)
        some = F.logical_or(F.equal(index, 2), F.not_equal(index, 3)).astype("float32").sum(axis=0)
        return back, scattered, picked, values, places, some


class Quantized(M.Module):
    """Modules of the QAT kind around user code."""

    def __init__(self):
        super().__init__()
        self.quant, self.dequant = M.QuantStub(), M.DequantStub()
        self.conv = M.ConvBnRelu2d(3, 6, 3, 2, 1)
        self.add = M.Elemwise("FUSE_ADD_RELU")
        self.again = M.ConvBn2d(6, 6, 1)
        self.concat = M.Concat()
        self.fc = M.Linear(12, 4)

    def forward(self, x):
        x = self.conv(self.quant(x))
        y = self.add(x, self.again(x))
        y = self.concat([x, y], axis=1)
        return self.fc(self.dequant(y).mean(axis=(2, 3)))


class ScaledAdd(M.Module):
    def forward(self, x, y):
        return F.relu(x + 0.5 * y)


class QatScaledAdd(ScaledAdd, QATModule):
    """What a user adds to the QAT modules that there are."""

    def forward(self, x, y):
        return self.apply_quant_activation(super().forward(x, y))

    @classmethod
    def from_float_module(cls, float_module):
        return cls(name=float_module.name)


class Trained(M.Module):
    """Calibrated with fake quantization, user class included."""

    def __init__(self):
        super().__init__()
        float_net = Mixed()
        random = np.random.RandomState(3)
        for parameter in float_net.parameters():
            parameter[...] = random.uniform(-1, 1, parameter.shape).astype("float32")
        self.net = Q.quantize_qat(float_net, Q.ema_fakequant_qconfig, mapping={ScaledAdd: QatScaledAdd})
        self.net.eval()
        Q.enable_observer(self.net)
        for _ in range(2):
            self.net(mge.Tensor(random.uniform(-1, 1, (2, 3, 12, 12)).astype("float32")))
        Q.disable_observer(self.net)

    def forward(self, x):
        return self.net(x)


class Mixed(M.Module):
    def __init__(self):
        super().__init__()
        self.quant, self.dequant = M.QuantStub(), M.DequantStub()
        self.conv, self.again = M.ConvBnRelu2d(3, 6, 3, 2, 1), M.Conv2d(6, 6, 1)
        self.add = ScaledAdd()
        self.fc = M.Linear(6, 4)

    def forward(self, x):
        x = self.conv(self.quant(x))
        x = self.add(x, self.again(x))
        return self.dequant(self.fc(x.mean((2, 3))))
