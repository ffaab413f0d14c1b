"""Small networks for phones: MobileNet v1-v3, EfficientNet, ShuffleNet v1 and v2."""

from functools import partial

import megengine.functional as F
import megengine.module as M
from megengine.functional import hsigmoid, hswish, relu6

HSWISH, RELU6 = partial(hswish), partial(relu6)


def hard_sigmoid(x):
    """As it is written where there is no such function."""
    return F.minimum(F.maximum(x + 3, 0), 6) / 6


class ConvBn(M.Module):
    def __init__(self, inputs, outputs, kernel, stride=1, groups=1, activation=None):
        super().__init__()
        self.conv = M.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2, groups=groups, bias=False)
        self.bn = M.BatchNorm2d(outputs, eps=1e-3)
        self.activation = activation

    def forward(self, x):
        x = self.bn(self.conv(x))
        return x if self.activation is None else self.activation(x)


class Gate(M.Module):
    def __init__(self, channels, squeezed, inner, outer):
        super().__init__()
        self.fc1 = M.Linear(channels, squeezed)
        self.fc2 = M.Linear(squeezed, channels)
        self.inner, self.outer = inner, outer

    def forward(self, x):
        batch, channels, _, _ = x.shape
        pooled = F.mean(x, axis=[2, 3])
        return x * self.outer(self.fc2(self.inner(self.fc1(pooled)))).reshape(batch, channels, 1, 1)


class InvertedResidual(M.Module):
    def __init__(self, inputs, outputs, stride, expansion, kernel=3, activation=RELU6, gate=None):
        super().__init__()
        hidden = inputs * expansion
        layers = [] if expansion == 1 else [ConvBn(inputs, hidden, 1, activation=activation)]
        layers.append(ConvBn(hidden, hidden, kernel, stride, hidden, activation))
        if gate is not None:
            layers.append(Gate(hidden, hidden // 4, *gate))
        self.layers = M.Sequential(*layers, ConvBn(hidden, outputs, 1))
        self.skip = stride == 1 and inputs == outputs
        self.drop = M.Dropout(0.2)

    def forward(self, x):
        y = self.layers(x)
        return x + self.drop(y) if self.skip else y


class MobileNetV1(M.Module):
    def __init__(self):
        super().__init__()
        self.stem = ConvBn(3, 8, 3, 2, activation=F.relu)
        self.blocks = [
            M.Sequential(ConvBn(a, a, 3, stride, a, F.relu), ConvBn(a, b, 1, activation=F.relu))
            for a, b, stride in [(8, 16, 1), (16, 24, 2), (24, 24, 1)]
        ]
        self.pool = M.AvgPool2d(8)
        self.fc = M.Linear(24, 10)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return F.softmax(self.fc(self.pool(x).reshape(-1, 24)))


class MobileNetV2(M.Module):
    def __init__(self):
        super().__init__()
        self.features = M.Sequential(
            ConvBn(3, 8, 3, 2, activation=relu6),
            InvertedResidual(8, 8, 1, 1),
            InvertedResidual(8, 12, 2, 4),
            InvertedResidual(12, 12, 1, 4),
            ConvBn(12, 32, 1, activation=relu6),
        )
        self.classifier = M.Sequential(M.Dropout(0.2), M.Linear(32, 10))

    def forward(self, x):
        return self.classifier(self.features(x).mean(axis=3).mean(axis=2))


class MobileNetV3(M.Module):
    def __init__(self):
        super().__init__()
        self.stem = ConvBn(3, 8, 3, 2, activation=HSWISH)
        self.blocks = M.Sequential(
            InvertedResidual(8, 8, 1, 1, activation=F.relu, gate=(F.relu, hsigmoid)),
            InvertedResidual(8, 12, 2, 4, 5, HSWISH, (F.relu, hard_sigmoid)),
            InvertedResidual(12, 12, 1, 4, 5, HSWISH, (F.relu, hsigmoid)),
        )
        self.head = M.Conv2d(12, 24, 1)
        self.fc = M.Linear(24, 10)

    def forward(self, x):
        x = self.blocks(self.stem(x))
        x = hswish(self.head(F.adaptive_avg_pool2d(x, (1, 1))))
        return self.fc(F.squeeze(x, [2, 3]))


class EfficientNet(M.Module):
    def __init__(self):
        super().__init__()
        swish = (F.silu, F.sigmoid)
        self.stem = ConvBn(3, 8, 3, 2, activation=F.silu)
        self.blocks = M.Sequential(
            InvertedResidual(8, 8, 1, 1, 3, F.silu, swish),
            InvertedResidual(8, 12, 2, 6, 5, F.silu, swish),
            InvertedResidual(12, 12, 1, 6, 3, F.silu, swish),
        )
        self.head = ConvBn(12, 32, 1, activation=lambda x: x * F.sigmoid(x))
        self.pool = M.AdaptiveAvgPool2d(1)
        self.fc = M.Linear(32, 10)

    def forward(self, x):
        x = self.pool(self.head(self.blocks(self.stem(x))))
        return self.fc(F.flatten(x, 1, -1))


class ShuffleV1(M.Module):
    def __init__(self, channels, groups):
        super().__init__()
        self.groups = groups
        self.compress = ConvBn(channels, channels, 1, groups=groups, activation=F.relu)
        self.depthwise = ConvBn(channels, channels, 3, 2, channels)
        self.expand = ConvBn(channels, channels, 1, groups=groups)

    def forward(self, x):
        y = self.compress(x)
        n, c, h, w = y.shape
        y = F.transpose(y.reshape(n, self.groups, c // self.groups, h, w), (0, 2, 1, 3, 4)).reshape(n, c, h, w)
        y = self.expand(self.depthwise(y))
        return F.relu(F.concat([F.avg_pool2d(x, 3, 2, 1), y], 1))


class ShuffleV2(M.Module):
    def __init__(self, channels):
        super().__init__()
        half = channels // 2
        self.branch = M.Sequential(
            ConvBn(half, half, 1, activation=F.relu),
            ConvBn(half, half, 3, 1, half),
            ConvBn(half, half, 1, activation=F.relu),
        )

    def channel_shuffle(self, x):
        batch, channels, height, width = x.shape
        x = x.reshape(batch * channels // 2, 2, height * width)
        x = x.transpose(1, 0, 2)
        x = x.reshape(2, -1, channels // 2, height, width)
        return x[0], x[1]

    def forward(self, x):
        left, right = self.channel_shuffle(x)
        return F.concat((left, self.branch(right)), 1)


class ShuffleNet(M.Module):
    def __init__(self):
        super().__init__()
        self.stem = ConvBn(3, 12, 3, 2, activation=F.relu)
        self.first = ShuffleV1(12, 3)
        self.second = ShuffleV2(24)
        self.again = ShuffleV2(24)
        self.fc = M.Linear(24, 10, bias=False)

    def forward(self, x):
        x = F.max_pool2d(self.stem(x), 3, 2, 1)
        x = self.again(self.again(self.second(self.first(x))))
        return self.fc(x.mean((2, 3)))
