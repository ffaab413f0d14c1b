"""Fcos, written by mgeconvert 2.0.0."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=4, padding=1, bias=False), nn.BatchNorm2d(8)
        )
        self.stages = nn.ModuleList(
            [
                nn.Sequential(
                    nn.Conv2d(8, 8, 3, stride=2, padding=1, bias=False),
                    nn.BatchNorm2d(8),
                ),
                nn.Sequential(
                    nn.Conv2d(8, 12, 3, stride=2, padding=1, bias=False),
                    nn.BatchNorm2d(12),
                ),
                nn.Sequential(
                    nn.Conv2d(12, 16, 3, stride=2, padding=1, bias=False),
                    nn.BatchNorm2d(16),
                ),
            ],
        )

    def forward(self, x):
        x = F.relu(self.stem(x))
        x = F.relu(self.stages[0](x))
        out = F.relu(self.stages[1](x))
        return x, out, F.relu(self.stages[2](out))


class Pyramid(nn.Module):
    def __init__(self):
        super().__init__()
        self.lateral = nn.ModuleList(
            [nn.Conv2d(8, 8, 1), nn.Conv2d(12, 8, 1), nn.Conv2d(16, 8, 1)]
        )
        self.output = nn.ModuleList(
            [
                nn.Conv2d(8, 8, 3, padding=1),
                nn.Conv2d(8, 8, 3, padding=1),
                nn.Conv2d(8, 8, 3, padding=1),
            ],
        )
        self.extra = nn.Conv2d(8, 8, 3, stride=2, padding=1)

    def forward(self, features_0, features_1, features_2):
        features_2 = self.lateral[2](features_2)
        out = self.output[2](features_2)
        features_2 = F.interpolate(
            features_2, size=[features_1.shape[2], features_1.shape[3]]
        )
        out_2 = features_2 + self.lateral[1](features_1)
        out_3 = F.interpolate(out_2, size=[features_0.shape[2], features_0.shape[3]])
        out_3 = self.output[0](out_3 + self.lateral[0](features_0))
        return out_3, self.output[1](out_2), out, self.extra(F.relu(out))


class Fcos(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = Backbone()
        self.pyramid = Pyramid()
        self.tower = nn.Sequential(
            nn.Conv2d(8, 8, 3, padding=1), nn.GroupNorm(2, 8), nn.ReLU()
        )
        self.boxes = nn.Conv2d(8, 4, 3, padding=1)
        self.scales = nn.Parameter(torch.zeros(4))
        self.score = nn.Conv2d(8, 3, 3, padding=1)
        self.centre = nn.Conv2d(8, 1, 3, padding=1)

    def forward(self, image):
        relu, relu_2, relu_3 = self.backbone(image)
        output_0, output_3, output_2, extra = self.pyramid(relu, relu_2, relu_3)
        tower = self.tower(output_0)
        out = F.relu(self.boxes(tower) * self.scales[0])
        out_2 = torch.sigmoid(self.centre(tower))
        out_3 = torch.arange(output_0.shape[3], dtype=torch.int32, device=image.device)
        out_3 = (out_3.to(torch.float32) + 0.5) * 8.0
        output_0 = torch.arange(
            output_0.shape[2], dtype=torch.int32, device=image.device
        )
        output_0 = (output_0.to(torch.float32) + 0.5) * 8.0
        out_4 = out_3.reshape(1, -1)
        out_5 = output_0.reshape(-1, 1)
        out_4 = out_4.expand(
            torch.broadcast_shapes(out_4.shape, [output_0.shape[0], out_3.shape[0]])
        )
        out_5 = out_5.expand(
            torch.broadcast_shapes(out_5.shape, [output_0.shape[0], out_3.shape[0]])
        )
        out_4 = torch.stack([out_4.flatten(), out_5.flatten()], 1).unsqueeze(0)
        out = (out * 8.0).flatten(2).transpose(1, 2)
        out_3 = out_4 - out[..., :2]
        tower = torch.sqrt(torch.sigmoid(self.score(tower)) * out_2)
        tower_2 = self.tower(output_3)
        out_2 = F.relu(self.boxes(tower_2) * self.scales[1])
        out_5 = torch.sigmoid(self.centre(tower_2))
        out_6 = torch.arange(output_3.shape[3], dtype=torch.int32, device=image.device)
        out_6 = (out_6.to(torch.float32) + 0.5) * 16.0
        output_3 = torch.arange(
            output_3.shape[2], dtype=torch.int32, device=image.device
        )
        output_3 = (output_3.to(torch.float32) + 0.5) * 16.0
        out_7 = out_6.reshape(1, -1)
        out_8 = output_3.reshape(-1, 1)
        out_7 = out_7.expand(
            torch.broadcast_shapes(out_7.shape, [output_3.shape[0], out_6.shape[0]])
        )
        out_8 = out_8.expand(
            torch.broadcast_shapes(out_8.shape, [output_3.shape[0], out_6.shape[0]])
        )
        out_7 = torch.stack([out_7.flatten(), out_8.flatten()], 1).unsqueeze(0)
        out_2 = (out_2 * 16.0).flatten(2).transpose(1, 2)
        out_6 = out_7 - out_2[..., :2]
        tower_2 = torch.sqrt(torch.sigmoid(self.score(tower_2)) * out_5)
        tower_3 = self.tower(output_2)
        out_5 = F.relu(self.boxes(tower_3) * self.scales[2])
        out_8 = torch.sigmoid(self.centre(tower_3))
        out_9 = torch.arange(output_2.shape[3], dtype=torch.int32, device=image.device)
        out_9 = (out_9.to(torch.float32) + 0.5) * 32.0
        output_2 = torch.arange(
            output_2.shape[2], dtype=torch.int32, device=image.device
        )
        output_2 = (output_2.to(torch.float32) + 0.5) * 32.0
        out_10 = out_9.reshape(1, -1)
        out_11 = output_2.reshape(-1, 1)
        out_10 = out_10.expand(
            torch.broadcast_shapes(out_10.shape, [output_2.shape[0], out_9.shape[0]])
        )
        out_11 = out_11.expand(
            torch.broadcast_shapes(out_11.shape, [output_2.shape[0], out_9.shape[0]])
        )
        out_10 = torch.stack([out_10.flatten(), out_11.flatten()], 1).unsqueeze(0)
        out_5 = (out_5 * 32.0).flatten(2).transpose(1, 2)
        out_9 = out_10 - out_5[..., :2]
        tower_3 = torch.sqrt(torch.sigmoid(self.score(tower_3)) * out_8)
        tower_4 = self.tower(extra)
        out_8 = F.relu(self.boxes(tower_4) * self.scales[3])
        out_11 = torch.sigmoid(self.centre(tower_4))
        out_12 = torch.arange(extra.shape[3], dtype=torch.int32, device=image.device)
        out_12 = (out_12.to(torch.float32) + 0.5) * 64.0
        extra = torch.arange(extra.shape[2], dtype=torch.int32, device=image.device)
        extra = (extra.to(torch.float32) + 0.5) * 64.0
        out_13 = out_12.reshape(1, -1)
        out_14 = extra.reshape(-1, 1)
        out_13 = out_13.expand(
            torch.broadcast_shapes(out_13.shape, [extra.shape[0], out_12.shape[0]])
        )
        out_14 = out_14.expand(
            torch.broadcast_shapes(out_14.shape, [extra.shape[0], out_12.shape[0]])
        )
        out_13 = torch.stack([out_13.flatten(), out_14.flatten()], 1).unsqueeze(0)
        out_8 = (out_8 * 64.0).flatten(2).transpose(1, 2)
        out_12 = out_13 - out_8[..., :2]
        tower_4 = torch.sqrt(torch.sigmoid(self.score(tower_4)) * out_11)
        out = torch.cat([out_3, out_4 + out[..., 2:]], -1)
        out_6 = torch.cat([out_6, out_7 + out_2[..., 2:]], -1)
        out_9 = torch.cat([out_9, out_10 + out_5[..., 2:]], -1)
        out_12 = torch.cat([out_12, out_13 + out_8[..., 2:]], -1)
        tower_2 = tower_2.flatten(2).transpose(1, 2)
        tower_3 = tower_3.flatten(2).transpose(1, 2)
        tower_4 = tower_4.flatten(2).transpose(1, 2)
        tower = torch.cat(
            [tower.flatten(2).transpose(1, 2), tower_2, tower_3, tower_4], 1
        )
        return torch.cat([out, out_6, out_9, out_12], 1), tower


_WEIGHTS = "a18fd9229031f8bf"


def load(weights: str | Path | None = None) -> nn.Module:
    """The network with its weights (those beside this file unless given), in inference mode."""
    network = Fcos()
    path = weights or Path(__file__).with_suffix(".safetensors")
    with safe_open(path, "pt") as file:
        written = (file.metadata() or {}).get("fingerprint", _WEIGHTS)
    if weights is None and written != _WEIGHTS:
        raise ValueError(f"{path} belongs to another network; load(path) takes any")
    network.load_state_dict(load_file(path))
    return network.eval()
