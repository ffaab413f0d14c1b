"""fuse-gelu: the exact form x/2 (1 + erf(x / sqrt 2)) and the tanh form x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).

A formula is compared as a product of factors, so the order in which a model multiplies does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from mgeconvert.ir import Node, Value

from .activations import close
from .nodes import data, operand, scalar, with_constant
from .rewriter import Rewriter
from .table import Result, rule

LONGEST = 6
"""No Gelu has more factors than this in one product."""

CUBIC = 0.044715


@rule("fuse-gelu", "Mul", "Div", rounds=True)
def gelu(r: Rewriter, node: Node) -> Result:
    """x / 2 * (1 + Erf(x / sqrt(2))) -> Gelu(x), x / 2 * (1 + Tanh(t)) -> Gelu(x, approximate="tanh"),
    x * Sigmoid(2 t) -> Gelu(x, approximate="tanh"), with t = sqrt(2 / pi) (x + 0.044715 x^3)"""
    number, factors = product(r, node.output)
    if len(factors) != 2:
        return None
    for x, gate in (factors, factors[::-1]):
        if close(number, 0.5) and (inner := _one_plus(r, gate)) is not None:
            if (erf := r.producer(inner, "Erf")) is not None and _is_multiple(r, data(erf), x, math.sqrt(0.5)):
                return r.op("Gelu", x)
            if (tanh := r.producer(inner, "Tanh")) is not None and _is_tanh_argument(r, data(tanh), x, 1):
                return r.op("Gelu", x, approximate="tanh")
        sigmoid = r.producer(gate, "Sigmoid")
        if number == 1 and sigmoid is not None and _is_tanh_argument(r, data(sigmoid), x, 2):
            return r.op("Gelu", x, approximate="tanh")
    return None


def product(r: Rewriter, value: Value) -> tuple[float, list[Value]]:
    """The value as a number times factors: products, quotients by numbers and small integer powers are taken apart as
    long as nothing else reads them."""
    number = 1.0
    factors: list[Value] = []
    pending = [value]
    while pending and len(factors) + len(pending) <= LONGEST:
        factor = pending.pop()
        node = r.producer(factor, "Mul", "Div", "Pow")
        if scalar(factor) is not None:
            number *= scalar(factor) or 0.0
        elif node is None or (factor is not value and r.only_user(factor) is None):
            factors.append(factor)
        elif node.op == "Mul":
            pending += [data(node, 1), data(node)]
        elif node.op == "Div" and (divisor := scalar(operand(node, 1))):
            number /= divisor
            pending.append(data(node))
        elif node.op == "Pow" and scalar(operand(node, 1)) in (2.0, 3.0):
            pending += [data(node)] * int(scalar(operand(node, 1)) or 0)
        else:
            factors.append(factor)
    return number, factors + pending


def _one_plus(r: Rewriter, value: Value) -> Value | None:
    """y where the value is 1 + y."""
    node = r.producer(value, "Add")
    operands = None if node is None or r.only_user(value) is None else with_constant(node)
    if operands is None or operands[1].size != 1 or operands[1].item() != 1 or r.only_user(operands[0]) is None:
        return None
    return operands[0]


def _is_multiple(r: Rewriter, value: Value, x: Value, wanted: float) -> bool:
    number, factors = product(r, value)
    return len(factors) == 1 and factors[0] is x and close(number, wanted)


def _is_tanh_argument(r: Rewriter, value: Value, x: Value, times: float) -> bool:
    """Whether the value is `times` sqrt(2/pi) (x + 0.044715 x^3), also with x taken out of the bracket, or with
    the bracket multiplied out."""
    number, factors = product(r, value)
    if any(_is_distributed(r, linear, cubic, x, times) for linear, cubic in _sums(r, value)):
        return True
    if not close(number, times * math.sqrt(2 / math.pi)):
        return False
    if len(factors) == 1:
        return any(linear is x and _is_power(r, cubic, x, 3) for linear, cubic in _sums(r, factors[0]))
    return any(
        first is x and any(scalar(one) == 1 and _is_power(r, square, x, 2) for one, square in _sums(r, second))
        for first, second in (factors, factors[::-1])
        if len(factors) == 2
    )


def _is_distributed(r: Rewriter, linear: Value, cubic: Value, x: Value, times: float) -> bool:
    """Whether the values are a x and 0.044715 a x^3 with a = `times` sqrt(2/pi)."""
    (first, single), (second, triple) = product(r, linear), product(r, cubic)
    wanted = times * math.sqrt(2 / math.pi)
    known = single == [x] and len(triple) == 3 and all(factor is x for factor in triple)
    return known and close(first, wanted) and close(second, wanted * CUBIC)


def _is_power(r: Rewriter, value: Value, x: Value, exponent: int) -> bool:
    """Whether the value is 0.044715 x^exponent."""
    number, factors = product(r, value)
    return close(number, CUBIC) and len(factors) == exponent and all(factor is x for factor in factors)


def _sums(r: Rewriter, value: Value) -> Iterator[tuple[Value, Value]]:
    """Both orders of the operands of an addition that nothing else reads."""
    node = r.producer(value, "Add")
    if node is not None and r.only_user(value) is not None:
        yield data(node), data(node, 1)
        yield data(node, 1), data(node)
