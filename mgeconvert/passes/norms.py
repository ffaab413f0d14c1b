"""fuse-norm: (x - mean) / sqrt(variance + eps) over the last axes is LayerNormalization, a group-wise
InstanceNormalization is GroupNormalization, and a constant factor or term behind a normalization is its scale or bias.

The normalization operators have a scale that must be stored; where a formula has none the file could grow, so a formula
is taken only if a factor follows, or if the ones are smaller than the nodes that go.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mgeconvert.ir import Node, Value

from .growth import NODE_BYTES, check_growth, freed, share
from .nodes import array, channel_vector, data, integer, number, operand, scalar, with_constant
from .rewriter import Rewriter
from .table import Decline, Result, rule

FORMULA_NODES = 6
"""Mean, difference, square, mean, sum, root: what goes besides the node that is replaced."""

CENTRED_READERS = 3
"""The quotient, and both operands of the square."""


@dataclass(frozen=True, slots=True)
class Standardized:
    """(x - mean) / sqrt(variance + epsilon) over the axes from `axis` on."""

    x: Value
    centred: Value
    axis: int
    epsilon: float


@rule("fuse-norm", "Div", "Mul", rounds=True)
def layer_norm(r: Rewriter, node: Node) -> Result:
    """(x - mean) / Sqrt(variance + eps) -> LayerNormalization(x, 1), with mean = ReduceMean(x) and
    variance = ReduceMean((x - mean)^2) over the last axes"""
    found = _standardized(r, node)
    if found is None:
        return None
    shape = tuple(dim for dim in (found.x.shape or ())[found.axis :] if isinstance(dim, int))
    if found.axis + len(shape) != found.x.rank:
        raise Decline("it normalizes a dimension known only at run time")
    if r.uses(found.centred) > CENTRED_READERS:
        raise Decline("the centred input is used elsewhere too")
    ones = np.ones(shape, found.x.dtype)
    if not _is_scaled(r, node.output, len(shape)):
        check_growth(r, ones.nbytes, FORMULA_NODES * NODE_BYTES, "it has no scale, and LayerNormalization stores one")
    scale = r.constant(ones, f"{node.output.name}_scale")
    return r.op("LayerNormalization", found.x, scale, axis=found.axis - len(found.x.shape or ()), epsilon=found.epsilon)


@rule("fuse-norm", "Div", rounds=True)
def scaled_before(r: Rewriter, node: Node) -> Result:
    """c (x - mean) / Sqrt(variance + eps) -> (x - mean) / Sqrt(variance + eps) * c, which is a LayerNormalization"""
    times = r.producer(data(node), "Mul")
    operands = None if times is None or r.only_user(data(node)) is None else with_constant(times)
    if operands is None or times is None or _under_root(r, data(node, 1), inverse=False) is None:
        return None
    centred, _ = operands
    difference = r.producer(centred, "Sub")
    if difference is None or r.producer(data(difference, 1), "ReduceMean") is None:
        return None
    constant = next(value for value in times.inputs if value is not None and value.array is not None)
    return r.op("Mul", r.op("Div", centred, data(node, 1)), constant)


def _is_scaled(r: Rewriter, value: Value, axes: int) -> bool:
    user = r.only_user(value)
    operands = with_constant(user) if user is not None and user.op == "Mul" else None
    return operands is not None and value.shape is not None and _fits(operands[1], value, value.shape[-axes:])


def _fits(constant: np.ndarray, value: Value, shape: tuple[int | str, ...]) -> bool:
    """Whether a constant broadcasts to the last axes of a value."""
    extra = max(constant.ndim - len(shape), 0)
    if constant.ndim > (value.rank or 0) or any(dim != 1 for dim in constant.shape[:extra]):
        return False
    return all(a in (1, b) for a, b in zip(constant.shape[extra:][::-1], shape[::-1], strict=False))


def _standardized(r: Rewriter, node: Node) -> Standardized | None:
    """Reads centred / root, or centred * (1 / root)."""
    for centred, root in ((data(node), data(node, 1)), (data(node, 1), data(node))):
        if node.op == "Div" and centred is not data(node):
            continue
        variance = _under_root(r, root, node.op == "Mul")
        difference = r.producer(centred, "Sub")
        if variance is None or difference is None:
            continue
        value, epsilon = variance
        mean = r.producer(data(difference, 1), "ReduceMean")
        spread = r.producer(value, "ReduceMean")
        if mean is None or spread is None or data(mean) is not data(difference):
            continue
        if not _is_square(r, data(spread), centred, difference):
            continue
        axis = _last_axes(mean)
        if axis is not None and axis == _last_axes(spread):
            return Standardized(data(difference), centred, axis, epsilon)
    return None


def _under_root(r: Rewriter, value: Value, inverse: bool) -> tuple[Value, float] | None:
    """v and eps where the value is (v + eps) ^ 1/2, or ^ -1/2."""
    node = r.producer(value, "Sqrt", "Pow", "Reciprocal", "Div")
    if node is None or r.only_user(value) is None:
        return None
    if node.op == "Pow":
        if scalar(operand(node, 1)) != (-0.5 if inverse else 0.5):
            return None
        return _plus_epsilon(r, data(node))
    if inverse and (node.op == "Reciprocal" or (node.op == "Div" and scalar(data(node)) == 1)):
        return _under_root(r, data(node) if node.op == "Reciprocal" else data(node, 1), False)
    return _plus_epsilon(r, data(node)) if node.op == "Sqrt" and not inverse else None


def _plus_epsilon(r: Rewriter, value: Value) -> tuple[Value, float] | None:
    node = r.producer(value, "Add")
    operands = None if node is None else with_constant(node)
    if operands is None or operands[1].size != 1 or r.only_user(value) is None:
        return None
    return operands[0], float(operands[1].item())


def _is_square(r: Rewriter, value: Value, centred: Value, difference: Node) -> bool:
    """Whether the value is the square of the centred input, or of the same difference taken again."""
    node = r.producer(value, "Pow", "Mul")
    if node is None or (node.op == "Pow" and scalar(operand(node, 1)) != 2):
        return False
    base = data(node)
    if node.op == "Mul" and data(node, 1) is not base:
        return False
    other = r.producer(base, "Sub")
    return base is centred or (other is not None and other.inputs == difference.inputs)


def _last_axes(node: Node) -> int | None:
    """The first axis a ReduceMean reduces, where it is all from there on and keeps them."""
    axes, rank = array(node, 1), data(node).rank
    if axes is None or rank is None or not integer(node, "keepdims", 1):
        return None
    reduced = sorted(axis % rank for axis in axes.tolist())
    return reduced[0] if reduced and reduced == list(range(reduced[0], rank)) else None


@rule("fuse-norm", "Reshape", rounds=True)
def group_norm(r: Rewriter, node: Node) -> Result:
    """Reshape(InstanceNormalization(Reshape(x, (N, groups, rest)), 1, 0), shape of x) -> GroupNormalization(x, 1, 0)"""
    norm = r.producer(node.inputs[0], "InstanceNormalization")
    before = None if norm is None else r.producer(data(norm), "Reshape")
    if norm is None or before is None:
        return None
    x, grouped = data(before), data(norm).shape
    scale, bias = array(norm, 1), array(norm, 2)
    if (
        x.shape is None
        or len(x.shape) < 3
        or x.shape != node.output.shape
        or grouped is None
        or scale is None
        or bias is None
    ):
        return None
    groups, channels = grouped[1], x.shape[1]
    if x.shape[0] != grouped[0] or isinstance(groups, str) or isinstance(channels, str) or channels % groups:
        return None
    if any(isinstance(dim, str) for dim in x.shape[1:]):
        raise Decline("a dimension known only at run time would have to be grouped again for older opsets")
    if (scale != 1).any() or bias.any():
        raise Decline("the groups are scaled one by one")
    if r.only_user(data(norm)) is None or r.only_user(data(node)) is None:
        raise Decline("the grouped values are used elsewhere too")
    return r.op(
        "GroupNormalization",
        x,
        r.constant(np.ones(channels, scale.dtype), f"{node.output.name}_scale"),
        r.constant(np.zeros(channels, scale.dtype), f"{node.output.name}_bias"),
        num_groups=groups,
        epsilon=number(norm, "epsilon", 1e-5),
    )


NORMS = ("LayerNormalization", "GroupNormalization", "InstanceNormalization", "BatchNormalization")


@rule("fuse-norm", "Mul", "Add", rounds=True)
def scale_or_bias(r: Rewriter, node: Node) -> Result:
    """Norm(x, scale, bias) * c -> Norm(x, scale c, bias c), Norm(x, scale, bias) + c -> Norm(x, scale, bias + c) for
    the layer, group, instance and batch normalization, where c has the shape of the scale"""
    operands = with_constant(node)
    norm = None if operands is None else r.producer(operands[0], *NORMS)
    if operands is None or norm is None or len(norm.outputs) > 1:
        return None
    if r.only_user(operands[0]) is None:
        raise Decline(f"the result of {norm.name} is used elsewhere too")
    scale, bias = array(norm, 1), array(norm, 2)
    if scale is None or (bias is None and operand(norm, 2) is not None):
        raise Decline(f"the scale of {norm.name} is computed")
    constant = _as_scale(operands[1], operands[0], norm, scale)
    new_scale, new_bias = scale.astype(np.float64), None if bias is None else bias.astype(np.float64)
    if node.op == "Mul":
        new_scale, new_bias = new_scale * constant, None if new_bias is None else new_bias * constant
    else:
        new_bias = np.broadcast_to(constant, scale.shape) + (0 if new_bias is None else new_bias)
    gone = freed(r, node) + share(r, norm.inputs[1]) + share(r, operand(norm, 2))
    stored = scale.nbytes * ((node.op == "Mul") + (new_bias is not None))
    check_growth(r, stored, gone, "its scale is larger than the constants it replaces")
    name = operand(norm, 2) or data(node, int(data(node).array is None))
    scales = r.constant(new_scale.astype(scale.dtype), data(norm, 1).name) if node.op == "Mul" else data(norm, 1)
    biases = None if new_bias is None else r.constant(new_bias.astype(scale.dtype), name.name)
    return r.again(norm, data(norm), scales, biases, *norm.inputs[3:])


def _as_scale(constant: np.ndarray, value: Value, norm: Node, scale: np.ndarray) -> np.ndarray:
    wide = constant.astype(np.float64)
    if norm.op == "LayerNormalization":
        if value.shape is None or not _fits(constant, value, scale.shape):
            raise Decline("the constant does not have the shape of the scale")
        return wide.reshape(wide.shape[max(wide.ndim - scale.ndim, 0) :])
    vector = channel_vector(constant, value, 1)
    if vector is None:
        raise Decline("the constant is not one number per channel")
    return vector


@rule("fuse-norm", "BatchNormalization", rounds=True)
def term_before(r: Rewriter, node: Node) -> Result:
    """BatchNormalization(x + c, s, b, mean, variance) -> BatchNormalization(x, s, b, mean - c, variance)"""
    addition = r.producer(data(node), "Add")
    operands = None if addition is None else with_constant(addition)
    mean = array(node, 3)
    if operands is None or mean is None or r.only_user(data(node)) is None or r.uses(data(node, 3)) > 1:
        return None
    value, constant = operands
    term = channel_vector(constant, value, 1) if value.shape == data(node).shape else None
    if term is None or len(node.outputs) > 1:
        return None
    moved = r.constant((mean.astype(np.float64) - term).astype(mean.dtype), data(node, 3).name)
    return r.again(node, value, *node.inputs[1:3], moved, node.inputs[4])
