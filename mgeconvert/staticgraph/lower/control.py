"""Operators without inputs: what a model is given (`INPUTS`) and what it holds (`HOLDERS`); the driver makes their
values."""

from __future__ import annotations

INPUTS = frozenset(["Host2DeviceCopy"])
HOLDERS = frozenset([
    "ImmutableTensor", "MultipleDeviceTensorHolder", "MultipleDeviceTensorWithFormatHolder", "SharedDeviceTensor",
    "SharedDeviceTensorWithFormat", "VolatileSharedDeviceTensor",
])  # fmt: skip
