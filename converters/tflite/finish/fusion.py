"""Rewriting of the operator list: activations, pads and biases into their producers.

A rule gets the rewriter and one operator and changes what it can; one forward sweep is enough, because every rule looks
only at what comes before.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..model import Array, Model, Operator, Tensor
from ..padding import LOWEST, SAME, VALID, same_pads
from .bounded import drop_bounded
from .operator_list import OperatorList, remove_dead
from .stacks import pack, unpack

ACTIVATIONS = {"RELU": 1, "RELU_N1_TO_1": 2, "RELU6": 3}
"""ActivationFunctionType. TANH has a number too, but no kernel of those below applies it."""
FUSABLE = frozenset(
    [
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "CONV_3D",
        "FULLY_CONNECTED",
        "ADD",
        "SUB",
        "MUL",
        "DIV",
        "AVERAGE_POOL_2D",
        "MAX_POOL_2D",
    ]
)
Fusion = Callable[["OperatorList", Operator], None]


def fuse(model: Model) -> None:
    """Apply all rules and drop what nobody reads."""
    rewriter = OperatorList(model)
    for operator in model.operators:
        for rule in RULES.get(operator.op, ()):
            if operator.outputs:
                rule(rewriter, operator)
    remove_dead(model)
    unpack(model)
    drop_bounded(model)


def activation(r: OperatorList, operator: Operator) -> None:
    """X then RELU is X with a fused activation."""
    made = r.producer(operator.inputs[0], *FUSABLE)
    if made is None or not r.alone(made.output) or made.output.dtype != np.float32:
        return
    if not made.options.get("FusedActivationFunction"):
        made.options["FusedActivationFunction"] = ACTIVATIONS[operator.op]
        r.take_over(made, operator)


def _second(operator: Operator) -> Array | None:
    """The second operand where it is constant."""
    operand = operator.inputs[1]
    return None if operand is None else operand.array


def pad_pad(r: OperatorList, operator: Operator) -> None:
    """Zeros around zeros are one border."""
    made = r.producer(operator.inputs[0], "PAD")
    if made is None:
        return
    inner, outer, source = _second(made), _second(operator), made.inputs[0]
    if inner is not None and outer is not None and source is not None:
        r.read(operator, 0, source)
        operator.inputs[1] = Tensor(f"{operator.output.name}_pads", inner.dtype, inner.shape, inner + outer)


def _same(
    r: OperatorList, operator: Operator, pad_op: str, kernel: tuple[int, ...], dilations: tuple[int, int]
) -> None:
    """VALID on a padded tensor is SAME where SAME pads alike."""
    made = r.producer(operator.inputs[0], pad_op)
    if made is None or operator.options["Padding"] != VALID:
        return
    source, widths = made.inputs[0], _second(made)
    if source is None or widths is None or widths[0].any() or widths[3].any():
        return
    for axis, name in ((1, "H"), (2, "W")):
        size, extent = source.shape[axis], (kernel[axis - 1] - 1) * dilations[axis - 1] + 1
        if not isinstance(size, int):
            return
        if tuple(widths[axis].tolist()) != same_pads(size, extent, operator.options[f"Stride{name}"]):
            return
    operator.options["Padding"] = SAME
    r.read(operator, 0, source)


def pad_conv(r: OperatorList, operator: Operator) -> None:
    weights = operator.inputs[1]
    assert weights is not None
    kernel = tuple(int(dim) for dim in weights.shape[1:3])
    dilations = (operator.options["DilationHFactor"], operator.options["DilationWFactor"])
    _same(r, operator, "PAD", kernel, dilations)


def pad_max_pool(r: OperatorList, operator: Operator) -> None:
    made = r.producer(operator.inputs[0], "PADV2")
    fill = None if made is None else made.inputs[2]
    if fill is None or fill.array is None or fill.array != LOWEST:
        return
    _same(r, operator, "PADV2", (operator.options["FilterHeight"], operator.options["FilterWidth"]), (1, 1))


def bias(r: OperatorList, operator: Operator) -> None:
    """FULLY_CONNECTED without a bias then ADD of a constant row."""
    for index in (0, 1):
        made, row = r.producer(operator.inputs[index], "FULLY_CONNECTED"), operator.inputs[1 - index]
        if made is None or row is None or row.array is None or len(made.inputs) > 2 or not r.alone(made.output):
            continue
        if made.options.get("FusedActivationFunction") or row.array.size != made.output.shape[-1]:
            continue
        if row.shape[-1] == row.array.size and row.rank <= made.output.rank:
            made.inputs.append(Tensor(row.name, row.dtype, (row.array.size,), row.array.reshape(-1)))
            if operator.options.get("FusedActivationFunction"):
                made.options["FusedActivationFunction"] = operator.options["FusedActivationFunction"]
            r.take_over(made, operator)
            return


def reshape_reshape(r: OperatorList, operator: Operator) -> None:
    made = r.producer(operator.inputs[0], "RESHAPE")
    if made is not None and made.inputs[0] is not None and len(made.inputs) > 1 and _static_shape(made):
        r.read(operator, 0, made.inputs[0])


def _static_shape(operator: Operator) -> bool:
    operand = operator.inputs[1]
    return operand is not None and operand.array is not None


def mod_mod(r: OperatorList, operator: Operator) -> None:
    """A remainder of the remainder by the same number."""
    made = r.producer(operator.inputs[0], "FLOOR_MOD")
    source = None if made is None else made.inputs[0]
    if made is None or source is None or source.shape != operator.output.shape:
        return
    inner, outer = _second(made), _second(operator)
    if inner is not None and outer is not None and np.array_equal(inner, outer):
        r.read(operator, 0, source)


def rsqrt(r: OperatorList, operator: Operator) -> None:
    """1 / SQRT(x) is RSQRT(x)."""
    ones, made = operator.inputs[0], r.producer(operator.inputs[1], "SQRT")
    if made is None or ones is None or ones.array is None or ones.dtype != np.float32 or (ones.array != 1).any():
        return
    if ones.array.size == 1 and r.alone(made.output) and not operator.options.get("FusedActivationFunction"):
        source = made.inputs[0]
        if source is not None and source.shape == operator.output.shape:
            operator.op, operator.inputs, operator.options = "RSQRT", [source], {}


def square(r: OperatorList, operator: Operator) -> None:
    """x * x is SQUARE(x)."""
    x, other = operator.inputs
    if x is other and x is not None and x.dtype == np.float32 and not operator.options.get("FusedActivationFunction"):
        r.uses[x] -= 1
        operator.op, operator.inputs, operator.options = "SQUARE", [x], {}


RULES: dict[str, tuple[Fusion, ...]] = {
    **dict.fromkeys(ACTIVATIONS, (activation,)),
    "PAD": (pad_pad,),
    "CONV_2D": (pad_conv,),
    "DEPTHWISE_CONV_2D": (pad_conv,),
    "MAX_POOL_2D": (pad_max_pool,),
    "ADD": (bias,),
    "RESHAPE": (reshape_reshape,),
    "CONCATENATION": (pack,),
    "FLOOR_MOD": (mod_mod,),
    "DIV": (rsqrt,),
    "MUL": (square,),
}
