"""VqGan, written by mgeconvert 2.0.0."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn


class EncodeBlock(nn.Module):
    def __init__(self, num_channels, out_channels, skip=None):
        super().__init__()
        self.norm1 = nn.GroupNorm(4, num_channels)
        self.conv1 = nn.Conv2d(num_channels, out_channels, 3, padding=1)
        self.skip = skip or nn.Identity()
        self.norm2 = nn.GroupNorm(4, out_channels, eps=1e-06)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)

    def forward(self, x):
        out = self.norm1(x)
        out = self.norm2(self.conv1(out * torch.sigmoid(out)))
        out = self.conv2(out * torch.sigmoid(out))
        return self.skip(x) + out


class Embedding(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(16, 4))


class MiddleBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.GroupNorm(4, 12)
        self.q = nn.Conv2d(12, 12, 1)
        self.k = nn.Conv2d(12, 12, 1)
        self.v = nn.Conv2d(12, 12, 1)
        self.out = nn.Conv2d(12, 12, 1)

    def forward(self, x):
        out = self.norm(x)
        out_2 = self.q(out)
        out_3 = out_2.reshape(
            out_2.shape[0], out_2.shape[1], out_2.shape[2] * out_2.shape[3]
        )
        out_4 = self.k(out)
        out_4 = out_4.reshape(
            out_2.shape[0], out_2.shape[1], out_2.shape[2] * out_2.shape[3]
        )
        out = self.v(out)
        out_3 = torch.softmax(out_3.transpose(1, 2) @ out_4 * 0.28867513, dim=2)
        out = out.reshape(
            out_2.shape[0], out_2.shape[1], out_2.shape[2] * out_2.shape[3]
        )
        out = out @ out_3.transpose(1, 2)
        out = out.reshape(
            out_2.shape[0], out_2.shape[1], out_2.shape[2], out_2.shape[3]
        )
        return x + self.out(out)


class Codebook(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = Embedding()

    def forward(self, z):
        z = z.permute(0, 2, 3, 1)
        out = z.reshape(-1, 4)
        out_2 = (self.embedding.weight**2.0).sum(1)
        out_3 = 2.0 * (out @ self.embedding.weight.transpose(0, 1))
        out = (out**2.0).sum(1, keepdim=True) + out_2 - out_3
        out = out.argmin(1, keepdim=False).to(torch.int32)
        out_2 = torch.where(
            ((out >= -16) & (out < 16)).unsqueeze(1)
            & ((out.long() % 16).unsqueeze(1) == torch.arange(16, device=z.device)),
            1.0,
            0.0,
        ).to(torch.float32)
        out_2 = ((out_2 @ self.embedding.weight).reshape(z.shape) - z).detach()
        return (z + out_2).permute(0, 3, 1, 2), out.reshape(z.shape[:-1])


class VqGan(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1),
            EncodeBlock(8, 8),
            nn.Conv2d(8, 8, 3, stride=2),
            EncodeBlock(8, 8),
        )
        self.quant = nn.Conv2d(8, 4, 1)
        self.codebook = Codebook()
        self.post = nn.Conv2d(4, 8, 1)
        self.middle = nn.Sequential(
            EncodeBlock(8, 12, skip=nn.Conv2d(8, 12, 1)),
            MiddleBlock(),
            EncodeBlock(12, 8, skip=nn.Conv2d(12, 8, 1)),
        )
        self.up = nn.Conv2d(8, 8, 3, padding=1)
        self.norm = nn.GroupNorm(4, 8)
        self.out = nn.Conv2d(8, 3, 3, padding=1)

    def forward(self, x):
        transpose, reshape = self.codebook(self.quant(self.encode(x)))
        transpose = F.interpolate(self.middle(self.post(transpose)), scale_factor=2)
        transpose = self.norm(self.up(transpose))
        transpose = torch.tanh(self.out(transpose * torch.sigmoid(transpose)))
        return transpose, reshape


_WEIGHTS = "3268969d094ac5d1"


def load(weights: str | Path | None = None) -> nn.Module:
    """The network with its weights (those beside this file unless given), in inference mode."""
    network = VqGan()
    path = weights or Path(__file__).with_suffix(".safetensors")
    with safe_open(path, "pt") as file:
        written = (file.metadata() or {}).get("fingerprint", _WEIGHTS)
    if weights is None and written != _WEIGHTS:
        raise ValueError(f"{path} belongs to another network; load(path) takes any")
    network.load_state_dict(load_file(path))
    return network.eval()
