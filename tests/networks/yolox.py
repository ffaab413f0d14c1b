"""YOLOX: focus slicing, cross-stage blocks, spatial pyramid pooling, decoupled heads and decoding."""

import megengine.functional as F
import megengine.module as M


class BaseConv(M.Module):
    def __init__(self, inputs, outputs, kernel, stride, groups=1):
        super().__init__()
        self.conv = M.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2, groups=groups, bias=False)
        self.bn = M.BatchNorm2d(outputs, momentum=0.03, eps=1e-3)
        self.act = M.SiLU()

    def forward(self, x):
        return self.act(self.bn(self.conv(x)))


class Focus(M.Module):
    def __init__(self, outputs):
        super().__init__()
        self.conv = BaseConv(12, outputs, 3, 1)

    def forward(self, x):
        corners = (x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2])
        return self.conv(F.concat(corners, axis=1))


class Bottleneck(M.Module):
    def __init__(self, channels, shortcut):
        super().__init__()
        self.conv1, self.conv2 = BaseConv(channels, channels, 1, 1), BaseConv(channels, channels, 3, 1)
        self.shortcut = shortcut

    def forward(self, x):
        y = self.conv2(self.conv1(x))
        return y + x if self.shortcut else y


class CrossStage(M.Module):
    def __init__(self, inputs, outputs, shortcut=True):
        super().__init__()
        half = outputs // 2
        self.conv1, self.conv2 = BaseConv(inputs, half, 1, 1), BaseConv(inputs, half, 1, 1)
        self.conv3 = BaseConv(2 * half, outputs, 1, 1)
        self.m = M.Sequential(Bottleneck(half, shortcut))

    def forward(self, x):
        return self.conv3(F.concat((self.m(self.conv1(x)), self.conv2(x)), axis=1))


class SpatialPyramid(M.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1, self.conv2 = BaseConv(channels, channels // 2, 1, 1), BaseConv(channels * 2, channels, 1, 1)
        self.pools = [M.MaxPool2d(size, 1, size // 2) for size in (5, 9, 13)]

    def forward(self, x):
        x = self.conv1(x)
        return self.conv2(F.concat([x] + [pool(x) for pool in self.pools], axis=1))


class UpSample(M.Module):
    def forward(self, x):
        return F.vision.interpolate(x, scale_factor=2, mode="bilinear")


class Head(M.Module):
    def __init__(self, channels, classes):
        super().__init__()
        self.stem = BaseConv(channels, 8, 1, 1)
        self.class_conv, self.box_conv = BaseConv(8, 8, 3, 1, 8), BaseConv(8, 8, 3, 1)
        self.classes, self.box, self.objectness = (M.Conv2d(8, count, 1) for count in (classes, 4, 1))

    def forward(self, x):
        x = self.stem(x)
        box = self.box_conv(x)
        parts = [self.box(box), F.sigmoid(self.objectness(box)), F.sigmoid(self.classes(self.class_conv(x)))]
        return F.concat(parts, 1)


class Yolox(M.Module):
    def __init__(self, classes=3, decode=True):
        super().__init__()
        self.focus = Focus(8)
        self.dark2 = M.Sequential(BaseConv(8, 8, 3, 2), CrossStage(8, 8))
        self.dark3 = M.Sequential(BaseConv(8, 12, 3, 2), CrossStage(12, 12))
        self.dark4 = M.Sequential(BaseConv(12, 16, 3, 2), SpatialPyramid(16), CrossStage(16, 16, False))
        self.lateral, self.upsample = BaseConv(16, 12, 1, 1), UpSample()
        self.fuse = CrossStage(24, 12, False)
        self.heads = [Head(12, classes), Head(16, classes)]
        self.strides, self.decode = [8, 16], decode

    def forward(self, x):
        fine = self.dark3(self.dark2(self.focus(x)))
        coarse = self.dark4(fine)
        fine = self.fuse(F.concat([self.upsample(self.lateral(coarse)), fine], 1))
        outputs = [head(feature) for head, feature in zip(self.heads, (fine, coarse))]
        sizes = [output.shape[-2:] for output in outputs]
        outputs = F.concat([F.flatten(output, start_axis=2) for output in outputs], axis=2)
        outputs = F.transpose(outputs, (0, 2, 1))
        return self.decoded(outputs, sizes) if self.decode else outputs

    def decoded(self, outputs, sizes):
        grids, strides = [], []
        for (height, width), stride in zip(sizes, self.strides):
            x, y = F.meshgrid(F.arange(width), F.arange(height), indexing="xy")
            grid = F.stack((x, y), 2).reshape(1, -1, 2)
            grids.append(grid)
            strides.append(F.full((*grid.shape[:2], 1), stride))
        grids, strides = F.concat(grids, axis=1), F.concat(strides, axis=1)
        outputs[..., :2] = (outputs[..., :2] + grids) * strides
        outputs[..., 2:4] = F.exp(outputs[..., 2:4]) * strides
        return outputs
