"""HRNet, written by mgeconvert 2.0.0."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn


class BranchesBlock(nn.Module):
    def __init__(self, in_channels):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, in_channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv2 = nn.Conv2d(in_channels, in_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(in_channels)
        self.downsample = nn.Identity()

    def forward(self, x):
        out = self.conv2(F.relu(self.bn1(self.conv1(x))))
        return F.relu(self.bn2(out) + self.downsample(x))


class HRNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(),
        )
        self.down = nn.Sequential(
            nn.Conv2d(8, 16, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
        )
        self.branches = nn.ModuleList([BranchesBlock(8), BranchesBlock(16)])
        self.to_high = nn.Sequential(nn.Conv2d(16, 8, 1, bias=False), nn.BatchNorm2d(8))
        self.to_low = nn.Sequential(
            nn.Conv2d(8, 16, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(16)
        )
        self.head = nn.Conv2d(24, 4, 1)

    def forward(self, x):
        x = self.stem(x)
        out = self.branches[0](x)
        down = self.down(x)
        down = self.branches[1](down)
        to_high = self.to_high(down)
        to_high = F.interpolate(
            to_high,
            size=[out.shape[2], out.shape[3]],
            mode="bilinear",
            align_corners=False,
        )
        down = F.interpolate(F.relu(down + self.to_low(out)), scale_factor=2)
        to_high = self.head(torch.cat([F.relu(out + to_high), down], 1))
        out = to_high.flatten(2).argmax(2, keepdim=False).to(torch.int32)
        out_2 = out - torch.remainder(out, to_high.shape[3])
        out_3 = to_high.flatten(2).amax(2)
        out_2 = torch.div(out_2, to_high.shape[3], rounding_mode="trunc")
        return to_high, out_3, torch.remainder(out, to_high.shape[3]), out_2


_WEIGHTS = "54776c0c8879c0f4"


def load(weights: str | Path | None = None) -> nn.Module:
    """The network with its weights (those beside this file unless given), in inference mode."""
    network = HRNet()
    path = weights or Path(__file__).with_suffix(".safetensors")
    with safe_open(path, "pt") as file:
        written = (file.metadata() or {}).get("fingerprint", _WEIGHTS)
    if weights is None and written != _WEIGHTS:
        raise ValueError(f"{path} belongs to another network; load(path) takes any")
    network.load_state_dict(load_file(path))
    return network.eval()
