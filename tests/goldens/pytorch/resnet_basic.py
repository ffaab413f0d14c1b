"""ResNet, written by mgeconvert 2.0.0."""

from __future__ import annotations

from pathlib import Path

import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn


class LayerBlock(nn.Module):
    def __init__(self, in_channels, out_channels, stride=1, downsample=None):
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels, out_channels, 3, stride=stride, padding=1, bias=False
        )
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.downsample = downsample or nn.Identity()

    def forward(self, x):
        out = self.conv2(F.relu(self.bn1(self.conv1(x))))
        return F.relu(self.bn2(out) + self.downsample(x))


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = nn.Sequential(LayerBlock(8, 8), LayerBlock(8, 8))
        self.layer2 = nn.Sequential(
            LayerBlock(
                8,
                12,
                stride=2,
                downsample=nn.Sequential(
                    nn.Conv2d(8, 12, 1, stride=2, bias=False), nn.BatchNorm2d(12)
                ),
            ),
            LayerBlock(12, 12),
        )
        self.layer3 = nn.Sequential(
            LayerBlock(
                12,
                16,
                stride=2,
                downsample=nn.Sequential(
                    nn.Conv2d(12, 16, 1, stride=2, bias=False), nn.BatchNorm2d(16)
                ),
            ),
            LayerBlock(16, 16),
        )
        self.fc = nn.Linear(16, 10)

    def forward(self, x):
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        x = self.layer1(x)
        x = self.layer2(x)
        return self.fc(self.layer3(x).mean((2, 3), keepdim=True).flatten(1))


_WEIGHTS = "eaf8cfb82e5dcc83"


def load(weights: str | Path | None = None) -> nn.Module:
    """The network with its weights (those beside this file unless given), in inference mode."""
    network = ResNet()
    path = weights or Path(__file__).with_suffix(".safetensors")
    with safe_open(path, "pt") as file:
        written = (file.metadata() or {}).get("fingerprint", _WEIGHTS)
    if weights is None and written != _WEIGHTS:
        raise ValueError(f"{path} belongs to another network; load(path) takes any")
    network.load_state_dict(load_file(path))
    return network.eval()
