"""Networks that hold sizes of the images they were traced with, as tests want them."""

from __future__ import annotations

import megengine as mge
import megengine.functional as F
import megengine.module as M
import numpy as np


class Conv(M.Module):
    def __init__(self, size=3, stride=2, padding=1):
        super().__init__()
        self.conv = M.Conv2d(3, 4, size, stride, padding)


class FlattenLinear(Conv):
    def __init__(self):
        super().__init__()
        self.fc = M.Linear(64, 5)

    def forward(self, x):
        return self.fc(F.flatten(self.conv(x), 1))


class ReshapeLinear(FlattenLinear):
    def forward(self, x):
        return self.fc(self.conv(x).reshape(x.shape[0], -1))


class WholeWindow(Conv):
    def __init__(self):
        super().__init__(8, 1, 0)

    def forward(self, x):
        return self.conv(x).reshape(x.shape[0], 4)


class LayerNorm(M.Module):
    def __init__(self):
        super().__init__()
        self.body = M.Sequential(M.Conv2d(3, 3, 1), M.LayerNorm(8))

    def forward(self, x):
        return self.body(x)


class LayerNormImage(M.Module):
    def __init__(self):
        super().__init__()
        self.norm = M.LayerNorm((3, 8, 8))

    def forward(self, x):
        return self.norm(x)


class Tokens(M.Module):
    def __init__(self):
        super().__init__()
        self.embed = M.Conv2d(3, 6, 2, stride=2)
        self.table = mge.Parameter(np.ones((1, 16, 6), "float32"))

    def forward(self, x):
        return F.flatten(self.embed(x), 2).transpose(0, 2, 1) + self.table


class Positions(M.Module):
    def __init__(self):
        super().__init__()
        self.vit = Tokens()

    def forward(self, x):
        return self.vit(x)


class Map(M.Module):
    def __init__(self):
        super().__init__()
        self.map = mge.Parameter(np.ones((1, 1, 8, 8), "float32"))


class FixedMap(Map):
    def forward(self, x):
        return x * self.map


class JoinedMap(Map):
    def forward(self, x):
        return F.concat([x, self.map], 1)


class Spatial(M.Module):
    def __init__(self):
        super().__init__()
        self.mix = M.Linear(64, 4)

    def forward(self, x):
        return self.mix(F.flatten(x, 2))


class Matrix(M.Module):
    def __init__(self):
        super().__init__()
        self.w = mge.Parameter(np.ones((8, 5), "float32"))

    def forward(self, x):
        return F.matmul(x, self.w)
