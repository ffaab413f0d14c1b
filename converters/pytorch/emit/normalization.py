"""Normalization by computed or stored statistics, dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.errors import refuse

from .emission import Emission
from .table import emit, emit_call
from .text import call


def _eps(e: Emission) -> dict[str, Any]:
    eps = float(str(np.float32(e.attr("epsilon", 1e-5))))
    return {} if eps == 1e-5 else {"eps": eps}


@emit("BatchNormalization")
def batch_norm(e: Emission) -> str:
    if e.attr("training_mode", 0) or len(e.node.outputs) > 1:
        refuse("batch normalization in training mode")
    names = ("weight", "bias", "running_mean", "running_var")
    constants = [e.constant(number) for number in range(1, 5)]
    dims = e.rank() - 2
    if e.wants_module and 0 <= dims <= 3 and all(each is not None for each in constants):
        state = {name: array for name, array in zip(names, constants, strict=True) if array is not None}
        channels = state["weight"].size
        state["num_batches_tracked"] = np.array(0, np.int64)
        kind, source = f"BatchNorm{max(dims, 1)}d", e.attributes()
        momentum = round(1 - float(source.get("momentum", 0.9)), 7)
        args: dict[Any, Any] = {None: (channels,), **_eps(e)}
        if momentum != 0.1:
            args["momentum"] = momentum
        if "affine" in source and not source["affine"]:
            args["affine"] = False
            state = {name: array for name, array in state.items() if name not in ("weight", "bias")}
        kind = f"Frozen{kind}" if source.get("freeze") else f"nn.{kind}"
        return f"{e.module(kind, args, state)}({e[0]})"
    return call("F.batch_norm", e[0], e[3], e[4], e[1], e[2], **_eps(e))


@emit("InstanceNormalization")
def instance_norm(e: Emission) -> str:
    weight, bias, dims = e.constant(1), e.constant(2), e.rank() - 2
    if e.wants_module and 1 <= dims <= 3 and weight is not None and bias is not None:
        args: dict[Any, Any] = {None: (weight.size,), **_eps(e), "affine": True}
        return f"{e.module(f'nn.InstanceNorm{dims}d', args, {'weight': weight, 'bias': bias})}({e[0]})"
    return f"F.instance_norm({e[0]}, weight={e[1]}, bias={e[2]}, eps={_eps(e).get('eps', 1e-5)})"


@emit("LayerNormalization")
def layer_norm(e: Emission) -> str:
    axis, value = e.attr("axis", -1), e.value(0)
    if len(e.node.outputs) > 1:
        refuse("the mean and deviation of a layer normalization")
    rank = e.rank()
    axis += rank if axis < 0 else 0
    weight, bias = e.constant(1), e.constant(2)
    shape = tuple(value.shape[axis:]) if value is not None and value.shape is not None else ()
    if weight is not None and weight.ndim == len(shape):
        shape = weight.shape
    if any(isinstance(size, str) for size in shape):
        refuse("layer normalization over sizes known at run time only")
    if e.wants_module and weight is not None and bias is not None and weight.shape == shape == bias.shape:
        size = shape[0] if len(shape) == 1 else shape
        args: dict[Any, Any] = {None: (size,), **_eps(e)}
        return f"{e.module('nn.LayerNorm', args, {'weight': weight, 'bias': bias})}({e[0]})"
    text = f"F.layer_norm({e[0]}, {shape}, eps={_eps(e).get('eps', 1e-5)})"
    text = f"{text} * {e[1]}" if e.has(1) else text
    return f"{text} + {e[2]}" if e.has(2) else text


@emit("GroupNormalization")
def group_norm(e: Emission) -> str:
    groups, weight, bias = e.attr("num_groups"), e.constant(1), e.constant(2)
    if e.wants_module and weight is not None and bias is not None:
        args: dict[Any, Any] = {None: (groups, weight.size), **_eps(e)}
        return f"{e.module('nn.GroupNorm', args, {'weight': weight, 'bias': bias})}({e[0]})"
    return call("F.group_norm", e[0], groups, e[1], e[2], **_eps(e))


@emit("LpNormalization")
def lp_norm(e: Emission) -> str:
    p, axis = e.attr("p", 2), e.attr("axis", -1)
    return f"{e[0]} / torch.linalg.vector_norm({e[0]}, ord={p}, dim={axis}, keepdim=True)"


@emit("LRN")
def lrn(e: Emission) -> str:
    size = e.attr("size")
    if size % 2 == 0:
        refuse(f"a window of {size} channels: torch pads even windows on the other side")
    alpha, beta, bias = (
        float(str(np.float32(e.attr(name, default))))
        for name, default in (("alpha", 1e-4), ("beta", 0.75), ("bias", 1.0))
    )
    return call("F.local_response_norm", e[0], size, alpha=alpha, beta=beta, k=bias)


@emit("Dropout")
def dropout(e: Emission) -> str:
    if len(e.node.outputs) > 1:
        refuse("the mask of a dropout")
    return e[0]


@emit("MeanVarianceNormalization")
def mvn(e: Emission) -> str:
    axes = tuple(e.attr("axes", (0, 2, 3)))
    centred = f"({e[0]} - {e[0]}.mean({axes}, keepdim=True))"
    return f"{centred} / ({e[0]}.std({axes}, correction=0, keepdim=True) + 1e-9)"


@emit_call("megengine.module.dropout.Dropout")
def source_dropout(e: Emission) -> str:
    return f"{e.module('nn.Dropout', {None: (float(e.record['drop_prob']),)}, {})}({e[0]})"
