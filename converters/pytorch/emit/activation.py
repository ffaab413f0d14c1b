"""Activation functions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mgeconvert.errors import refuse

from .emission import Emission
from .table import emit, emit_call
from .text import call

PLAIN: Mapping[str, tuple[str, str]] = {
    "Relu": ("F.relu", "nn.ReLU"), "Sigmoid": ("torch.sigmoid", "nn.Sigmoid"), "Tanh": ("torch.tanh", "nn.Tanh"),
    "HardSwish": ("F.hardswish", "nn.Hardswish"), "Mish": ("F.mish", "nn.Mish"),
    "Softsign": ("F.softsign", "nn.Softsign"),
}  # fmt: skip
"""Function and module of each activation without parameters."""


@emit(*PLAIN)
def plain(e: Emission) -> str:
    function, module = PLAIN[e.node.op]
    return _either(e, function, module)


def _either(e: Emission, function: str, module: str, **kwargs: object) -> str:
    """The module where the source has one, else the function."""
    scope = e.node.scope
    if (
        scope is not None
        and scope.call is not None
        and e.wants_module
        and scope.call.made
        and len(scope.call.made) == 1
    ):
        return f"{e.module(module, dict(kwargs), {})}({e[0]})"
    return call(function, e[0], **kwargs)


@emit("LeakyRelu")
def leaky_relu(e: Emission) -> str:
    return _either(e, "F.leaky_relu", "nn.LeakyReLU", negative_slope=_number(e, "alpha", 0.01))


def _number(e: Emission, name: str, default: float) -> float:
    """An attribute, a float32, in as few digits as say it."""
    return float(str(np.float32(e.attr(name, default))))


@emit("Elu")
def elu(e: Emission) -> str:
    return call("F.elu", e[0], alpha=_number(e, "alpha", 1.0))


@emit("Celu")
def celu(e: Emission) -> str:
    return call("F.celu", e[0], alpha=_number(e, "alpha", 1.0))


@emit("Selu")
def selu(e: Emission) -> str:
    if "alpha" in e.node.attrs or "gamma" in e.node.attrs:
        alpha, gamma = _number(e, "alpha", 1.6732632), _number(e, "gamma", 1.050701)
        return f"{gamma} * torch.where({e[0]} > 0, {e[0]}, {alpha} * torch.expm1({e[0]}))"
    return call("F.selu", e[0])


@emit("Gelu")
def gelu(e: Emission) -> str:
    kwargs = {"approximate": "tanh"} if e.attr("approximate", "none") == "tanh" else {}
    return _either(e, "F.gelu", "nn.GELU", **kwargs)


@emit("HardSigmoid")
def hard_sigmoid(e: Emission) -> str:
    alpha, beta = _number(e, "alpha", 0.2), _number(e, "beta", 0.5)
    if beta == 0.5 and np.float32(alpha) == np.float32(1 / 6):
        return call("F.hardsigmoid", e[0])
    return f"torch.clamp({alpha} * {e[0]} + {beta}, 0, 1)"


@emit("PRelu")
def prelu(e: Emission) -> str:
    slope = e.constant(1)
    if slope is not None and e.wants_module and e.rank() > 1:
        aligned = (1,) * (e.rank() - slope.ndim) + slope.shape
        if slope.size in (1, aligned[1]):
            return f"{e.module('nn.PReLU', {None: (slope.size,)}, {'weight': slope.reshape(-1)})}({e[0]})"
    return f"torch.where({e[0]} < 0, {e[0]} * {e[1]}, {e[0]})"


@emit("Softplus")
def softplus(e: Emission) -> str:
    return f"torch.logaddexp({e[0]}, torch.zeros_like({e[0]}))"


@emit("Softmax", "LogSoftmax")
def softmax(e: Emission) -> str:
    return call("torch.softmax" if e.node.op == "Softmax" else "torch.log_softmax", e[0], dim=e.attr("axis", -1))


@emit("Hardmax")
def hardmax(e: Emission) -> str:
    axis = e.attr("axis", -1)
    return f"torch.zeros_like({e[0]}).scatter({axis}, {e[0]}.argmax({axis}, keepdim=True), 1)"


@emit("Shrink")
def shrink(e: Emission) -> str:
    bias, bound = _number(e, "bias", 0.0), _number(e, "lambd", 0.5)
    low, high = f"{e[0]} < {-bound}", f"{e[0]} > {bound}"
    return f"torch.where({low}, {e[0]} + {bias}, torch.where({high}, {e[0]} - {bias}, torch.zeros_like({e[0]})))"


@emit("ThresholdedRelu")
def thresholded_relu(e: Emission) -> str:
    return f"F.threshold({e[0]}, {_number(e, 'alpha', 1.0)}, 0.0)"


@emit("Swish")
def swish(e: Emission) -> str:
    alpha = _number(e, "alpha", 1.0)
    if e.dtype() not in ("float32", "float16", "float64", ""):
        refuse(f"Swish of {e.dtype()}")
    return call("F.silu", e[0]) if alpha == 1.0 else f"{e[0]} * torch.sigmoid({alpha} * {e[0]})"


@emit_call("megengine.functional.nn.silu")
def source_silu(e: Emission) -> str:
    return call("F.silu", e[0])


@emit_call("megengine.module.activation.SiLU")
def source_silu_module(e: Emission) -> str:
    return f"{e.module('nn.SiLU', {}, {})}({e[0]})"
