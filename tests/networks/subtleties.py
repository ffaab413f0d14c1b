"""Ways of writing forward() that trace in forms of their own."""

import math

import megengine as mge
import megengine.functional as F
import megengine.module as M
import numpy as np


class Atss(M.Module):
    """Scales, centres and boxes of several levels in lists of dictionaries; the best of each level, then of all."""

    def __init__(self):
        super().__init__()
        self.heads = {"box": M.Conv2d(4, 4, 1), "score": M.Conv2d(4, 3, 1)}
        self.scale = [mge.Parameter(np.ones(1, "float32")) for _ in range(2)]

    def forward(self, fine, coarse):
        found = []
        for level, (feature, stride) in enumerate(zip((fine, coarse), (8, 16))):
            _, _, h, w = feature.shape
            shifts = [F.linspace(0, (n - 1) * stride, n) + stride // 2 for n in (h, w)]
            grid = F.stack(F.meshgrid(shifts[1], shifts[0]), axis=-1).reshape(-1, 2)
            box = F.relu(self.heads["box"](feature) * self.scale[level])[0].reshape(4, -1).T * stride
            score = F.sigmoid(self.heads["score"](feature))[0].transpose(1, 2, 0).reshape(-1)
            keep = min(12, int(h) * int(w) * 3)
            score, order = F.topk(score, keep, descending=True)
            place, label = order // 3, order % 3
            corners = F.concat([grid[place] - box[place, :2], grid[place] + box[place, 2:]], axis=1)
            found.append({"boxes": corners, "scores": score, "labels": label})
        boxes, scores, labels = (F.concat([level[key] for level in found]) for key in ("boxes", "scores", "labels"))
        areas = F.relu(boxes[:, 2] - boxes[:, 0]) * F.relu(boxes[:, 3] - boxes[:, 1])
        return {"boxes": boxes, "scores": F.sqrt(scores), "labels": labels.astype("int32"), "areas": areas}


class Arithmetic(M.Module):
    """Numbers on the left, integers and floats together, shapes as numbers, methods and in-place operators."""

    def forward(self, x, n):
        n, c = n + 1, x.shape[1]
        y = 3 - x
        y = 2.0 / (1 + y * y)
        y = 2**y + 7 // (n + 1) + 9 % (n + 2) - n / 2
        y -= c
        y *= math.pi
        y /= 1 + F.abs(x)
        y **= 2
        z = (x > 0).astype("float32") * n + (~(x > 0)) * 0.5
        total = float(np.sqrt(4)) * x.sum() / x.size + x.shape[0] * x.ndim
        return y, -z, abs(x) + +x, total, (x >= 0.1) ^ (x <= 0.5), n // 2 * 2 == n, round(x * 3)


class Reductions(M.Module):
    """Every axis form of reductions and of shape functions."""

    def forward(self, x):
        mean, std = F.mean(x, axis=-1, keepdims=True), F.std(x, axis=-1, keepdims=True)
        normal = (x - mean) / (std + 1e-5)
        var = F.var(x, axis=[1, 2])
        flat = F.flatten(x, 1)
        parts = F.split(flat, [3, 7], axis=1)
        norm = F.norm(flat, ord=2, axis=1, keepdims=True)
        prod = F.prod(parts[0], axis=1)
        largest = F.maximum(x.max(axis=(1, 2)), x.min(axis=1).max())
        lse = F.logsumexp(x, axis=(1, 2), keepdims=False)
        top = F.argmax(flat, axis=1, keepdims=True)
        tiled = F.tile(F.expand_dims(mean, 0), (2, 1, 1, 3))
        return normal, var, parts[1], flat / norm, prod, largest, lse, top, tiled, F.sum(x), F.cumsum(x, axis=-1)


class Gates(M.Module):
    """A mixture of experts: gates, topk, dispatch by one-hot; convolution with computed weights; a loop with break."""

    def __init__(self, experts=4, dim=6):
        super().__init__()
        self.gate = M.Linear(dim, experts, bias=False)
        self.experts = [M.Linear(dim, dim) for _ in range(experts)]
        self.bank = mge.Parameter(np.zeros((experts, 4 * 3 * 3 * 3), "float32"))

    def forward(self, x, image):
        weights = F.softmax(self.gate(x), axis=-1)
        values, chosen = F.topk(weights, 2, descending=True)
        values = values / values.sum(axis=-1, keepdims=True)
        results = F.stack([expert(x) for expert in self.experts], axis=1)
        dispatch = (F.one_hot(chosen, len(self.experts)).astype("float32") * F.expand_dims(values, -1)).sum(axis=1)
        mixed = F.matmul(F.expand_dims(dispatch, 1), results)[:, 0]
        kernel = F.matmul(weights, self.bank).reshape(4, 3, 3, 3)
        y = F.conv2d(image, kernel, padding=1)
        for step in range(5):
            y = F.avg_pool2d(y, 2) if step < 2 else y + step
            if step == 3:
                break
        return mixed, y, F.vision.interpolate(y, size=image.shape[2:], mode="nearest")
