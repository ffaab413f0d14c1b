"""An answer for every pixel: DeepLabV3+, PSPNet, U-Net, super resolution, NBNet."""

import megengine as mge
import megengine.functional as F
import megengine.module as M
import numpy as np


def conv_bn(inputs, outputs, kernel, padding=0, dilation=1):
    conv = M.Conv2d(inputs, outputs, kernel, 1, padding, dilation, bias=False)
    return M.Sequential(conv, M.BatchNorm2d(outputs), M.ReLU())


class DilatedPyramid(M.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.branches = [conv_bn(inputs, outputs, 1)] + [conv_bn(inputs, outputs, 3, rate, rate) for rate in (2, 4)]
        self.pooled = M.Sequential(M.Conv2d(inputs, outputs, 1), M.ReLU())
        self.project = conv_bn(4 * outputs, outputs, 1)

    def forward(self, x):
        results = [branch(x) for branch in self.branches]
        pooled = self.pooled(F.mean(x, [2, 3], True))
        results.append(F.vision.interpolate(pooled, (x.shape[2], x.shape[3])))
        return self.project(F.concat(results, axis=1))


class DeepLab(M.Module):
    def __init__(self):
        super().__init__()
        self.low = M.Sequential(M.Conv2d(3, 8, 3, 2, 1), M.ReLU())
        self.high = M.Sequential(M.Conv2d(8, 12, 3, 2, 1), M.ReLU())
        self.pyramid = DilatedPyramid(12, 8)
        self.reduce = conv_bn(8, 6, 1)
        self.head = M.Sequential(conv_bn(14, 8, 3, 1), M.Dropout(0.1), M.Conv2d(8, 4, 1))

    def forward(self, x):
        low = self.low(x)
        high = self.pyramid(self.high(low))
        up = F.vision.interpolate(high, low.shape[2:], mode="bilinear", align_corners=True)
        logits = self.head(F.concat([up, self.reduce(low)], 1))
        logits = F.vision.interpolate(logits, size=x.shape[2:], align_corners=True)
        return logits, F.argmax(logits, axis=1)


class PspNet(M.Module):
    def __init__(self):
        super().__init__()
        self.stem = conv_bn(3, 8, 3, 1)
        self.pools = [M.Sequential(M.AdaptiveAvgPool2d(size), M.Conv2d(8, 2, 1)) for size in (1, 2, 3, 6)]
        self.head = M.Conv2d(16, 3, 1)

    def forward(self, x):
        x = self.stem(x)
        size = (x.shape[2], x.shape[3])
        x = F.concat([x] + [F.vision.interpolate(pool(x), size=size) for pool in self.pools], axis=1)
        return F.softmax(self.head(x), axis=1)


class UNet(M.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second, self.bottom = conv_bn(3, 6, 3, 1), conv_bn(6, 8, 3, 1), conv_bn(8, 12, 3, 1)
        self.up2, self.up1 = M.ConvTranspose2d(12, 8, 2, 2), M.ConvTranspose2d(8, 6, 4, 2, 1)
        self.join2, self.join1 = conv_bn(16, 8, 3, 1), conv_bn(12, 6, 3, 1)
        self.out = M.Conv2d(6, 1, 1)

    def crop(self, x, like):
        """The middle of `x`, or `x` padded to the size of `like`."""
        height, width = like.shape[2] - x.shape[2], like.shape[3] - x.shape[3]
        return F.nn.pad(x, ((0, 0), (0, 0), (0, height), (0, width)), mode="reflect")

    def forward(self, x):
        first = self.first(x)
        second = self.second(F.max_pool2d(first, 2, 2))
        bottom = self.bottom(F.max_pool2d(second, 2))
        x = self.join2(F.concat([self.crop(self.up2(bottom), second), second], 1))
        x = self.join1(F.concat([self.crop(self.up1(x), first), first], 1))
        return F.sigmoid(self.out(x))


class SuperResolution(M.Module):
    """Dense features, upsampled by pixel shuffling, beside a bicubic image; values clamped."""

    def __init__(self):
        super().__init__()
        self.first = M.Conv2d(3, 8, 3, 1, 1)
        self.convs = [M.Conv2d(8 * (number + 1), 8, 3, 1, 1) for number in range(3)]
        self.fuse = M.Conv2d(32, 8, 1)
        self.act = M.LeakyReLU(0.1)
        self.up = M.Conv2d(8, 32, 3, 1, 1)
        self.shuffle = M.PixelShuffle(2)
        self.last = M.Conv2d(8, 3, 3, 1, 1)

    def forward(self, x):
        features = [self.first(x)]
        for conv in self.convs:
            features.append(self.act(conv(F.concat(features, 1))))
        y = features[0] + self.fuse(F.concat(features, 1)) * 0.2
        y = self.last(self.shuffle(self.up(y)))
        return F.clip(y + F.vision.interpolate(x, scale_factor=2.0, mode="bicubic"), 0.0, 1.0)


class SubspaceAttention(M.Module):
    """Projection onto a learnt basis of the image's own."""

    def __init__(self, channels, size):
        super().__init__()
        self.size = size
        self.basis = M.Conv2d(2 * channels, size, 3, 1, 1)
        self.join = M.Conv2d(2 * channels, channels, 3, 1, 1)

    def forward(self, x, bridge):
        n, c, h, w = bridge.shape
        basis = self.basis(F.concat([x, bridge], 1)).reshape(n, self.size, h * w)
        basis = basis / (1e-6 + F.abs(basis).sum(axis=2, keepdims=True))
        transposed = F.transpose(basis, (0, 2, 1))
        gram = F.matmul(basis, transposed)
        projection = F.matmul(F.matinv(gram), basis)
        flat = bridge.reshape(n, c, h * w).transpose(0, 2, 1)
        projected = F.matmul(transposed, F.matmul(projection, flat))
        projected = F.transpose(projected, (0, 2, 1)).reshape(n, c, h, w)
        return self.join(F.concat([x, projected], 1))


class NbNet(M.Module):
    def __init__(self):
        super().__init__()
        self.down1, self.down2 = M.Conv2d(3, 8, 3, 1, 1), M.Conv2d(8, 8, 4, 2, 1)
        self.slope = mge.Parameter(np.full((1, 8, 1, 1), 0.2, "float32"))
        self.up = M.ConvTranspose2d(8, 8, 2, 2)
        self.attention = SubspaceAttention(8, 4)
        self.last = M.Conv2d(8, 3, 3, 1, 1)

    def forward(self, x):
        first = F.prelu(self.down1(x), self.slope)
        second = F.leaky_relu(self.down2(first), 0.2)
        return x + self.last(self.attention(self.up(second), first))
