"""Recurrent networks."""

from __future__ import annotations

from .table import opdef

opdef("RNN", "RNNForward")
opdef("LSTM", "LSTMForward")
opdef("RNNCell", "RNNCellForward")
opdef("LSTMCell", "LSTMCellForward")
