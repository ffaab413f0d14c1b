"""fuse-conv-bn: BatchNormalization of constants into the convolution or linear layer before or behind it.

Inference-time BatchNormalization is x * scale / sqrt(var + eps) + (bias - mean * scale / sqrt(var + eps)) per channel,
linear as the layer is, so the two are one layer with other weights.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Node

from .growth import freed
from .nodes import array, data, integer, ints, is_computed, number, text
from .rewriter import Rewriter
from .shared import freed_by_all
from .table import Decline, Result, rule
from .weighted import WEIGHTED, read_weighted, write_weighted

RESHAPES = ("Reshape", "Squeeze", "Unsqueeze", "Flatten")


def affine(node: Node) -> tuple[np.ndarray, np.ndarray]:
    """Scale and shift per channel of a BatchNormalization, float64."""
    if any(is_computed(node, index) for index in range(1, 5)):
        raise Decline("its parameters are computed")
    if integer(node, "training_mode", 0) or len(node.outputs) > 1:
        raise Decline("it is in training mode")
    gamma, beta, mean, var = (np.asarray(array(node, index), np.float64) for index in range(1, 5))
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = gamma / np.sqrt(var + number(node, "epsilon", 1e-5))
    if not np.isfinite(scale).all():
        raise Decline("its variance is negative or zero")
    return scale, beta - mean * scale


@rule("fuse-conv-bn", "BatchNormalization", rounds=True)
def behind(r: Rewriter, node: Node) -> Result:
    """BatchNormalization(Conv(x, w, b)) -> Conv(x, w scale, b scale + shift), likewise behind ConvTranspose, Gemm and
    MatMul; between the two may be a Reshape from (N, C) to (N, C, 1...)"""
    between = r.producer(node.inputs[0], *RESHAPES)
    if between is not None and not _only_adds_ones(between):
        return None
    result = data(between or node)
    layer = r.producer(result, *WEIGHTED)
    if layer is None:
        return None
    if r.only_user(result) is None or r.only_user(data(node)) is None:
        raise Decline(f"the result of {layer.name} is used elsewhere too")
    weighted, (scale, shift) = read_weighted(layer), affine(node)
    if weighted.channel_axis != 1 or weighted.channels != scale.size:
        raise Decline(f"the channels of {layer.name} are not on axis 1")
    gone = freed(r, node) + (freed_by_all(r, layer, node) if between is None else 0)
    fused = write_weighted(r, weighted.scaled(scale, shift), data(layer), gone)
    return fused if between is None else r.again(between, fused, *between.inputs[1:])


@rule("fuse-conv-bn", *WEIGHTED, rounds=True)
def ahead(r: Rewriter, node: Node) -> Result:
    """Conv(BatchNormalization(x), w, b) -> Conv(x, w scale, b + sum(w shift)), likewise before ConvTranspose, Gemm and
    MatMul; a shift is not zero in the padding, so it goes in only where there is none"""
    norm = r.producer(node.inputs[0], "BatchNormalization")
    if norm is None:
        return None
    if r.only_user(data(node)) is None:
        raise Decline(f"the result of {norm.name} is used elsewhere too")
    weighted, (scale, shift) = read_weighted(node), affine(norm)
    if shift.any() and (node.op == "ConvTranspose" or has_padding(node)):
        raise Decline(f"{norm.name} shifts its input, which the padding would not see")
    if not weighted.is_convolution and (node.output.rank != 2 or integer(node, "transA", 0)):
        raise Decline("the input's channels are not on the axis that is summed over")
    return write_weighted(r, weighted.fed(scale, shift), data(norm), freed(r, norm))


def has_padding(node: Node) -> bool:
    """Whether a convolution pads its input."""
    return text(node, "auto_pad", "NOTSET") not in ("NOTSET", "VALID") or any(ints(node, "pads"))


def _only_adds_ones(node: Node) -> bool:
    source, target = data(node).shape, node.outputs[0].shape
    if source is None or target is None or len(source) != 2:
        return False
    return target[:2] == source and all(dim == 1 for dim in target[2:])
