"""Detectors of one stage: RetinaNet, FCOS, YOLOX; feature pyramids, anchors and points at run-time sizes."""

import math

import megengine as mge
import megengine.functional as F
import megengine.module as M
import numpy as np


def conv_bn(inputs, outputs, kernel=3, stride=1):
    return M.Sequential(M.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), M.BatchNorm2d(outputs))


class Backbone(M.Module):
    def __init__(self, widths=(8, 12, 16)):
        super().__init__()
        self.stem = conv_bn(3, 8, 3, 4)
        self.stages = [conv_bn(a, b, 3, 2) for a, b in zip((8, *widths[:-1]), widths)]

    def forward(self, x):
        x = F.relu(self.stem(x))
        features = {}
        for number, stage in enumerate(self.stages):
            x = F.relu(stage(x))
            features["p%d" % (number + 3)] = x
        return features


class Pyramid(M.Module):
    def __init__(self, widths=(8, 12, 16), channels=8):
        super().__init__()
        self.lateral = [M.Conv2d(width, channels, 1) for width in widths]
        self.output = [M.Conv2d(channels, channels, 3, 1, 1) for _ in widths]
        self.extra = M.Conv2d(channels, channels, 3, 2, 1)

    def forward(self, features):
        levels = [features["p%d" % level] for level in (3, 4, 5)]
        x = self.lateral[-1](levels[-1])
        results = [self.output[-1](x)]
        for level in (1, 0):
            up = F.vision.interpolate(x, size=levels[level].shape[2:], mode="nearest")
            x = up + self.lateral[level](levels[level])
            results.insert(0, self.output[level](x))
        results.append(self.extra(F.relu(results[-1])))
        return results


def permute(x, last):
    """(N, A K, H, W) to (N, H W A, K)."""
    n, _, h, w = x.shape
    return x.reshape(n, -1, last, h, w).transpose(0, 3, 4, 1, 2).reshape(n, -1, last)


class Anchors(M.Module):
    """Boxes of every position, made from the shapes of the features."""

    def __init__(self, strides, sizes):
        super().__init__()
        self.strides = strides
        self.cells = []
        for size in sizes:
            shapes = [(size * math.sqrt(ratio), size / math.sqrt(ratio)) for ratio in (0.5, 1.0, 2.0)]
            self.cells.append(np.array([[-w / 2, -h / 2, w / 2, h / 2] for w, h in shapes], "float32"))

    def forward(self, features):
        anchors = []
        for feature, stride, cells in zip(features, self.strides, self.cells):
            height, width = feature.shape[2:]
            x = F.linspace(0, width - 1, width) * stride
            y = F.linspace(0, height - 1, height) * stride
            x = F.broadcast_to(x.reshape(1, -1), (height, width)).flatten()
            y = F.broadcast_to(y.reshape(-1, 1), (height, width)).flatten()
            centres = F.stack([x, y, x, y], axis=1)
            boxes = F.expand_dims(centres, 1) + F.expand_dims(mge.Tensor(cells), 0)
            anchors.append(boxes.reshape(-1, 4))
        return anchors


def decode(anchors, deltas):
    """Deltas of centre and log size to corners, written into an empty tensor by strides."""
    size = anchors[:, 2:4] - anchors[:, 0:2] + 1
    centre = anchors[:, 0:2] + 0.5 * size
    moved = deltas[:, 0::4] * size[:, 0:1] + centre[:, 0:1]
    lowered = deltas[:, 1::4] * size[:, 1:2] + centre[:, 1:2]
    width = size[:, :1] * F.exp(F.minimum(deltas[:, 2::4], math.log(1000.0 / 16)))
    height = size[:, 1:] * F.exp(F.minimum(deltas[:, 3::4], math.log(1000.0 / 16)))
    boxes = F.zeros_like(deltas)
    boxes[:, 0::4] = moved - 0.5 * width
    boxes[:, 1::4] = lowered - 0.5 * height
    boxes[:, 2::4] = moved + 0.5 * width
    boxes[:, 3::4] = lowered + 0.5 * height
    return boxes


