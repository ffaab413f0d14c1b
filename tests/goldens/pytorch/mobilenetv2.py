"""MobileNetV2, written by mgeconvert 2.0.0."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn


class FeaturesBlock(nn.Module):
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
        return torch.clamp(self.bn(self.conv(x)), min=0.0, max=6.0)


class LayersBlock(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.bn = nn.BatchNorm2d(out_channels, eps=0.001)

    def forward(self, x):
        return self.bn(self.conv(x))


class FeaturesBlock2(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            FeaturesBlock(8, 8, 3, padding=1, groups=8), LayersBlock(8, 8)
        )
        self.drop = nn.Dropout(0.2)

    def forward(self, x):
        return x + self.drop(self.layers(x))


class FeaturesBlock3(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            FeaturesBlock(12, 48, 1),
            FeaturesBlock(48, 48, 3, padding=1, groups=48),
            LayersBlock(48, 12),
        )
        self.drop = nn.Dropout(0.2)

    def forward(self, x):
        return x + self.drop(self.layers(x))


class FeaturesBlock4(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            FeaturesBlock(8, 32, 1),
            FeaturesBlock(32, 32, 3, stride=2, padding=1, groups=32),
            LayersBlock(32, 12),
        )

    def forward(self, x):
        return self.layers(x)


class MobileNetV2(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            FeaturesBlock(3, 8, 3, stride=2, padding=1),
            FeaturesBlock2(),
            FeaturesBlock4(),
            FeaturesBlock3(),
            FeaturesBlock(12, 32, 1),
        )
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(32, 10))

    def forward(self, x):
        x = self.features(x).mean(3).mean(2)
        return self.classifier(x)


_WEIGHTS = "a37b9658935c49c8"


def load(weights: str | Path | None = None) -> nn.Module:
    """The network with its weights (those beside this file unless given), in inference mode."""
    network = MobileNetV2()
    path = weights or Path(__file__).with_suffix(".safetensors")
    with safe_open(path, "pt") as file:
        written = (file.metadata() or {}).get("fingerprint", _WEIGHTS)
    if weights is None and written != _WEIGHTS:
        raise ValueError(f"{path} belongs to another network; load(path) takes any")
    network.load_state_dict(load_file(path))
    return network.eval()
