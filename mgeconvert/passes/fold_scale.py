"""backward-fold-scale: a constant factor moves backwards into the weights that make what it multiplies.

    (relu(conv(x, w, b)) + 3) * 2   becomes   relu(conv(x, 2 w, 2 b)) + 6

The factor spreads over a region of nodes that nothing outside reads; it must be taken in everywhere, or nothing moves.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from mgeconvert.ir import Node, Value

from .add_mul import read_affine
from .conv_bn import has_padding
from .factors import ROWS, Factor
from .growth import check_growth, freed, share
from .nodes import channel_vector, data, integer
from .rewriter import Rewriter
from .table import Decline, Result, rule
from .weighted import WEIGHTED, read_weighted, write_weighted

LARGEST = 64
"""How many nodes a region may have."""


@rule("backward-fold-scale", "Mul", "Div", "Neg", rounds=True)
def scale(r: Rewriter, node: Node) -> Result:
    """f(Conv(x, w, b)) * s -> f(Conv(x, w s, b s)) for a tree f of operators that a factor passes; also -f and f / s.
    x * s, f(x) * s -> x * s, f(x * s): then x is read by equal products only, which become one"""
    step = read_affine(node)
    if step is None or step[1].scale is None or step[1].scale.dtype.kind != "f" or step[0].rank is None:
        return None
    value, factor = step[0], step[1].scale
    if r.producer(value, *ROWS, *WEIGHTED) is None:
        return None
    if value.shape != node.output.shape:
        raise Decline("the factor widens the result")
    full = _of_rank(factor, value.rank or 0)
    if full.size != max(full.shape, default=1) or not full.all():
        raise Decline("the factor varies along several axes, or is zero")
    region = Region(r, node)
    region.spread(value, full)
    return region.rebuilt(value)


def _of_rank(factor: np.ndarray, rank: int) -> Factor:
    """The factor with the axes that a value of this rank has and it has not, of size 1."""
    shape = (1,) * rank if factor.size == 1 else (1,) * (rank - factor.ndim) + factor.shape
    return factor.reshape(shape)


class Region:
    """The values that get a factor, and the nodes that make them."""

    def __init__(self, r: Rewriter, anchor: Node) -> None:
        self._r = r
        self._anchor = anchor
        self._gone = freed(r, anchor)
        self._multiplied: dict[Value, Node] = {}
        """Values that another node multiplies by the same factor, and that node."""
        self._factors: dict[Value, Factor] = {}
        self._reads: Counter[Value] = Counter()
        self._new: dict[Value, Value] = {}

    def spread(self, start: Value, factor: Factor) -> None:
        """Find the region. Declines where a value is read outside of it, wants two factors, or cannot take one in."""
        pending = [(start, factor)]
        while pending:
            value, factor = pending.pop()
            self._reads[value] += 1
            if value in self._factors:
                if not np.array_equal(self._factors[value], factor):
                    raise Decline(f"{value.name} would need two factors")
                continue
            self._factors[value] = factor
            if len(self._factors) > LARGEST:
                raise Decline(f"the factor would pass more than {LARGEST} nodes")
            other = None if value is start else self._other(value, factor)
            if other is not None:
                self._multiplied[value] = other
                continue
            pending += [pair for pair in self._inputs(value, factor) if pair[0].array is None]
        inside = [value for value in self._reads if value not in self._multiplied]
        outside = next((value for value in inside if self._reads[value] != self._r.uses(value)), None)
        if outside is not None:
            raise Decline(f"{outside.name} is used elsewhere too")

    def _other(self, value: Value, factor: Factor) -> Node | None:
        """A node that multiplies the value by the same factor: equal factors on all branches of the value are one, as
        soon as all of them stand right behind it."""
        for node in self._r.users(value) if self._r.uses(value) > 1 else ():
            step = read_affine(node) if node.op in ("Mul", "Div", "Neg") and not node.domain else None
            if step is None or step[0] is not value or step[1].scale is None or node is self._anchor:
                continue
            if node.output.shape == value.shape and np.array_equal(_of_rank(step[1].scale, factor.ndim), factor):
                return node
        return None

    def _inputs(self, value: Value, factor: Factor) -> list[tuple[Value, Factor]]:
        node = self._r.producer(value)
        if node is None or len(node.outputs) > 1:
            raise Decline(f"{value.name} cannot take the factor in")
        if _is_layer(node):
            return []
        if node.op not in ROWS:
            raise Decline(f"{node.op} cannot take the factor in, nor let it pass")
        pairs = zip(node.inputs, ROWS[node.op](node, factor), strict=True)
        return [(operand, part) for operand, part in pairs if operand is not None and part is not None]

    def rebuilt(self, value: Value) -> Value:
        """The value with its factor taken in."""
        if value not in self._new:
            self._new[value] = self._rebuild(value, self._factors[value])
        return self._new[value]

    def _rebuild(self, value: Value, factor: Factor) -> Value:
        if value in self._multiplied:
            other = self._multiplied[value]
            return self._r.again(other, *other.inputs)
        node = self._r.producer(value)
        assert node is not None
        if _is_layer(node):
            return self._scaled_layer(node, value, factor)
        scaled = dict(self._inputs(value, factor))
        operands = [
            operand if operand is None or operand not in scaled
            else self.rebuilt(operand) if operand.array is None
            else self._scaled_constant(operand, scaled[operand])
            for operand in node.inputs
        ]  # fmt: skip
        return self._r.again(node, *operands)

    def _scaled_layer(self, node: Node, value: Value, factor: Factor) -> Value:
        weighted = read_weighted(node)
        vector = channel_vector(factor, value, weighted.channel_axis)
        if vector is None and factor.size == 1:
            vector = np.full(weighted.channels, factor.item())
        if vector is None or len(vector) != weighted.channels:
            raise Decline("the factor is not one number per channel")
        return write_weighted(self._r, weighted.scaled(vector, np.zeros(weighted.channels)), data(node), 0)

    def _scaled_constant(self, value: Value, factor: Factor) -> Value:
        assert value.array is not None
        array = value.array.astype(np.float64)
        with np.errstate(over="ignore"):
            result = (array * (factor.reshape(()) if factor.size == 1 else factor)).astype(value.dtype)
        self._gone += share(self._r, value) - result.nbytes
        check_growth(self._r, 0, self._gone, f"{value.name} times the factor is larger")
        if not np.isfinite(result).all():
            raise Decline(f"{value.name} times the factor does not fit into {value.dtype}")
        return self._r.constant(result, value.name)


def _is_layer(node: Node) -> bool:
    """Whether the node has weights to take a factor in: the end of a region."""
    return node.op in WEIGHTED and data(node, 1).array is not None


@rule("forward-fold-scale", *WEIGHTED, rounds=True)
def ahead(r: Rewriter, node: Node) -> Result:
    """Conv(x * scale + shift, w, b) -> Conv(x, w scale, b + sum(w shift)), likewise for ConvTranspose, Gemm and MatMul;
    a shift only where there is no padding"""
    before = r.producer(node.inputs[0], "Add", "Sub", "Mul", "Div", "Neg")
    step = None if before is None else read_affine(before)
    if before is None or step is None:
        return None
    x, affine = step
    if r.only_user(data(node)) is None:
        raise Decline(f"the result of {before.name} is used elsewhere too")
    weighted = read_weighted(node)
    axis = 1 if weighted.is_convolution else (x.rank or 1) - 1
    if x.shape != data(node).shape or (not weighted.is_convolution and integer(node, "transA", 0)):
        raise Decline("the constant widens the input, or is not on the axis that is summed over")
    scales = channel_vector(np.ones(()) if affine.scale is None else affine.scale, x, axis)
    shifts = channel_vector(np.zeros(()) if affine.shift is None else affine.shift, x, axis)
    if scales is None or shifts is None:
        raise Decline("the constant is not one number per channel")
    if shifts.any() and (node.op == "ConvTranspose" or has_padding(node)):
        raise Decline("what is added is not zero in the padding")
    return write_weighted(r, weighted.fed(scales, shifts), x, freed(r, before))
