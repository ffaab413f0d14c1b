"""Faster R-CNN: proposals, suppression, regions of interest, with as many results as the data has."""

import megengine as mge
import megengine.functional as F
import megengine.module as M
import numpy as np


def decode(anchors, deltas):
    size = anchors[:, 2:] - anchors[:, :2]
    centre = (anchors[:, 2:] + anchors[:, :2]) / 2
    centre = centre + deltas[:, :2] * size
    size = size * F.exp(F.clip(deltas[:, 2:], -4, 4))
    return F.concat([centre - size / 2, centre + size / 2], axis=1)


class Proposals(M.Module):
    """The best boxes of one level, as (batch index, x1, y1, x2, y2)."""

    def __init__(self, channels, stride, sizes):
        super().__init__()
        self.stride, self.count = stride, len(sizes)
        half = np.array(sizes, "float32").reshape(-1, 1) / 2
        self.cells = mge.Tensor(np.concatenate([-half, -half, half, half], axis=1))
        self.conv = M.Conv2d(channels, channels, 3, 1, 1)
        self.score = M.Conv2d(channels, self.count, 1)
        self.box = M.Conv2d(channels, self.count * 4, 1)

    def anchors(self, feature):
        height, width = feature.shape[2:]
        x = F.arange(width) * self.stride
        y = F.arange(height) * self.stride
        y, x = F.meshgrid(y, x, indexing="ij")
        centres = F.stack([x.flatten(), y.flatten()] * 2, axis=1)
        return (F.expand_dims(centres, 1) + self.cells).reshape(-1, 4)

    def forward(self, feature, info):
        hidden = F.relu(self.conv(feature))
        score = self.score(hidden)[0].transpose(1, 2, 0).flatten()
        deltas = self.box(hidden)[0].transpose(1, 2, 0).reshape(-1, 4)
        boxes = decode(self.anchors(feature), deltas)
        boxes[:, 0::2] = F.clip(boxes[:, 0::2], 0, info[0, 1])
        boxes[:, 1::2] = F.clip(boxes[:, 1::2], 0, info[0, 0])
        score, order = F.topk(score, 20, descending=True)
        boxes = boxes[order]
        width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
        large = F.logical_and(width > 2, height > 2)
        _, kept = F.cond_take(large, score)
        boxes, score = boxes[kept], score[kept]
        kept = F.vision.nms(boxes, score, 0.7, max_output=8)
        return F.concat([F.zeros((kept.shape[0], 1)), boxes[kept]], axis=1)


class FasterRcnn(M.Module):
    def __init__(self, classes=3):
        super().__init__()
        self.classes = classes
        self.stem = M.Sequential(M.Conv2d(3, 8, 7, 8, 3, bias=False), M.BatchNorm2d(8), M.ReLU())
        self.proposals = Proposals(8, 8, (12, 24, 40))
        self.fc1, self.fc2 = M.Linear(8 * 9, 16), M.Linear(16, 16)
        self.score, self.box = M.Linear(16, classes + 1), M.Linear(16, classes * 4)

    def forward(self, image, info):
        feature = self.stem(image)
        rois = self.proposals(feature, info)
        pooled = F.vision.roi_align(feature, rois, (3, 3), mode="average", spatial_scale=1 / 8, sample_points=2)
        hidden = F.relu(self.fc2(F.relu(self.fc1(F.flatten(pooled, 1)))))
        scores = F.softmax(self.score(hidden), axis=1)[:, 1:]
        deltas = self.box(hidden).reshape(-1, 4)
        count = rois.shape[0]
        bases = F.broadcast_to(F.expand_dims(rois[:, 1:], 1), (count, self.classes, 4)).reshape(-1, 4)
        boxes = decode(bases, deltas * 0.1)
        labels = F.broadcast_to(F.arange(self.classes), (count, self.classes)).flatten()
        scores = scores.flatten()
        mask = scores > 0.2
        boxes, scores, labels = boxes[mask], scores[mask], labels[mask]
        offset = labels * (F.max(boxes) + 1)
        kept = F.vision.nms(boxes + F.expand_dims(offset, 1), scores, iou_thresh=0.5, max_output=6)
        return F.concat([boxes[kept], F.expand_dims(scores[kept], 1)], 1), labels[kept].astype("int32")


class MaskRcnnHead(M.Module):
    """Regions pooled from two levels, each by those that belong to it, put back in order; then masks."""

    def __init__(self):
        super().__init__()
        self.conv = M.Conv2d(4, 4, 3, 1, 1)
        self.up = M.ConvTranspose2d(4, 4, 2, 2)
        self.predict = M.Conv2d(4, 2, 1)

    def forward(self, fine, coarse, rois):
        area = (rois[:, 3] - rois[:, 1]) * (rois[:, 4] - rois[:, 2])
        level = F.floor(F.log(F.sqrt(area) / 16) / 0.6931472)
        level = F.minimum(F.maximum(level, 0), 1).astype("int32")
        pooled, order = [], []
        for number, (feature, stride) in enumerate([(fine, 4), (coarse, 8)]):
            _, places = F.cond_take(level == number, level)
            pooled.append(F.vision.roi_align(feature, rois[places], (4, 4), spatial_scale=1 / stride, aligned=True))
            order.append(places)
        _, back = F.sort(F.concat(order, axis=0).astype("float32"))
        x = F.concat(pooled, axis=0)[back]
        x = F.relu(self.up(F.relu(self.conv(x))))
        return F.sigmoid(self.predict(x))
