"""fuse-pad: zero padding in front of a convolution or pooling becomes that operator's own padding."""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Node, Value

from .consecutive import full_pads, pad_value
from .nodes import data, integer, ints, text
from .rewriter import Rewriter
from .table import Decline, Result, rule


@rule("fuse-pad", "Conv")
def into_conv(r: Rewriter, node: Node) -> Result:
    """Conv(Pad(x, p, 0), w, pads=q) -> Conv(x, w, pads=p + q)"""
    pad = r.producer(node.inputs[0], "Pad")
    if pad is None:
        return None
    pads = _combined(r, pad, node)
    if pad_value(pad) != 0:
        raise Decline("the padding is not with zeros")
    return r.again(node, data(pad), *node.inputs[1:], pads=pads, auto_pad=None)


@rule("fuse-pad", "AveragePool")
def into_average(r: Rewriter, node: Node) -> Result:
    """AveragePool(Pad(x, p, 0)) -> AveragePool(x, pads=p, count_include_pad=1): the zeros are part of the average"""
    pad = r.producer(node.inputs[0], "Pad")
    if pad is None:
        return None
    pads = _pooled(r, pad, node)
    if pad_value(pad) != 0:
        raise Decline("the padding is not with zeros")
    if any(ints(node, "pads")) and not integer(node, "count_include_pad", 0):
        raise Decline("the pooling leaves its own padding out of the average")
    return r.again(node, data(pad), pads=pads, auto_pad=None, count_include_pad=1)


@rule("fuse-pad", "MaxPool", rounds=True)
def into_max(r: Rewriter, node: Node) -> Result:
    """MaxPool(Pad(x, p, v), pads=q) -> MaxPool(x, pads=p + q) where v is never the maximum: MaxPool pads with minus
    infinity, which is as good as zeros where nothing is negative. A window of -inf or NaN alone may differ"""
    pad = r.producer(node.inputs[0], "Pad")
    if pad is None or len(node.outputs) > 1:
        return None
    pads = _pooled(r, pad, node)
    value = pad_value(pad)
    harmless = value is not None and (value <= _lowest(data(pad)) or (value == 0 and _is_never_negative(r, data(pad))))
    if not harmless:
        raise Decline("the padding could be the maximum")
    return r.again(node, data(pad), pads=pads, auto_pad=None)


def _lowest(value: Value) -> float:
    return float(np.finfo(value.dtype).min) if value.dtype is not None and value.dtype.kind == "f" else -np.inf


def _is_never_negative(r: Rewriter, value: Value) -> bool:
    return r.producer(value, "Relu", "Sigmoid", "HardSigmoid", "Softmax", "Abs") is not None


def _pooled(r: Rewriter, pad: Node, node: Node) -> tuple[int, ...]:
    pads = _combined(r, pad, node)
    if integer(node, "ceil_mode", 0):
        raise Decline("windows may start in the padding (ceil_mode)")
    kernel = ints(node, "kernel_shape")
    if any(width >= size for width, size in zip(pads, kernel * 2, strict=True)):
        raise Decline("the padding is as wide as the window")
    return pads


def _combined(r: Rewriter, pad: Node, node: Node) -> tuple[int, ...]:
    """The node's own padding plus the Pad node's."""
    if r.only_user(data(node)) is None:
        raise Decline(f"the result of {pad.name} is used elsewhere too")
    widths = full_pads(pad)
    if widths is None or text(pad, "mode", "constant") != "constant":
        raise Decline("the padding is not constant")
    if (widths < 0).any() or widths[:, :2].any():
        raise Decline("it pads batch or channels, or crops")
    if text(node, "auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        raise Decline(f"the padding of {node.name} depends on the size of its input (auto_pad)")
    spatial = widths[:, 2:].ravel()
    return tuple((spatial + np.array(ints(node, "pads", (0,) * spatial.size))).tolist())
