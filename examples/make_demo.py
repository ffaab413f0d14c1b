"""Make demo.pkl and demo.npz with real MegEngine: $(mgeconvert reference path) examples/make_demo.py

A small image classifier, 1x3x32x32 to ten classes: stem, residual stages, a block of parallel branches, a linear head.
Weights are He-initialised from a fixed seed and rounded to 1/64 of each tensor's largest, BatchNorm statistics come
from running it on pictures; the same script gives the same bytes.
"""

from __future__ import annotations

from pathlib import Path

import megengine as mge
import megengine.functional as F
import megengine.module as M
import numpy as np
from megengine.core import set_option
from megengine.traced_module import trace_module

set_option("async_level", 0)  # the default mode may give wrong numbers while tracing


class Residual(M.Module):
    """Two 3x3 convolutions beside a shortcut; the shortcut is projected where the shape changes."""

    def __init__(self, channels_in: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = M.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = M.BatchNorm2d(channels)
        self.conv2 = M.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = M.BatchNorm2d(channels)
        self.shortcut = M.Identity()
        if stride != 1 or channels_in != channels:
            self.shortcut = M.Sequential(
                M.Conv2d(channels_in, channels, 1, stride, bias=False), M.BatchNorm2d(channels)
            )

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(out)) + self.shortcut(x))


class Branches(M.Module):
    """A pointwise, a depthwise and a pooling branch side by side."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pointwise = M.ConvBnRelu2d(channels, channels // 2, 1)
        self.depthwise = M.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.pool = M.AvgPool2d(3, 1, 1)

    def forward(self, x):
        return F.concat([self.pointwise(x), F.relu6(self.depthwise(x)), self.pool(x)], axis=1)


class Classifier(M.Module):
    """images (N, 3, 32, 32) to logits (N, 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = M.Sequential(M.Conv2d(3, 16, 3, padding=1, bias=False), M.BatchNorm2d(16), M.ReLU(), M.MaxPool2d(2))
        self.stage1 = Residual(16, 16)
        self.stage2 = Residual(16, 32, stride=2)
        self.branches = Branches(32)
        self.mix = M.Conv2d(80, 64, 1)
        self.stage3 = Residual(64, 64, stride=2)
        self.dropout = M.Dropout(0.2)
        self.head = M.Linear(64, 10)

    def forward(self, images):
        x = self.stage2(self.stage1(self.stem(images)))
        x = self.stage3(self.mix(self.branches(x)))
        x = F.flatten(F.mean(x, axis=(2, 3), keepdims=True), 1)
        return self.head(self.dropout(x))


def pictures(count: int, seed: int) -> np.ndarray:
    """Discs of random colour on a gradient: (count, 3, 32, 32) in [-1, 1]."""
    random = np.random.RandomState(seed)
    y, x = np.mgrid[0:32, 0:32] / 31.0
    images = np.empty((count, 3, 32, 32), np.float32)
    for image in images:
        slope, colour = random.uniform(-1, 1, (3, 2)), random.uniform(-1, 1, 3)
        (centre_y, centre_x), radius = random.uniform(0.25, 0.75, 2), random.uniform(0.1, 0.3)
        image[:] = slope[:, 0, None, None] * y + slope[:, 1, None, None] * x
        image[:, (y - centre_y) ** 2 + (x - centre_x) ** 2 < radius**2] = colour[:, None]
    return np.clip(images, -1, 1)


def initialize(model: M.Module) -> None:
    """He-initialised weights with few bits, small biases, then BatchNorm statistics of real activations."""
    random = np.random.RandomState(1)
    for name, parameter in model.named_parameters():
        shape = parameter.shape
        if name.endswith("weight") and len(shape) > 1:
            array = random.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))
            step = np.abs(array).max() / 64
            array = np.round(array / step) * step
        elif ".bn" in name or "stem.1." in name or "shortcut.1." in name:
            array = np.round(random.uniform(0.75, 1.25, shape) * 64) / 64 - (0 if name.endswith("weight") else 1)
        else:
            array = np.round(random.uniform(-0.25, 0.25, shape) * 64) / 64
        parameter[...] = mge.Tensor(array.astype(np.float32))
    model.train()
    for step in range(40):
        model(mge.Tensor(pictures(16, seed=100 + step)))
    model.eval()


def main() -> None:
    """Write both files beside this script."""
    model = Classifier()
    initialize(model)
    images = pictures(1, seed=7)
    mge.save(trace_module(model, mge.Tensor(images)), str(Path(__file__).with_name("demo.pkl")))
    logits = mge.load(str(Path(__file__).with_name("demo.pkl")))(mge.Tensor(images)).numpy()
    np.savez(Path(__file__).with_name("demo.npz"), in_0=images, out_0=logits)


if __name__ == "__main__":
    main()
