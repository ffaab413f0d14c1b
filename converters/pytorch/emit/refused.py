"""What is refused in every form."""

from __future__ import annotations

from collections.abc import Mapping

LACKING = frozenset(["AveragePool", "GRU", "GatherND", "LSTM", "LayerNormalization", "MaxPool", "RNN", "Resize"])
"""Operators that torch has without the forms which others can be composed for."""
UNKNOWN = "no torch expression is known for it"
REFUSED: Mapping[str, str] = {
    "If": "control flow is not written as Python",
    "Loop": "control flow is not written as Python",
    "Scan": "control flow is not written as Python",
    "RandomNormal": "torch draws other random numbers",
    "RandomUniform": "torch draws other random numbers",
    "Multinomial": "torch draws other random numbers",
    "Bernoulli": "torch draws other random numbers",
}
