"""Residual networks: basic and bottleneck blocks, grouped and wide, squeeze-excitation, RepVGG, HRNet."""

import megengine.functional as F
import megengine.module as M


def conv_bn(inputs, outputs, kernel, stride=1, groups=1, relu=True):
    layers = [
        M.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        M.BatchNorm2d(outputs),
    ]
    return M.Sequential(*layers, M.ReLU()) if relu else M.Sequential(*layers)


class SqueezeExcite(M.Module):
    def __init__(self, channels, squeezed):
        super().__init__()
        self.pool = M.AdaptiveAvgPool2d(1)
        self.reduce = M.Conv2d(channels, squeezed, 1)
        self.expand = M.Conv2d(squeezed, channels, 1)

    def forward(self, x):
        gate = F.relu(self.reduce(self.pool(x)))
        return x * F.sigmoid(self.expand(gate))


class BasicBlock(M.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = M.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = M.BatchNorm2d(outputs)
        self.conv2 = M.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = M.BatchNorm2d(outputs)
        same = inputs == outputs and stride == 1
        self.downsample = M.Identity() if same else conv_bn(inputs, outputs, 1, stride, relu=False)

    def forward(self, x):
        identity = x
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.bn2(self.conv2(x))
        x += self.downsample(identity)
        return F.relu(x)


class Bottleneck(M.Module):
    """`groups` and `width` make it a ResNeXt or wide block, `squeezed` an SE or RegNet-Y block."""

    def __init__(self, inputs, outputs, stride, width, groups=1, squeezed=0):
        super().__init__()
        self.reduce = conv_bn(inputs, width, 1)
        self.conv = conv_bn(width, width, 3, stride, groups)
        self.gate = SqueezeExcite(width, squeezed) if squeezed else None
        self.expand = conv_bn(width, outputs, 1, relu=False)
        same = inputs == outputs and stride == 1
        self.shortcut = None if same else conv_bn(inputs, outputs, 1, stride, relu=False)

    def forward(self, x):
        y = self.conv(self.reduce(x))
        if self.gate is not None:
            y = self.gate(y)
        shortcut = x if self.shortcut is None else self.shortcut(x)
        return F.relu(self.expand(y) + shortcut)


class ResNet(M.Module):
    def __init__(self, block, widths, **options):
        super().__init__()
        self.conv1 = M.Conv2d(3, widths[0], 7, 2, 3, bias=False)
        self.bn1 = M.BatchNorm2d(widths[0])
        self.maxpool = M.MaxPool2d(3, 2, 1)
        inputs = widths[0]
        for number, width in enumerate(widths):
            blocks = [block(inputs, width, 1 if number == 0 else 2, **options), block(width, width, 1, **options)]
            setattr(self, "layer%d" % (number + 1), M.Sequential(*blocks))
            inputs = width
        self.stages = len(widths)
        self.fc = M.Linear(inputs, 10)

    def extract_features(self, x):
        outputs = {}
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        outputs["stem"] = x
        for number in range(1, self.stages + 1):
            x = getattr(self, "layer%d" % number)(x)
            outputs["res%d" % number] = x
        return outputs

    def forward(self, x):
        x = self.extract_features(x)["res%d" % self.stages]
        x = F.avg_pool2d(x, x.shape[2])
        return self.fc(F.flatten(x, 1))


class RepVGGBlock(M.Module):
    """As it is trained: three branches."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.dense = conv_bn(inputs, outputs, 3, stride, relu=False)
        self.pointwise = conv_bn(inputs, outputs, 1, stride, relu=False)
        self.identity = M.BatchNorm2d(inputs) if inputs == outputs and stride == 1 else None

    def forward(self, x):
        y = self.dense(x) + self.pointwise(x)
        if self.identity is not None:
            y = y + self.identity(x)
        return F.relu(y)


class RepVGG(M.Module):
    def __init__(self):
        super().__init__()
        self.stages = M.Sequential(RepVGGBlock(3, 8, 2), RepVGGBlock(8, 8, 1), RepVGGBlock(8, 12, 2))
        self.head = M.Linear(12, 5)

    def forward(self, x):
        x = self.stages(x)
        return self.head(F.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class HRNet(M.Module):
    """Two resolutions that exchange, then all is brought to the finest."""

    def __init__(self):
        super().__init__()
        self.stem = conv_bn(3, 8, 3, 2)
        self.down = conv_bn(8, 16, 3, 2)
        self.branches = [BasicBlock(8, 8, 1), BasicBlock(16, 16, 1)]
        self.to_low = conv_bn(8, 16, 3, 2, relu=False)
        self.to_high = conv_bn(16, 8, 1, relu=False)
        self.head = M.Conv2d(24, 4, 1)

    def forward(self, x):
        high = self.stem(x)
        branches = [high, self.down(high)]
        high, low = [branch(value) for branch, value in zip(self.branches, branches)]
        up = F.vision.interpolate(self.to_high(low), size=(high.shape[2], high.shape[3]), align_corners=False)
        high, low = F.relu(high + up), F.relu(low + self.to_low(high))
        low = F.vision.interpolate(low, scale_factor=2, mode="nearest")
        heat = self.head(F.concat([high, low], axis=1))
        scores, position = F.max(F.flatten(heat, 2), axis=2), F.argmax(F.flatten(heat, 2), axis=2)
        return {"heatmap": heat, "score": scores, "x": position % heat.shape[3], "y": position // heat.shape[3]}
