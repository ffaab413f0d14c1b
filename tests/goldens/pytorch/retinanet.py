"""RetinaNet, written by mgeconvert 2.0.0."""

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


class Anchors(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("const_tensor", torch.zeros(1, 3, 4))
        self.register_buffer("const_tensor_1_1", torch.zeros(1, 3, 4))
        self.register_buffer("const_tensor_2", torch.zeros(1, 3, 4))
        self.register_buffer("const_tensor_3", torch.zeros(1, 3, 4))

    def forward(self, features_0, features_1, features_2, features_3):
        out = torch.linspace(0, features_0.shape[3] - 1, features_0.shape[3])
        out_2 = torch.linspace(0, features_0.shape[2] - 1, features_0.shape[2])
        out = (out * 8.0).reshape(1, -1)
        out = out.expand(features_0.shape[2], features_0.shape[3]).flatten()
        out_2 = (out_2 * 8.0).reshape(-1, 1)
        out_2 = out_2.expand(features_0.shape[2], features_0.shape[3]).flatten()
        out = torch.stack([out, out_2, out, out_2], 1).unsqueeze(1)
        out_2 = torch.linspace(0, features_1.shape[3] - 1, features_1.shape[3])
        out_3 = torch.linspace(0, features_1.shape[2] - 1, features_1.shape[2])
        out_2 = (out_2 * 16.0).reshape(1, -1)
        out_2 = out_2.expand(features_1.shape[2], features_1.shape[3]).flatten()
        out_3 = (out_3 * 16.0).reshape(-1, 1)
        out_3 = out_3.expand(features_1.shape[2], features_1.shape[3]).flatten()
        out_2 = torch.stack([out_2, out_3, out_2, out_3], 1).unsqueeze(1)
        out_3 = torch.linspace(0, features_2.shape[3] - 1, features_2.shape[3])
        out_4 = torch.linspace(0, features_2.shape[2] - 1, features_2.shape[2])
        out_3 = (out_3 * 32.0).reshape(1, -1)
        out_3 = out_3.expand(features_2.shape[2], features_2.shape[3]).flatten()
        out_4 = (out_4 * 32.0).reshape(-1, 1)
        out_4 = out_4.expand(features_2.shape[2], features_2.shape[3]).flatten()
        out_3 = torch.stack([out_3, out_4, out_3, out_4], 1).unsqueeze(1)
        out_4 = torch.linspace(0, features_3.shape[3] - 1, features_3.shape[3])
        out_5 = torch.linspace(0, features_3.shape[2] - 1, features_3.shape[2])
        out_4 = (out_4 * 64.0).reshape(1, -1)
        out_4 = out_4.expand(features_3.shape[2], features_3.shape[3]).flatten()
        out_5 = (out_5 * 64.0).reshape(-1, 1)
        out_5 = out_5.expand(features_3.shape[2], features_3.shape[3]).flatten()
        out_4 = torch.stack([out_4, out_5, out_4, out_5], 1).unsqueeze(1)
        out_2 = (out_2 + self.const_tensor_1_1).reshape(-1, 4)
        out_3 = (out_3 + self.const_tensor_2).reshape(-1, 4)
        out_4 = (out_4 + self.const_tensor_3).reshape(-1, 4)
        return (out + self.const_tensor).reshape(-1, 4), out_2, out_3, out_4


class RetinaNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = Backbone()
        self.pyramid = Pyramid()
        self.anchors = Anchors()
        self.class_tower = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU())
        self.score = nn.Conv2d(8, 9, 3, padding=1)
        self.box_tower = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU())
        self.boxes = nn.Conv2d(8, 12, 3, padding=1)
        self.register_buffer("constant_191", torch.zeros(4, dtype=torch.int64))
        self.register_buffer("constant_192", torch.zeros(1, 4, dtype=torch.bool))
        self.register_buffer("constant_202", torch.zeros(4, dtype=torch.int64))
        self.register_buffer("constant_203", torch.zeros(1, 4, dtype=torch.bool))

    def forward(self, image):
        image = (image * 255.0 - 110.0) / 57.0
        relu, relu_2, relu_3 = self.backbone(image)
        output_0, output_3, output_2, extra = self.pyramid(relu, relu_2, relu_3)
        reshape, reshape_2, reshape_3, reshape_4 = self.anchors(
            output_0, output_3, output_2, extra
        )
        score = self.score(self.class_tower(output_0))
        out = score.reshape(score.shape[0], -1, 3, score.shape[2], score.shape[3])
        score_2 = self.score(self.class_tower(output_3))
        out_2 = score_2.reshape(
            score_2.shape[0], -1, 3, score_2.shape[2], score_2.shape[3]
        )
        score_3 = self.score(self.class_tower(output_2))
        out_3 = score_3.reshape(
            score_3.shape[0], -1, 3, score_3.shape[2], score_3.shape[3]
        )
        score_4 = self.score(self.class_tower(extra))
        out_4 = score_4.reshape(
            score_4.shape[0], -1, 3, score_4.shape[2], score_4.shape[3]
        )
        boxes = self.boxes(self.box_tower(output_0))
        out_5 = boxes.reshape(boxes.shape[0], -1, 4, boxes.shape[2], boxes.shape[3])
        boxes_2 = self.boxes(self.box_tower(output_3))
        out_6 = boxes_2.reshape(
            boxes_2.shape[0], -1, 4, boxes_2.shape[2], boxes_2.shape[3]
        )
        boxes_3 = self.boxes(self.box_tower(output_2))
        out_7 = boxes_3.reshape(
            boxes_3.shape[0], -1, 4, boxes_3.shape[2], boxes_3.shape[3]
        )
        boxes_4 = self.boxes(self.box_tower(extra))
        out_8 = boxes_4.reshape(
            boxes_4.shape[0], -1, 4, boxes_4.shape[2], boxes_4.shape[3]
        )
        out = out.permute(0, 3, 4, 1, 2).reshape(score.shape[0], -1, 3)
        out_2 = out_2.permute(0, 3, 4, 1, 2).reshape(score_2.shape[0], -1, 3)
        out_3 = out_3.permute(0, 3, 4, 1, 2).reshape(score_3.shape[0], -1, 3)
        out_4 = out_4.permute(0, 3, 4, 1, 2).reshape(score_4.shape[0], -1, 3)
        reshape = torch.cat([reshape, reshape_2, reshape_3, reshape_4], 0)
        out_5 = out_5.permute(0, 3, 4, 1, 2).reshape(boxes.shape[0], -1, 4)
        out_6 = out_6.permute(0, 3, 4, 1, 2).reshape(boxes_2.shape[0], -1, 4)
        out_7 = out_7.permute(0, 3, 4, 1, 2).reshape(boxes_3.shape[0], -1, 4)
        out_8 = out_8.permute(0, 3, 4, 1, 2).reshape(boxes_4.shape[0], -1, 4)
        out_5 = torch.cat([out_5, out_6, out_7, out_8], 1)[0] * 0.1
        out_6 = reshape[:, 2:4] - reshape[:, 0:2] + 1.0
        reshape = reshape[:, 0:2] + 0.5 * out_6
        out_7 = out_5[:, 0::4] * out_6[:, 0:1]
        out_7 = out_7 + reshape[:, 0:1]
        out_8 = out_5[:, 1::4] * out_6[:, 1:2]
        out_8 = out_8 + reshape[:, 1:2]
        out_9 = torch.exp(torch.clamp(out_5[:, 2::4], max=4.1351666))
        out_9 = out_6[:, :1] * out_9
        out_10 = torch.exp(torch.clamp(out_5[:, 3::4], max=4.1351666))
        out_6 = out_6[:, 1:] * out_10
        out_5 = torch.zeros_like(out_5)[:, 1:4]
        out_5 = torch.cat([out_7 - 0.5 * out_9, out_5], 1)
        out_10 = out_8 - 0.5 * out_6
        out_5 = torch.cat([out_5[:, :1], out_10, out_5[:, 2:4]], 1)
        out_7 = out_7 + 0.5 * out_9
        out_5 = torch.cat([out_5[:, :2], out_7, out_5[:, 3:4]], 1)[:, :3]
        out_5 = torch.cat([out_5, out_8 + 0.5 * out_6], 1)
        out_6 = torch.clamp(out_5[:, 0::2], min=0.0)
        out_7 = torch.tensor(image.shape[3] - 1, dtype=torch.int32).to(torch.float32)
        out_6 = torch.minimum(out_6, out_7)[:, self.constant_191]
        out_6 = torch.where(self.constant_192, out_6, out_5)
        out_5 = out_6[..., 1::2]
        image = torch.tensor(image.shape[2] - 1, dtype=torch.int32).to(torch.float32)
        out_5 = torch.where(out_5 <= 0.0, 0.0, torch.minimum(out_5, image))
        out_5 = torch.where(self.constant_203, out_5[:, self.constant_202], out_6)
        out = torch.sigmoid(torch.cat([out, out_2, out_3, out_4], 1))[0]
        return out_5, out


_WEIGHTS = "b428e44c3d112b96"


def load(weights: str | Path | None = None) -> nn.Module:
    """The network with its weights (those beside this file unless given), in inference mode."""
    network = RetinaNet()
    path = weights or Path(__file__).with_suffix(".safetensors")
    with safe_open(path, "pt") as file:
        written = (file.metadata() or {}).get("fingerprint", _WEIGHTS)
    if weights is None and written != _WEIGHTS:
        raise ValueError(f"{path} belongs to another network; load(path) takes any")
    network.load_state_dict(load_file(path))
    return network.eval()
