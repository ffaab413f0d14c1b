"""Gpt, written by mgeconvert 2.0.0."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn


class Gpt(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte = nn.Embedding(40, 16)
        self.wpe = nn.Embedding(10, 16)
        self.norm1 = nn.LayerNorm(16)
        self.qkv = nn.Linear(16, 48)
        self.register_buffer("causal", torch.zeros(1, 1, 10, 10))
        self.proj = nn.Linear(16, 16)
        self.norm2 = nn.LayerNorm(16)
        self.inner = nn.Linear(16, 64)
        self.outer = nn.Linear(64, 16)
        self.last = nn.LayerNorm(16)

    def forward(self, tokens):
        out = torch.arange(tokens.shape[1], dtype=torch.int32, device=tokens.device)
        out = self.wte(tokens) + self.wpe(out)
        out_2 = self.norm1(out)
        qkv = self.qkv(out_2)
        split, split_2, split_3 = qkv.split(-(qkv.shape[2] // -3), 2)
        split = split.reshape(out_2.shape[0], out_2.shape[1], 2, out_2.shape[2] // 2)
        split_2 = split_2.reshape(
            out_2.shape[0], out_2.shape[1], 2, out_2.shape[2] // 2
        )
        split_3 = split_3.reshape(
            out_2.shape[0], out_2.shape[1], 2, out_2.shape[2] // 2
        )
        split = split.transpose(1, 2) @ split_2.transpose(1, 2).transpose(2, 3)
        out_3 = self.causal[:, :, : tokens.shape[1], : tokens.shape[1]] == 0.0
        out_4 = torch.full(
            [tokens.shape[0], 2, tokens.shape[1], tokens.shape[1]],
            -1000000000.0,
            device=tokens.device,
        )
        out_3 = torch.where(out_3, out_4, split * 0.35355338)
        out_3 = torch.softmax(out_3, dim=-1) @ split_3.transpose(1, 2)
        out_3 = out_3.transpose(1, 2)
        out_3 = out_3.reshape(out_2.shape[0], out_2.shape[1], out_2.shape[2])
        out = out + self.proj(out_3)
        outer = self.outer(F.gelu(self.inner(self.norm2(out))))
        out = out + outer
        out_2 = self.norm1(out)
        qkv_2 = self.qkv(out_2)
        split_4, split_5, split_6 = qkv_2.split(-(qkv_2.shape[2] // -3), 2)
        split_4 = split_4.reshape(
            out_2.shape[0], out_2.shape[1], 2, out_2.shape[2] // 2
        )
        split_5 = split_5.reshape(
            out_2.shape[0], out_2.shape[1], 2, out_2.shape[2] // 2
        )
        split_6 = split_6.reshape(
            out_2.shape[0], out_2.shape[1], 2, out_2.shape[2] // 2
        )
        split_4 = split_4.transpose(1, 2) @ split_5.transpose(1, 2).transpose(2, 3)
        out_3 = self.causal[:, :, : tokens.shape[1], : tokens.shape[1]] == 0.0
        tokens = torch.full(
            [tokens.shape[0], 2, tokens.shape[1], tokens.shape[1]],
            -1000000000.0,
            device=tokens.device,
        )
        out_3 = torch.where(out_3, tokens, split_4 * 0.35355338)
        out_3 = torch.softmax(out_3, dim=-1) @ split_6.transpose(1, 2)
        out_3 = out_3.transpose(1, 2)
        out_3 = out_3.reshape(out_2.shape[0], out_2.shape[1], out_2.shape[2])
        out = out + self.proj(out_3)
        outer_2 = self.outer(F.gelu(self.inner(self.norm2(out))))
        outer_2 = self.last(out + outer_2) @ self.wte.weight.transpose(0, 1)
        topk, topk_2 = torch.topk(outer_2[:, -1], 5, -1, largest=True)
        return outer_2, torch.softmax(topk, dim=1), topk_2.to(torch.int32)


_WEIGHTS = "07b5e7e06e48a9ed"


def load(weights: str | Path | None = None) -> nn.Module:
    """The network with its weights (those beside this file unless given), in inference mode."""
    network = Gpt()
    path = weights or Path(__file__).with_suffix(".safetensors")
    with safe_open(path, "pt") as file:
        written = (file.metadata() or {}).get("fingerprint", _WEIGHTS)
    if weights is None and written != _WEIGHTS:
        raise ValueError(f"{path} belongs to another network; load(path) takes any")
    network.load_state_dict(load_file(path))
    return network.eval()
