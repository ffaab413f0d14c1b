"""fuse-add-mul: chains of additions, subtractions, products, quotients and powers by constants become shorter chains.

Every step of a chain is x * scale + shift; two such steps are one. A chain is replaced where fewer nodes do and the
constants do not grow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mgeconvert.ir import Node, Value
from mgeconvert.ir.inference import broadcast

from .growth import check_growth, freed
from .nodes import data, operand, scalar, with_constant
from .rewriter import Rewriter
from .table import Decline, Result, rule

LONGEST = 3
"""Any two operations are Mul and Add, so no chain worth replacing is longer than three once its start is done."""

ROUNDING_TRICK = 2.0**-4
"""A constant so large that floats around it are this far apart rounds what it is added to, perhaps on purpose."""

AFFINE = ("Add", "Sub", "Mul", "Div", "Neg")


@dataclass(frozen=True, slots=True)
class Affine:
    """x * scale + shift; None is nothing. Floats are computed in float64, integers in their own type."""

    scale: np.ndarray | None
    shift: np.ndarray | None

    def after(self, first: Affine) -> Affine:
        """self(first(x))"""
        scale = _product(first.scale, self.scale)
        moved = _product(first.shift, self.scale) if first.shift is not None else None
        shift = moved if self.shift is None else self.shift if moved is None else moved + self.shift
        return Affine(_unless(scale, 1), _unless(shift, 0))

    @property
    def nodes(self) -> int:
        """How many nodes compute it."""
        return (self.scale is not None) + (self.shift is not None) - self.is_subtraction

    @property
    def is_subtraction(self) -> bool:
        """Whether it is shift - x."""
        return self.scale is not None and self.shift is not None and bool((self.scale == -1).all())


def _product(first: np.ndarray | None, second: np.ndarray | None) -> np.ndarray | None:
    if first is None or second is None:
        return first if second is None else second
    return np.asarray(first * second)


def _unless(numbers: np.ndarray | None, neutral: int) -> np.ndarray | None:
    return None if numbers is None or bool((numbers == neutral).all()) else numbers


COMPUTED_IN = {
    "float16": "float64", "float32": "float64", "float64": "float64", "int32": "int32", "int64": "int64",
}  # fmt: skip
"""Types of constants that are combined, and in which type. Runtimes disagree on small integers at their limits."""


def read_affine(node: Node) -> tuple[Value, Affine] | None:
    """The node as a function of its operand that is not constant."""
    x, constant = (data(node), np.array(-1)) if node.op == "Neg" else with_constant(node) or (data(node), None)
    wide = None if x.dtype is None else COMPUTED_IN.get(x.dtype.name)
    if wide is None or constant is None:
        return None
    numbers, first = constant.astype(wide), x is data(node)
    if node.op == "Add":
        return x, Affine(None, numbers)
    if node.op == "Sub":
        return x, Affine(None, -numbers) if first else Affine(np.array(-1, wide), numbers)
    if node.op in ("Mul", "Neg"):
        return x, Affine(numbers, None)
    if not first or numbers.dtype.kind != "f" or not numbers.all():
        return None
    return x, Affine(1 / numbers, None)


@rule("fuse-add-mul", *AFFINE, rounds=True)
def chain(r: Rewriter, node: Node) -> Result:
    """(x + a) + b -> x + (a + b), (x * a) * b -> x * (a b), (x + a) * b + c -> x * b + (a b + c), -(a - x) -> x - a:
    two or three steps x * scale + shift in a row, where fewer compute the same"""
    step = read_affine(node)
    if step is None:
        return None
    x, whole = step
    gone = freed(r, node)
    last = node
    for length in range(2, LONGEST + 1):
        inner = r.producer(x, *AFFINE)
        step = None if inner is None else read_affine(inner)
        if inner is None or step is None:
            return None
        if r.only_user(x) is None:
            raise Decline(f"the result of {inner.name} is used elsewhere too")
        check_rounding(inner, last)
        last, (x, first) = inner, step
        whole = whole.after(first)
        gone += freed(r, inner)
        if whole.nodes < length:
            return write_affine(r, whole, x, node, gone)
    return None


@rule("fuse-add-mul", "Mul", "Div", rounds=True)
def positive_factor_of_relu(r: Rewriter, node: Node) -> Result:
    """Relu(x * a) * b -> Relu(x * (a b)) for positive b, which Relu lets through"""
    step = read_affine(node)
    relu = None if step is None else r.producer(step[0], "Relu")
    inner = None if relu is None else r.producer(data(relu), "Mul", "Div")
    first = None if inner is None else read_affine(inner)
    if step is None or relu is None or inner is None or first is None or None in map(r.only_user, inner.outputs):
        return None
    scale = step[1].scale
    if scale is None or scale.dtype.kind != "f" or not (scale > 0).all() or r.only_user(step[0]) is None:
        return None
    gone = freed(r, node) + freed(r, inner)
    return r.again(relu, write_affine(r, step[1].after(first[1]), first[0], inner, gone))


@rule("fuse-add-mul", "Add", "Sub")
def opposite(r: Rewriter, node: Node) -> Result:
    """x + Neg(y) -> x - y, Neg(x) + y -> y - x, x - Neg(y) -> x + y"""
    first, second = data(node), data(node, 1)
    for x, negated in ((first, second), (second, first)):
        neg = r.producer(negated, "Neg")
        if neg is None or r.only_user(negated) is None or (node.op == "Sub" and negated is first):
            continue
        return r.op("Sub" if node.op == "Add" else "Add", x, data(neg))
    return None


@rule("fuse-add-mul", "Mul", rounds=True)
def inverse(r: Rewriter, node: Node) -> Result:
    """x * Reciprocal(y) -> x / y"""
    for x, inverted in ((data(node), data(node, 1)), (data(node, 1), data(node))):
        reciprocal = r.producer(inverted, "Reciprocal")
        if reciprocal is not None and r.only_user(inverted) is not None:
            return r.op("Div", x, data(reciprocal))
    return None


def check_rounding(*nodes: Node) -> None:
    """Decline where an addition rounds so coarsely that this may be its purpose."""
    for node in nodes:
        operands = with_constant(node) if node.op in ("Add", "Sub") else None
        if operands is not None and operands[1].dtype.kind == "f" and operands[1].size:
            largest = np.abs(operands[1]).max()
            if np.spacing(largest) >= ROUNDING_TRICK:
                raise Decline(f"adding {largest:g} rounds to multiples of {np.spacing(largest):g}")


def write_affine(r: Rewriter, whole: Affine, x: Value, node: Node, gone: int) -> Value:
    """Nodes for x * scale + shift. Declines where the constants would grow or leave the range of their type."""
    given = [numbers for numbers in (whole.scale, whole.shift) if numbers is not None]
    shape = node.output.shape
    if shape is None or x.shape is None or broadcast([x.shape, *(numbers.shape for numbers in given)]) != shape:
        raise Decline("the result is wider than the combined constants make it")
    constants = [_rounded(numbers, x.dtype) for numbers in given]
    check_growth(r, sum(constant.nbytes for constant in constants), gone, "the combined constants are larger")
    if not given and r.may_become(node, x):
        return x
    if whole.is_subtraction:
        return r.op("Sub", constants[-1], x)
    if whole.shift is None and whole.scale is not None and bool((whole.scale == -1).all()):
        return r.op("Neg", x)
    result = x if whole.scale is None else r.op("Mul", x, constants[0])
    return result if whole.shift is None and given else r.op("Add", result, constants[-1])


def _rounded(numbers: np.ndarray, dtype: np.dtype | None) -> np.ndarray:
    with np.errstate(over="ignore", under="ignore"):
        rounded = numbers.astype(dtype)
    if rounded.dtype.kind != "f":
        return rounded
    vanished = (np.abs(rounded) < np.finfo(rounded.dtype).tiny) & (numbers != 0)
    if not np.isfinite(rounded).all() or vanished.any():
        raise Decline(f"the combined constants do not fit into {rounded.dtype}")
    return rounded


@rule("fuse-add-mul", "Pow", rounds=True)
def powers(r: Rewriter, node: Node) -> Result:
    """Pow(Pow(x, a), b) -> Pow(x, a b) for positive integers a and b: Pow(Pow(x, 2), 0.5) is |x|"""
    inner = r.producer(node.inputs[0], "Pow")
    first, second = None if inner is None else scalar(operand(inner, 1)), scalar(operand(node, 1))
    if inner is None or first is None or second is None:
        return None
    if r.only_user(data(node)) is None:
        raise Decline(f"the result of {inner.name} is used elsewhere too")
    if first < 1 or second < 1 or first % 1 or second % 1:
        raise Decline(f"the exponents {first:g} and {second:g} are not both positive integers")
    if data(inner, 1).shape not in ((), (1,)) or data(inner).shape != node.output.shape:
        return None
    return r.op("Pow", data(inner), np.array(first * second, data(node, 1).dtype))
