"""RepVGG, written by mgeconvert 2.0.0."""

from __future__ import annotations

from pathlib import Path

import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn


class StagesBlock(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.dense = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
        )
        self.pointwise = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 1, stride=2, bias=False),
            nn.BatchNorm2d(out_channels),
        )

    def forward(self, x):
        return F.relu(self.dense(x) + self.pointwise(x))


class StagesBlock2(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = nn.Sequential(
            nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        )
        self.pointwise = nn.Sequential(
            nn.Conv2d(8, 8, 1, bias=False), nn.BatchNorm2d(8)
        )
        self.identity = nn.BatchNorm2d(8)

    def forward(self, x):
        out = self.dense(x) + self.pointwise(x)
        return F.relu(out + self.identity(x))


class RepVGG(nn.Module):
    def __init__(self):
        super().__init__()
        self.stages = nn.Sequential(
            StagesBlock(3, 8), StagesBlock2(), StagesBlock(8, 12)
        )
        self.head = nn.Linear(12, 5)

    def forward(self, x):
        return self.head(self.stages(x).mean((2, 3), keepdim=True).flatten(1))


_WEIGHTS = "11dd06b4a40665e3"


def load(weights: str | Path | None = None) -> nn.Module:
    """The network with its weights (those beside this file unless given), in inference mode."""
    network = RepVGG()
    path = weights or Path(__file__).with_suffix(".safetensors")
    with safe_open(path, "pt") as file:
        written = (file.metadata() or {}).get("fingerprint", _WEIGHTS)
    if weights is None and written != _WEIGHTS:
        raise ValueError(f"{path} belongs to another network; load(path) takes any")
    network.load_state_dict(load_file(path))
    return network.eval()
