"""Recurrent networks said before opset 7 whether they return every step; since then the outputs that are read tell."""

from __future__ import annotations

from .table import upgrade, without_attributes

upgrade("GRU", "LSTM", "RNN", since=7)(without_attributes("output_sequence"))
