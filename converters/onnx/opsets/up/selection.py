"""The k of TopK was an attribute before opset 10."""

from __future__ import annotations

from .table import attributes_to_inputs, upgrade

upgrade("TopK", since=10)(attributes_to_inputs("k"))
