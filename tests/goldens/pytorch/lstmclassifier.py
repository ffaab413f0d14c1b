"""LstmClassifier, written by mgeconvert 2.0.0."""

from __future__ import annotations

from pathlib import Path

from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn


class LstmClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 6)
        self.lstm = nn.LSTM(6, 5, batch_first=True)
        self.fc = nn.Linear(5, 3)

    def forward(self, tokens):
        lstm, (lstm_2, _) = self.lstm(self.embedding(tokens))
        return self.fc(lstm[:, -1]), lstm_2, lstm.amax(1)


_WEIGHTS = "fa8b8dfcb9125102"


def load(weights: str | Path | None = None) -> nn.Module:
    """The network with its weights (those beside this file unless given), in inference mode."""
    network = LstmClassifier()
    path = weights or Path(__file__).with_suffix(".safetensors")
    with safe_open(path, "pt") as file:
        written = (file.metadata() or {}).get("fingerprint", _WEIGHTS)
    if weights is None and written != _WEIGHTS:
        raise ValueError(f"{path} belongs to another network; load(path) takes any")
    network.load_state_dict(load_file(path))
    return network.eval()
