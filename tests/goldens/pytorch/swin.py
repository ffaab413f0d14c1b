"""Swin, written by mgeconvert 2.0.0."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(8, 24)
        self.bias_table = nn.Parameter(torch.zeros(49, 2))
        self.register_buffer("relative_index", torch.zeros(256, dtype=torch.int32))
        self.proj = nn.Linear(8, 8)

    def forward(self, x):
        qkv = self.qkv(x).reshape(x.shape[0], x.shape[1], 3, 2, x.shape[2] // 2)
        qkv = qkv.permute(2, 0, 3, 1, 4)
        split, split_2, split_3 = qkv.split(-(qkv.shape[0] // -3), 0)
        split_2 = split_2.squeeze(0).transpose(2, 3)
        out = self.bias_table[self.relative_index]
        out = out.reshape(x.shape[1], x.shape[1], -1).permute(2, 0, 1)
        split = split.squeeze(0) * 0.5 @ split_2
        out = torch.softmax(split + out.unsqueeze(0), dim=-1)
        out = (out @ split_3.squeeze(0)).transpose(1, 2)
        return self.proj(out.reshape(x.shape[0], x.shape[1], x.shape[2]))


class Ffn(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.fc1 = nn.Linear(in_features, out_features)
        self.act = nn.GELU()
        self.drop = nn.Dropout(0.1)
        self.fc2 = nn.Linear(out_features, in_features)

    def forward(self, x):
        x = self.fc2(self.drop(self.act(self.fc1(x))))
        return self.drop(x)


class Attention2(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(8, 24)
        self.bias_table = nn.Parameter(torch.zeros(49, 2))
        self.register_buffer("relative_index", torch.zeros(256, dtype=torch.int32))
        self.register_buffer("mask", torch.zeros(1, 4, 1, 16, 16))
        self.proj = nn.Linear(8, 8)

    def forward(self, x):
        qkv = self.qkv(x).reshape(x.shape[0], x.shape[1], 3, 2, x.shape[2] // 2)
        qkv = qkv.permute(2, 0, 3, 1, 4)
        split, split_2, split_3 = qkv.split(-(qkv.shape[0] // -3), 0)
        split_2 = split_2.squeeze(0).transpose(2, 3)
        out = self.bias_table[self.relative_index]
        out = out.reshape(x.shape[1], x.shape[1], -1).permute(2, 0, 1)
        split = split.squeeze(0) * 0.5 @ split_2
        out = split + out.unsqueeze(0)
        out = out.reshape(x.shape[0] // 4, 4, 2, x.shape[1], x.shape[1])
        out = (out + self.mask).reshape(-1, 2, x.shape[1], x.shape[1])
        out = (torch.softmax(out, dim=-1) @ split_3.squeeze(0)).transpose(1, 2)
        return self.proj(out.reshape(x.shape[0], x.shape[1], x.shape[2]))


class Merge(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(32)
        self.reduction = nn.Linear(32, 16, bias=False)

    def forward(self, x):
        out = x.reshape(x.shape[0], 8, 8, x.shape[2])
        out_2 = out[:, 0::2, 1::2, :]
        out_3 = out[:, 1::2, 1::2, :]
        out = torch.cat([out[:, 0::2, 0::2], out[:, 1::2, 0::2], out_2, out_3], -1)
        return self.reduction(self.norm(out.reshape(x.shape[0], -1, 32)))


class Attention3(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(16, 48)
        self.bias_table = nn.Parameter(torch.zeros(49, 2))
        self.register_buffer("relative_index", torch.zeros(256, dtype=torch.int32))
        self.proj = nn.Linear(16, 16)

    def forward(self, x):
        qkv = self.qkv(x).reshape(x.shape[0], x.shape[1], 3, 2, x.shape[2] // 2)
        qkv = qkv.permute(2, 0, 3, 1, 4)
        split, split_2, split_3 = qkv.split(-(qkv.shape[0] // -3), 0)
        split_2 = split_2.squeeze(0).transpose(2, 3)
        out = self.bias_table[self.relative_index]
        out = out.reshape(x.shape[1], x.shape[1], -1).permute(2, 0, 1)
        split = split.squeeze(0) * 0.35355338 @ split_2
        out = torch.softmax(split + out.unsqueeze(0), dim=-1)
        out = (out @ split_3.squeeze(0)).transpose(1, 2)
        return self.proj(out.reshape(x.shape[0], x.shape[1], x.shape[2]))


class BlocksBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = nn.LayerNorm(8)
        self.attention = Attention()
        self.norm2 = nn.LayerNorm(8)
        self.ffn = Ffn(8, 16)

    def forward(self, x):
        out = self.norm1(x).reshape(x.shape[0], 8, 8, x.shape[2])
        out_2 = out.reshape(
            out.shape[0], out.shape[1] // 4, 4, out.shape[2] // 4, 4, out.shape[3]
        )
        out = out_2.transpose(2, 3).reshape(-1, 4, 4, out.shape[3])
        out = self.attention(out.reshape(-1, 16, x.shape[2]))
        out = out.reshape(-1, 4, 4, x.shape[2])
        out_2 = out.reshape(out.shape[0] // 4, 2, 2, 4, 4, -1).transpose(2, 3)
        out = out_2.reshape(out.shape[0] // 4, 8, 8, -1)
        out = x + out.reshape(x.shape[0], x.shape[1], x.shape[2])
        return out + self.ffn(self.norm2(out))


class BlocksBlock2(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = nn.LayerNorm(8)
        self.attention = Attention2()
        self.norm2 = nn.LayerNorm(8)
        self.ffn = Ffn(8, 16)

    def forward(self, x):
        out = self.norm1(x).reshape(x.shape[0], 8, 8, x.shape[2])
        out = torch.cat([out[:, 2:], out[:, :2]], 1)
        out = torch.cat([out[:, :, 2:], out[:, :, :2]], 2)
        out_2 = out.reshape(
            out.shape[0], out.shape[1] // 4, 4, out.shape[2] // 4, 4, out.shape[3]
        )
        out = out_2.transpose(2, 3).reshape(-1, 4, 4, out.shape[3])
        out = self.attention(out.reshape(-1, 16, x.shape[2]))
        out = out.reshape(-1, 4, 4, x.shape[2])
        out_2 = out.reshape(out.shape[0] // 4, 2, 2, 4, 4, -1).transpose(2, 3)
        out = out_2.reshape(out.shape[0] // 4, 8, 8, -1)
        out = torch.cat([out[:, 6:], out[:, :6]], 1)
        out = torch.cat([out[:, :, 6:], out[:, :, :6]], 2)
        out = x + out.reshape(x.shape[0], x.shape[1], x.shape[2])
        return out + self.ffn(self.norm2(out))


class Last(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = nn.LayerNorm(16)
        self.attention = Attention3()
        self.norm2 = nn.LayerNorm(16)
        self.ffn = Ffn(16, 32)

    def forward(self, x):
        out = self.norm1(x).reshape(x.shape[0], 4, 4, x.shape[2])
        out_2 = out.reshape(
            out.shape[0], out.shape[1] // 4, 4, out.shape[2] // 4, 4, out.shape[3]
        )
        out = out_2.transpose(2, 3).reshape(-1, 4, 4, out.shape[3])
        out = self.attention(out.reshape(-1, 16, x.shape[2]))
        out = out.reshape(-1, 4, 4, x.shape[2])
        out_2 = out.reshape(out.shape[0] // 1, 1, 1, 4, 4, -1).transpose(2, 3)
        out = out_2.reshape(out.shape[0] // 1, 4, 4, -1)
        out = x + out.reshape(x.shape[0], x.shape[1], x.shape[2])
        return out + self.ffn(self.norm2(out))


class Swin(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 4, stride=4)
        self.norm = nn.LayerNorm(8)
        self.blocks = nn.Sequential(BlocksBlock(), BlocksBlock2())
        self.merge = Merge()
        self.last = Last()
        self.head = nn.Linear(16, 5)

    def forward(self, x):
        x = self.norm(self.patch(x).flatten(2).transpose(1, 2))
        x = self.blocks(x)
        x = self.merge(x)
        return self.head(self.last(x).mean(1))


_WEIGHTS = "3b9e485e2baa3cbe"


def load(weights: str | Path | None = None) -> nn.Module:
    """The network with its weights (those beside this file unless given), in inference mode."""
    network = Swin()
    path = weights or Path(__file__).with_suffix(".safetensors")
    with safe_open(path, "pt") as file:
        written = (file.metadata() or {}).get("fingerprint", _WEIGHTS)
    if weights is None and written != _WEIGHTS:
        raise ValueError(f"{path} belongs to another network; load(path) takes any")
    network.load_state_dict(load_file(path))
    return network.eval()