def clipped(boxes, size):
    """Inside the image of (height, width)."""
    boxes[:, 0::2] = F.minimum(F.maximum(boxes[:, 0::2], 0), size[1])
    boxes[..., 1::2] = F.clip(boxes[..., 1::2], 0, size[0])
    return boxes


class RetinaNet(M.Module):
    def __init__(self, classes=3):
        super().__init__()
        self.classes = classes
        self.backbone, self.pyramid = Backbone(), Pyramid()
        self.anchors = Anchors([8, 16, 32, 64], [16, 32, 64, 128])
        self.class_tower = M.Sequential(M.Conv2d(8, 8, 3, 1, 1), M.ReLU())
        self.box_tower = M.Sequential(M.Conv2d(8, 8, 3, 1, 1), M.ReLU())
        self.score = M.Conv2d(8, classes * 3, 3, 1, 1)
        self.boxes = M.Conv2d(8, 4 * 3, 3, 1, 1)

    def forward(self, image):
        image = (image * 255 - 110.0) / 57.0
        features = self.pyramid(self.backbone(image))
        anchors = self.anchors(features)
        scores = [permute(self.score(self.class_tower(x)), self.classes) for x in features]
        deltas = [permute(self.boxes(self.box_tower(x)), 4) for x in features]
        scores = F.sigmoid(F.concat(scores, axis=1))
        boxes = decode(F.concat(anchors, axis=0), F.concat(deltas, axis=1)[0] * 0.1)
        return clipped(boxes, (image.shape[2] - 1, image.shape[3] - 1)), scores[0]


class RetinaNetNms(RetinaNet):
    """With the best of each class, suppressed by an offset a class."""

    def forward(self, image):
        boxes, scores = super().forward(image)
        best = F.max(scores, axis=1)
        label = F.argmax(scores, axis=1)
        _, order = F.topk(best, 40, descending=True)
        boxes, best, label = boxes[order], best[order], label[order]
        shifted = boxes + (label.astype("float32") * (boxes.max() + 1)).reshape(-1, 1)
        kept = F.vision.nms(shifted, best, 0.4, max_output=10)
        return F.concat([boxes[kept], best[kept].reshape(-1, 1)], axis=1), label[kept]


class Fcos(M.Module):
    def __init__(self, classes=3):
        super().__init__()
        self.backbone, self.pyramid = Backbone(), Pyramid()
        self.tower = M.Sequential(M.Conv2d(8, 8, 3, 1, 1), M.GroupNorm(2, 8), M.ReLU())
        self.score, self.boxes, self.centre = (M.Conv2d(8, count, 3, 1, 1) for count in (classes, 4, 1))
        self.scales = mge.Parameter(np.ones(4, "float32"))

    def points(self, feature, stride):
        height, width = feature.shape[2], feature.shape[3]
        x = (F.arange(0, width) + 0.5) * stride
        y = (F.arange(0, height) + 0.5) * stride
        x, y = F.meshgrid(x, y, indexing="xy")
        return F.stack([x.flatten(), y.flatten()], axis=1)

    def forward(self, image):
        scores, boxes = [], []
        for number, feature in enumerate(self.pyramid(self.backbone(image))):
            stride = 2 ** (number + 3)
            hidden = self.tower(feature)
            distances = F.relu(self.boxes(hidden) * self.scales[number]) * stride
            score = F.sqrt(F.sigmoid(self.score(hidden)) * F.sigmoid(self.centre(hidden)))
            points = F.expand_dims(self.points(feature, stride), 0)
            distances = F.flatten(distances, 2).transpose(0, 2, 1)
            boxes.append(F.concat([points - distances[..., :2], points + distances[..., 2:]], axis=-1))
            scores.append(F.flatten(score, 2).transpose(0, 2, 1))
        return F.concat(boxes, axis=1), F.concat(scores, axis=1)
