"""Convolutions and matrix products by constant weights: one view of them for every pass that changes their weights.

All arithmetic is in float64, and each result is rounded once, to the type of the weight it replaces.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mgeconvert.ir import Node, Value

from .growth import check_growth, share
from .nodes import array, data, integer, is_computed, number
from .rewriter import Rewriter
from .table import Decline

WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "MatMul")


@dataclass(frozen=True, slots=True)
class Weighted:
    """y[channel] = sum of x * weight[channel] + bias[channel]. `weight` has the type it is stored in, and is the stored
    array until it changes; `bias` is float64, of any shape the operator allows, or None."""

    node: Node
    weight: np.ndarray
    bias: np.ndarray | None

    @property
    def is_convolution(self) -> bool:
        return self.node.op in ("Conv", "ConvTranspose")

    @property
    def groups(self) -> int:
        return integer(self.node, "group", 1) if self.is_convolution else 1

    @property
    def matrix_axis(self) -> int:
        """The axis of output channels in the weight of a matrix product."""
        return 0 if integer(self.node, "transB", 0) else 1

    @property
    def channels(self) -> int:
        """How many output channels there are."""
        if self.node.op == "ConvTranspose":
            return int(self.weight.shape[1]) * self.groups
        return int(self.weight.shape[0 if self.node.op == "Conv" else self.matrix_axis])

    @property
    def channel_axis(self) -> int:
        """The axis of the output that the channels are on, from the front; products of stacks of matrices: the last."""
        rank = self.node.output.rank
        return 1 if self.is_convolution or rank is None else rank - 1

    def scaled(self, scale: np.ndarray, shift: np.ndarray) -> Weighted:
        """y * scale + shift, both one number per channel, float64."""
        return replace(self, weight=self._times(self._by_output(scale)), bias=self._scaled_bias(scale, shift))

    def fed(self, scale: np.ndarray, shift: np.ndarray) -> Weighted:
        """The same of x * scale + shift, both one number per input channel; a shift is exact only without padding."""
        bias = self.bias
        if shift.any():
            sums = self._sum_over_input(self.weight * self._by_input(shift)) * number(self.node, "alpha", 1)
            bias = sums if bias is None else bias + sums
        return replace(self, weight=self._times(self._by_input(scale)), bias=bias)

    def _times(self, factors: np.ndarray) -> np.ndarray:
        """The weight times float64 factors, each product rounded once; numpy converts block by block, so there is no
        wide copy of a large weight."""
        if (factors == 1).all():
            return self.weight
        result, limits = np.empty_like(self.weight), np.finfo(self.weight.dtype)
        with np.errstate(over="ignore", under="ignore"):
            np.multiply(self.weight, factors, out=result, dtype=np.float64, casting="same_kind")
        largest = max(result.max(initial=0), -result.min(initial=0))
        vanishes = largest < limits.tiny and factors.any() and self.weight.any()
        if vanishes or not largest <= limits.max:
            raise Decline(f"{self.node.name}: the new weights do not fit into {self.weight.dtype}")
        return result

    def _scaled_bias(self, scale: np.ndarray, shift: np.ndarray) -> np.ndarray | None:
        if self.bias is not None:
            return np.asarray(self.bias * scale + shift)
        return shift if shift.any() else None

    def _by_output(self, numbers: np.ndarray) -> np.ndarray:
        if self.node.op == "Conv":
            return numbers.reshape(-1, *[1] * (self.weight.ndim - 1))
        if self.node.op == "ConvTranspose":
            grouped = np.repeat(numbers.reshape(self.groups, -1), self.weight.shape[0] // self.groups, 0)
            return grouped.reshape(*self.weight.shape[:2], *[1] * (self.weight.ndim - 2))
        return numbers.reshape([-1 if axis == self.matrix_axis else 1 for axis in range(2)])

    def _by_input(self, numbers: np.ndarray) -> np.ndarray:
        if self.node.op == "Conv":
            grouped = np.repeat(numbers.reshape(self.groups, -1), self.weight.shape[0] // self.groups, 0)
            return grouped.reshape(*self.weight.shape[:2], *[1] * (self.weight.ndim - 2))
        if self.node.op == "ConvTranspose":
            return numbers.reshape(-1, *[1] * (self.weight.ndim - 1))
        return numbers.reshape([1 if axis == self.matrix_axis else -1 for axis in range(2)])

    def _sum_over_input(self, weight: np.ndarray) -> np.ndarray:
        if self.node.op == "Conv":
            return np.asarray(weight.sum(axis=tuple(range(1, weight.ndim))))
        return np.asarray(weight.sum(axis=1 - self.matrix_axis))


def read_weighted(node: Node) -> Weighted:
    """The node as a Weighted; declines where its weights are not constant floats."""
    weight, bias = data(node, 1), array(node, 2)
    if weight.array is None or is_computed(node, 2):
        raise Decline(f"the weights of {node.name} are computed")
    if weight.array.dtype.kind != "f":
        raise Decline(f"the weights of {node.name} are {weight.array.dtype}, not floats")
    if node.op == "MatMul" and weight.rank != 2:
        raise Decline(f"{node.name} does not multiply by one matrix")
    return Weighted(node, weight.array, None if bias is None else bias.astype(np.float64) * number(node, "beta", 1))


def write_weighted(r: Rewriter, new: Weighted, source: Value, freed: int) -> Value:
    """The node with new weights, reading `source`; declines where the file would grow by more than the `freed` bytes or
    a weight leaves the range of its type."""
    node, old = new.node, data(new.node, 1)
    kept = new.weight is old.array
    with np.errstate(over="ignore"):
        bias = None if new.bias is None else new.bias.astype(new.weight.dtype)
    if bias is not None and not np.isfinite(bias).all():
        raise Decline(f"{node.name}: the new bias does not fit into {bias.dtype}")
    stored = (0 if kept else new.weight.nbytes) + (0 if bias is None else bias.nbytes)
    fact = "its bias is larger than what it replaces" if kept else "its weights are used elsewhere too"
    gone = sum(share(r, value) for value in node.inputs[2 if kept else 1 :])
    check_growth(r, stored, freed + gone, f"{node.name}: {fact}")
    weights = old if kept else r.constant(new.weight, old.name)
    biases = None if bias is None else r.constant(bias, _bias_name(node, old))
    if node.op != "MatMul":
        return r.again(node, source, weights, biases, beta=None)
    if biases is None:
        return r.again(node, source, weights)
    if node.output.rank != 2:
        raise Decline(f"{node.name} has no bias to add to")
    return r.op("Gemm", source, weights, biases, like=node)


def _bias_name(node: Node, weight: Value) -> str:
    """The old bias's name, else the weight's with the last word changed (``conv1.weight``: ``conv1.bias``)."""
    if len(node.inputs) > 2 and node.inputs[2] is not None:
        return node.inputs[2].name
    stem, dot, last = weight.name.rpartition(".")
    return f"{stem}{dot}{last.replace('weight', 'bias')}" if "weight" in last else f"{weight.name}_bias"
