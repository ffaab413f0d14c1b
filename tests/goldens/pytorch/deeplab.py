"""DeepLab, written by mgeconvert 2.0.0."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn


class Pyramid(nn.Module):
    def __init__(self):
        super().__init__()
        self.branches = nn.ModuleList(
            [
                nn.Sequential(
                    nn.Conv2d(12, 8, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU()
                ),
                nn.Sequential(
                    nn.Conv2d(12, 8, 3, padding=2, dilation=2, bias=False),
                    nn.BatchNorm2d(8),
                    nn.ReLU(),
                ),
                nn.Sequential(
                    nn.Conv2d(12, 8, 3, padding=4, dilation=4, bias=False),
                    nn.BatchNorm2d(8),
                    nn.ReLU(),
                ),
            ],
        )
        self.pooled = nn.Sequential(nn.Conv2d(12, 8, 1), nn.ReLU())
        self.project = nn.Sequential(
            nn.Conv2d(32, 8, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU()
        )

    def forward(self, x):
        out = self.pooled(x.mean((2, 3), keepdim=True))
        out_2 = self.branches[0](x)
        out = F.interpolate(
            out, size=[x.shape[2], x.shape[3]], mode="bilinear", align_corners=False
        )
        out = torch.cat([out_2, self.branches[1](x), self.branches[2](x), out], 1)
        return self.project(out)


class DeepLab(nn.Module):
    def __init__(self):
        super().__init__()
        self.low = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU())
        self.high = nn.Sequential(nn.Conv2d(8, 12, 3, stride=2, padding=1), nn.ReLU())
        self.pyramid = Pyramid()
        self.reduce = nn.Sequential(
            nn.Conv2d(8, 6, 1, bias=False), nn.BatchNorm2d(6), nn.ReLU()
        )
        self.head = nn.Sequential(
            nn.Sequential(
                nn.Conv2d(14, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU()
            ),
            nn.Dropout(0.1),
            nn.Conv2d(8, 4, 1),
        )

    def forward(self, x):
        low = self.low(x)
        high = self.high(low)
        high = self.pyramid(high)
        high = F.interpolate(
            high, size=[low.shape[2], low.shape[3]], mode="bilinear", align_corners=True
        )
        high = torch.cat([high, self.reduce(low)], 1)
        high = self.head(high)
        high = F.interpolate(
            high, size=[x.shape[2], x.shape[3]], mode="bilinear", align_corners=True
        )
        return high, high.argmax(1, keepdim=False).to(torch.int32)


_WEIGHTS = "669471e8a5fa4da5"


def load(weights: str | Path | None = None) -> nn.Module:
    """The network with its weights (those beside this file unless given), in inference mode."""
    network = DeepLab()
    path = weights or Path(__file__).with_suffix(".safetensors")
    with safe_open(path, "pt") as file:
        written = (file.metadata() or {}).get("fingerprint", _WEIGHTS)
    if weights is None and written != _WEIGHTS:
        raise ValueError(f"{path} belongs to another network; load(path) takes any")
    network.load_state_dict(load_file(path))
    return network.eval()
