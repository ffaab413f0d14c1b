"""UNet, written by mgeconvert 2.0.0."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(
            nn.Conv2d(3, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU()
        )
        self.second = nn.Sequential(
            nn.Conv2d(6, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU()
        )
        self.bottom = nn.Sequential(
            nn.Conv2d(8, 12, 3, padding=1, bias=False), nn.BatchNorm2d(12), nn.ReLU()
        )
        self.up2 = nn.ConvTranspose2d(12, 8, 2, stride=2)
        self.join2 = nn.Sequential(
            nn.Conv2d(16, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU()
        )
        self.up1 = nn.ConvTranspose2d(8, 6, 4, stride=2, padding=1)
        self.join1 = nn.Sequential(
            nn.Conv2d(12, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU()
        )
        self.out = nn.Conv2d(6, 1, 1)

    def forward(self, x):
        x = self.first(x)
        second = self.second(F.max_pool2d(x, 2, stride=2))
        out = self.up2(self.bottom(F.max_pool2d(second, 2, stride=2)))
        out = torch.cat([F.pad(out, [0, 0, 0, 1], mode="reflect"), second], 1)
        out = self.up1(self.join2(out))
        out = F.pad(out.flatten(0, 1), [0, 1], mode="reflect").unflatten(
            0, out.shape[:2]
        )
        return torch.sigmoid(self.out(self.join1(torch.cat([out, x], 1))))


_WEIGHTS = "e4b7a7d5d6998bfd"


def load(weights: str | Path | None = None) -> nn.Module:
    """The network with its weights (those beside this file unless given), in inference mode."""
    network = UNet()
    path = weights or Path(__file__).with_suffix(".safetensors")
    with safe_open(path, "pt") as file:
        written = (file.metadata() or {}).get("fingerprint", _WEIGHTS)
    if weights is None and written != _WEIGHTS:
        raise ValueError(f"{path} belongs to another network; load(path) takes any")
    network.load_state_dict(load_file(path))
    return network.eval()
