"""ShuffleNet, written by mgeconvert 2.0.0."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn


class Stem(nn.Module):
    def __init__(self, in_channels, kernel_size, stride=1, padding=0, groups=1):
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels,
            12,
            kernel_size,
            stride=stride,
            padding=padding,
            groups=groups,
            bias=False,
        )
        self.bn = nn.BatchNorm2d(12, eps=0.001)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class Depthwise(nn.Module):
    def __init__(self, kernel_size, groups, stride=1, padding=0):
        super().__init__()
        self.conv = nn.Conv2d(
            12,
            12,
            kernel_size,
            stride=stride,
            padding=padding,
            groups=groups,
            bias=False,
        )
        self.bn = nn.BatchNorm2d(12, eps=0.001)

    def forward(self, x):
        return self.bn(self.conv(x))


class First(nn.Module):
    def __init__(self):
        super().__init__()
        self.compress = Stem(12, 1, groups=3)
        self.depthwise = Depthwise(3, 12, stride=2, padding=1)
        self.expand = Depthwise(1, 3)

    def forward(self, x):
        compress = self.compress(x)
        out = compress.reshape(
            compress.shape[0],
            3,
            compress.shape[1] // 3,
            compress.shape[2],
            compress.shape[3],
        )
        out = out.transpose(1, 2)
        out = out.reshape(
            compress.shape[0], compress.shape[1], compress.shape[2], compress.shape[3]
        )
        out = self.depthwise(out)
        x = F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)
        return F.relu(torch.cat([x, self.expand(out)], 1))


class Second(nn.Module):
    def __init__(self):
        super().__init__()
        self.branch = nn.Sequential(
            Stem(12, 1), Depthwise(3, 12, padding=1), Stem(12, 1)
        )

    def forward(self, x):
        out = x.reshape(x.shape[0] * x.shape[1] // 2, 2, x.shape[2] * x.shape[3])
        out = out.transpose(0, 1)
        out = out.reshape(2, -1, x.shape[1] // 2, x.shape[2], x.shape[3])
        return torch.cat([out[0], self.branch(out[1])], 1)


class ShuffleNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = Stem(3, 3, stride=2, padding=1)
        self.first = First()
        self.second = Second()
        self.again = Second()
        self.fc = nn.Linear(24, 10, bias=False)

    def forward(self, x):
        x = F.max_pool2d(self.stem(x), 3, stride=2, padding=1)
        x = self.first(x)
        x = self.second(x)
        x = self.again(x)
        return self.fc(self.again(x).mean((2, 3)))


_WEIGHTS = "cda53b9a12133fdc"


def load(weights: str | Path | None = None) -> nn.Module:
    """The network with its weights (those beside this file unless given), in inference mode."""
    network = ShuffleNet()
    path = weights or Path(__file__).with_suffix(".safetensors")
    with safe_open(path, "pt") as file:
        written = (file.metadata() or {}).get("fingerprint", _WEIGHTS)
    if weights is None and written != _WEIGHTS:
        raise ValueError(f"{path} belongs to another network; load(path) takes any")
    network.load_state_dict(load_file(path))
    return network.eval()
