"""Bert, written by mgeconvert 2.0.0."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query = nn.Linear(16, 16)
        self.key = nn.Linear(16, 16)
        self.value = nn.Linear(16, 16)
        self.dense = nn.Linear(16, 16)
        self.norm = nn.LayerNorm(16, eps=1e-12)

    def forward(self, hidden, mask):
        query = self.query(hidden)
        query = query.reshape(query.shape[:-1][0], query.shape[:-1][1], 2, 8)
        key = self.key(hidden)
        key = key.reshape(key.shape[:-1][0], key.shape[:-1][1], 2, 8)
        value = self.value(hidden)
        value = value.reshape(value.shape[:-1][0], value.shape[:-1][1], 2, 8)
        query = query.transpose(1, 2) @ key.transpose(1, 2).transpose(2, 3)
        query = torch.softmax(query / 2.828427 + mask, dim=3)
        query = (query @ value.transpose(1, 2)).transpose(1, 2)
        query = self.dense(query.reshape(query.shape[0], query.shape[1], 16))
        return self.norm(query + hidden)


class LayersBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = Attention()
        self.inner = nn.Linear(16, 32)
        self.outer = nn.Linear(32, 16)
        self.norm = nn.LayerNorm(16)

    def forward(self, x, mask):
        attention = self.attention(x, mask)
        inner = self.inner(attention)
        out = 0.7978846 * (inner + 0.044715 * inner**3.0)
        out = inner * 0.5 * (1.0 + torch.tanh(out))
        return self.norm(self.outer(out) + attention)


class Bert(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(30, 16)
        self.positions = nn.Embedding(12, 16)
        self.types = nn.Embedding(2, 16)
        self.norm = nn.LayerNorm(16)
        self.layers = nn.ModuleList([LayersBlock(), LayersBlock()])
        self.pooler = nn.Linear(16, 16)
        self.classifier = nn.Linear(16, 3)

    def forward(self, tokens, types, mask):
        out = torch.linspace(0, tokens.shape[1] - 1, tokens.shape[1])
        out = out.to(torch.int32).unsqueeze(0).expand(tokens.shape)
        out = self.words(tokens) + self.positions(out)
        mask = (1.0 - mask.unsqueeze(1).unsqueeze(2)) * -10000.0
        out = self.norm(out + self.types(types))
        for layer in self.layers:
            out = layer(out, mask)
        classifier = self.classifier(torch.tanh(self.pooler(out[:, 0])))
        return out, torch.log_softmax(classifier, dim=-1)


_WEIGHTS = "d3d8a8f2a2341445"


def load(weights: str | Path | None = None) -> nn.Module:
    """The network with its weights (those beside this file unless given), in inference mode."""
    network = Bert()
    path = weights or Path(__file__).with_suffix(".safetensors")
    with safe_open(path, "pt") as file:
        written = (file.metadata() or {}).get("fingerprint", _WEIGHTS)
    if weights is None and written != _WEIGHTS:
        raise ValueError(f"{path} belongs to another network; load(path) takes any")
    network.load_state_dict(load_file(path))
    return network.eval()
