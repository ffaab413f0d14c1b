"""How many values an operator of the old container has, which numbers values without saying whose they are.

Workspaces and other outputs that are written anew each time are not numbered. Source: the outputs that MegEngine 1.13
lists for each operator in the newer container.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_SEVERAL: Mapping[str, int] = {
    "Argsort": 2, "BatchNormV1": 4, "CondTake": 2, "Dropout": 2, "GeneralNorm": 3, "GroupNorm": 3, "InstanceNorm": 3,
    "LSTMCellForward": 3, "LSTMForward": 4, "LayerNorm": 3, "MultiHeadAttn": 4, "NMSKeepMGB": 2, "RNNForward": 3,
    "ROIAlignV1": 2, "ROIPooling": 2, "SVD": 3,
}  # fmt: skip
"""Operators with a fixed number above one."""
_HOLDERS = frozenset(["MultipleDeviceTensorHolder", "MultipleDeviceTensorWithFormatHolder"])


def output_count(type_name: str, params: Sequence[tuple[str, Mapping[str, Any]]], inputs: int, tensors: int) -> int:
    """The number of values: one part for each size of a Split, one for each tensor of a holder, only the value for a
    TopK that gives the k-th one."""
    if type_name == "Split":
        return max(inputs - 1, 1)
    if type_name in _HOLDERS:
        return tensors
    if type_name == "TopK":
        return 1 if any(fields.get("mode") == "KTH_ONLY" for _, fields in params) else 2
    return _SEVERAL.get(type_name, 1)
