"""Where a node's module hangs in the module tree, whether a node was a module at all, and where constants hang."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mgeconvert.ir import Node, Value
from mgeconvert.ir.tree_statistics import dotted

from .calls import ModuleCall

_WEIGHT = re.compile(r"(.+)\.(?:weight|running_mean|weight_ih|kernel)(?:_\d+)?")

CLASSES = {
    "GELU": "activation", "ReLU": "activation", "SiLU": "activation", "Sigmoid": "activation",
    "LeakyReLU": "activation", "PReLU": "activation", "Softmax": "activation", "MaxPool2d": "pooling",
    "AvgPool2d": "pooling", "AdaptiveAvgPool2d": "adaptive_pooling", "AdaptiveMaxPool2d": "adaptive_pooling",
    "Conv1d": "conv", "Conv2d": "conv", "Conv3d": "conv", "ConvRelu2d": "conv",
    "ConvTranspose2d": "conv", "ConvTranspose3d": "conv",
    "Linear": "linear", "BatchNorm1d": "batchnorm", "BatchNorm2d": "batchnorm", "LayerNorm": "normalization",
    "GroupNorm": "normalization", "InstanceNorm": "normalization", "Embedding": "embedding",
    "LocalResponseNorm": "lrn",
}  # fmt: skip
"""The built-in modules that are written, and the file below megengine.module each is in."""

_PLAIN_CALLS = frozenset(
    [
        "conv1d",
        "conv2d",
        "conv3d",
        "conv_transpose2d",
        "conv_transpose3d",
        "linear",
        "batch_norm",
        "sync_batch_norm",
        "layer_norm",
        "group_norm",
        "instance_norm",
        "embedding",
        "local_response_norm",
        "matmul",
        "__matmul__",
        "__getitem__",
    ]
)
"""Origins that say a source called a function where there is a module too."""


def origin(node: Node) -> tuple[str, str]:
    """The path and kind of the node's scope; empty texts where the scope has no kind."""
    scope = node.scope
    return (scope.path, scope.kind) if scope is not None and scope.kind else ("", "")


def place(node: Node) -> str:
    """The module path the node was computed at; empty for the top module. Of ``/layer1/layer1.0/conv1/Conv``, as
    PyTorch's exporter names an operator, it is ``layer1.0.conv1``."""
    path = origin(node)[0]
    return (dotted(path) or path.rpartition("/")[2]) if path.startswith("/") else path


def module_kind(node: Node, kind: str, attributes: Mapping[str, Any], *args: Any) -> ModuleCall | None:
    """The call of a module without weights, if the source had that module there."""
    if origin(node)[1] != kind:
        return None
    return ModuleCall(f"{CLASSES[kind]}.{kind}", attributes, args, fallback_path(node))


def was_function(node: Node) -> bool:
    """Whether the source called a function with weights of its own instead of a module."""
    return origin(node)[1] in _PLAIN_CALLS


def weight_path(node: Node, *weights: Value | None) -> str:
    """Where a module with weights hangs: where its weight did, else at its node's place, else under the node's name."""
    for value in weights:
        found = _WEIGHT.fullmatch(value.name) if value is not None else None
        if found:
            return found[1]
    return fallback_path(node)


def fallback_path(node: Node) -> str:
    """The place of the node, or its name where the origin gives none."""
    return place(node) or node.name or node.op


PROVISIONAL = re.compile(r"[A-Z][A-Za-z0-9]*(_\d+)*")
"""How values are named that a lowering made on the way to its result, outside of any module."""


def constant_name(value: Value) -> str:
    """Where a constant hangs. Names that a lowering made up or numbered do not last: the next numbers them anew."""
    base = reshaped_name(value)
    if base == "constant" or PROVISIONAL.fullmatch(base):
        return "constant"
    if value.dtype is not None and value.dtype.kind == "i":
        return base
    return re.sub(r"(_\d+)(_\d+)+$", r"\1", value.name)


def reshaped_name(value: Value) -> str:
    """The name a tensor had before it was lowered to another shape, which numbers the name."""
    return re.sub(r"(_\d+)+$", "", value.name)
