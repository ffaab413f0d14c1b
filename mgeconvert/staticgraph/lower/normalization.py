"""Normalization. Source: measured on dumps of MegEngine 1.13."""

from __future__ import annotations

from typing import Any

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .table import call, lower, opdef

opdef("LayerNorm", "LayerNorm")
opdef("GroupNorm", "GroupNorm")
opdef("InstanceNorm", "InstanceNorm")
opdef("GeneralNorm", "GeneralNorm")
opdef("LRN", "LRN")
opdef("Dropout", "Dropout")


@lower("BatchNormV1")
def batch_norm(b: Builder, *inputs: Value, param_dim: str, fwd_mode: str, epsilon: float, **fields: Any) -> Any:
    """In training mode the statistics of the batch count, not those that come as inputs."""
    if param_dim != "DIM_1C11":
        refuse(f"batch normalization whose parameters have the form {param_dim}, expected one per channel")
    operands = inputs[:3] if fwd_mode == "TRAINING" else inputs
    return call(b, "BatchNorm", *operands, epsilon=epsilon, **fields)
