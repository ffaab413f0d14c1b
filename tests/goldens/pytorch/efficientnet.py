"""EfficientNet, written by mgeconvert 2.0.0."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn


class Stem(nn.Module):
    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, groups=1
    ):
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels,
            out_channels,
            kernel_size,
            stride=stride,
            padding=padding,
            groups=groups,
            bias=False,
        )
        self.bn = nn.BatchNorm2d(out_channels, eps=0.001)

    def forward(self, x):
        return F.silu(self.bn(self.conv(x)))


class LayersBlock(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.fc1 = nn.Linear(in_features, out_features)
        self.fc2 = nn.Linear(out_features, in_features)

    def forward(self, x):
        out = self.fc2(F.silu(self.fc1(x.mean((2, 3)))))
        return x * torch.sigmoid(out).reshape(x.shape[0], x.shape[1], 1, 1)


class LayersBlock2(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.bn = nn.BatchNorm2d(out_channels, eps=0.001)

    def forward(self, x):
        return self.bn(self.conv(x))


class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(12, 32, 1, bias=False)
        self.bn = nn.BatchNorm2d(32, eps=0.001)

    def forward(self, x):
        x = self.bn(self.conv(x))
        return x * torch.sigmoid(x)


class BlocksBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            Stem(8, 8, 3, padding=1, groups=8), LayersBlock(8, 2), LayersBlock2(8, 8)
        )
        self.drop = nn.Dropout(0.2)

    def forward(self, x):
        return x + self.drop(self.layers(x))


class BlocksBlock2(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            Stem(12, 72, 1),
            Stem(72, 72, 3, padding=1, groups=72),
            LayersBlock(72, 18),
            LayersBlock2(72, 12),
        )
        self.drop = nn.Dropout(0.2)

    def forward(self, x):
        return x + self.drop(self.layers(x))


class BlocksBlock3(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            Stem(8, 48, 1),
            Stem(48, 48, 5, stride=2, padding=2, groups=48),
            LayersBlock(48, 12),
            LayersBlock2(48, 12),
        )

    def forward(self, x):
        return self.layers(x)


class EfficientNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = Stem(3, 8, 3, stride=2, padding=1)
        self.blocks = nn.Sequential(BlocksBlock(), BlocksBlock3(), BlocksBlock2())
        self.head = Head()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(32, 10)

    def forward(self, x):
        x = self.stem(x)
        x = self.blocks(x)
        return self.fc(self.pool(self.head(x)).flatten(1))


_WEIGHTS = "d56d1149a479dda5"


def load(weights: str | Path | None = None) -> nn.Module:
    """The network with its weights (those beside this file unless given), in inference mode."""
    network = EfficientNet()
    path = weights or Path(__file__).with_suffix(".safetensors")
    with safe_open(path, "pt") as file:
        written = (file.metadata() or {}).get("fingerprint", _WEIGHTS)
    if weights is None and written != _WEIGHTS:
        raise ValueError(f"{path} belongs to another network; load(path) takes any")
    network.load_state_dict(load_file(path))
    return network.eval()
