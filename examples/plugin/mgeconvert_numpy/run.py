"""The runtime: it needs numpy only, and judges what was written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def run(path: Path, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Compute the program: named arrays in, named arrays out."""
    with np.load(path, allow_pickle=False) as archive:
        program = json.loads(str(archive["program.json"]))
        known: dict[str | None, Any] = {name: archive[name] for name in archive.files if name != "program.json"}
    known.update({own: inputs[name] for name, (own, _, _) in program["inputs"].items()})
    known[None] = None
    for call in program["calls"]:
        function = FUNCTIONS.get(call["function"]) or getattr(np, call["function"])
        operands = [known[name] for name in call["inputs"]]
        known[call["output"]] = np.asarray(function(*operands, **call["arguments"]))
    return {name: known[own] for name, (own, _, _) in program["outputs"].items()}


def windows(x: np.ndarray, kernel: list[int], strides: list[int], pads: list[int], fill: float) -> np.ndarray:
    """(N, C, H, W) to (N, C, H', W', kh, kw)."""
    top, left, bottom, right = pads
    padded = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=fill)
    return sliding_window_view(padded, tuple(kernel), (2, 3))[:, :, :: strides[0], :: strides[1]]


def conv(
    x: np.ndarray, w: np.ndarray, bias: np.ndarray | None = None, *, strides: list[int], pads: list[int], group: int
) -> np.ndarray:
    """The sum over channels of the group and window of x * w, plus a bias per channel."""
    seen = windows(x, list(w.shape[2:]), strides, pads, 0)
    parts = zip(np.split(seen, group, 1), np.split(w, group), strict=True)
    y = np.concatenate([np.einsum("nchwij,ocij->nohw", part, weight) for part, weight in parts], 1)
    return y if bias is None else y + bias.reshape(-1, 1, 1)


def max_pool(x: np.ndarray, *, kernel: list[int], strides: list[int], pads: list[int], count_pad: bool) -> np.ndarray:  # noqa: ARG001
    """The largest element of each window."""
    return windows(x, kernel, strides, pads, -np.inf).max((-2, -1))


def average_pool(
    x: np.ndarray, *, kernel: list[int], strides: list[int], pads: list[int], count_pad: bool
) -> np.ndarray:
    """The sum of each window over the number of its elements, with or without the padding."""
    counted = windows(np.ones_like(x), kernel, strides, pads, float(count_pad)).sum((-2, -1))
    return windows(x, kernel, strides, pads, 0).sum((-2, -1)) / counted


def gemm(
    a: np.ndarray,
    b: np.ndarray,
    c: np.ndarray | float = 0.0,
    *,
    turned: tuple[int, int],
    alpha: float,
    beta: float,
) -> np.ndarray:
    """alpha * a @ b + beta * c, with a or b turned"""
    product = (a.T if turned[0] else a) @ (b.T if turned[1] else b)
    return (alpha * product + beta * c).astype(a.dtype)


def softmax(x: np.ndarray, *, axis: int) -> np.ndarray:
    """exp(x) / sum(exp(x))"""
    powers = np.exp(x - x.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


FUNCTIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "clip": lambda x, low=None, high=None: np.clip(x, low, high),
    "reshape": lambda x, shape: x.reshape(shape),
    "transpose": lambda x, *, perm: x.transpose(perm),
    "concatenate": lambda *parts, axis: np.concatenate(parts, axis),
    "mean": lambda x, axes, *, keepdims: x.mean(tuple(axes), keepdims=keepdims),
    "sum": lambda x, axes, *, keepdims: x.sum(tuple(axes), keepdims=keepdims),
    "max": lambda x, axes, *, keepdims: x.max(tuple(axes), keepdims=keepdims),
    "min": lambda x, axes, *, keepdims: x.min(tuple(axes), keepdims=keepdims),
    "conv": conv,
    "max_pool": max_pool,
    "average_pool": average_pool,
    "gemm": gemm,
    "softmax": softmax,
}
"""What numpy does not have under the name and with the arguments of a step."""
