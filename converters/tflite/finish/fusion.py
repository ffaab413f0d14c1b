"""Rewriting of the operator list: activations, pads and biases into their producers.

A rule gets the rewriter and one operator and changes what it can; one forward sweep is enough, because every rule looks
only at what comes before.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..emit.convolution.ordinary import SAME, VALID, same_pads
from ..emit.pooling import LOWEST
from ..model import Array, Model, Operator, Tensor

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
Rule = Callable[["Rewriter", Operator], None]


class Rewriter:
    """The operators of a model while rules change them."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.producers = model.producers()
        self.uses = model.use_counts()
        self.public = {*model.inputs.values(), *model.outputs.values()}

    def producer(self, tensor: Tensor | None, *ops: str) -> Operator | None:
        """What makes the tensor, if it is one of these operators."""
        made = None if tensor is None else self.producers.get(tensor)
        return made if made is not None and made.op in ops else None

    def alone(self, tensor: Tensor) -> bool:
        """Whether exactly one operator reads it and nobody else."""
        return self.uses.get(tensor) == 1 and tensor not in self.public

    def read(self, operator: Operator, index: int, tensor: Tensor) -> None:
        """Let an operator read another tensor."""
        old = operator.inputs[index]
        if old is not None:
            self.uses[old] -= 1
        self.uses[tensor] = self.uses.get(tensor, 0) + 1
        operator.inputs[index] = tensor

    def take_over(self, operator: Operator, follower: Operator) -> None:
        """`operator` makes what its only reader `follower` made; that one is dropped."""
        for tensor in follower.inputs:
            if tensor is not None:
                self.uses[tensor] -= 1
        operator.outputs = follower.outputs
        self.producers[operator.output] = operator
        follower.outputs = []


def fuse(model: Model) -> None:
    """Apply all rules and drop what nobody reads."""
    rewriter = Rewriter(model)
    for operator in model.operators:
        for rule in RULES.get(operator.op, ()):
            if operator.outputs:
                rule(rewriter, operator)
    remove_dead(model)


def remove_dead(model: Model) -> None:
    live = set(model.outputs.values())
    kept = []
    for operator in reversed(model.operators):
        if any(tensor in live for tensor in operator.outputs):
            live.update(tensor for tensor in operator.inputs if tensor is not None)
            kept.append(operator)
    model.operators[:] = reversed(kept)


def activation(r: Rewriter, operator: Operator) -> None:
    """X then RELU is X with a fused activation."""
    made = r.producer(operator.inputs[0], *FUSABLE)
    if made is None or not r.alone(made.output) or made.output.dtype != np.float32:
        return
    if not made.options.get("FusedActivationFunction"):
        made.options["FusedActivationFunction"] = ACTIVATIONS[operator.op]
        r.take_over(made, operator)


def _widths(operator: Operator) -> Array | None:
    operand = operator.inputs[1]
    return None if operand is None else operand.array


def pad_pad(r: Rewriter, operator: Operator) -> None:
    """Zeros around zeros are one border."""
    made = r.producer(operator.inputs[0], "PAD")
    if made is None:
        return
    inner, outer, source = _widths(made), _widths(operator), made.inputs[0]
    if inner is not None and outer is not None and source is not None:
        r.read(operator, 0, source)
        operator.inputs[1] = Tensor(f"{operator.output.name}_pads", inner.dtype, inner.shape, inner + outer)


def _same(r: Rewriter, operator: Operator, pad_op: str, kernel: tuple[int, ...], dilations: tuple[int, int]) -> None:
    """VALID on a padded tensor is SAME where SAME pads alike."""
    made = r.producer(operator.inputs[0], pad_op)
    if made is None or operator.options["Padding"] != VALID:
        return
    source, widths = made.inputs[0], _widths(made)
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


def pad_conv(r: Rewriter, operator: Operator) -> None:
    weights = operator.inputs[1]
    assert weights is not None
    kernel = tuple(int(dim) for dim in weights.shape[1:3])
    dilations = (operator.options["DilationHFactor"], operator.options["DilationWFactor"])
    _same(r, operator, "PAD", kernel, dilations)


def pad_max_pool(r: Rewriter, operator: Operator) -> None:
    made = r.producer(operator.inputs[0], "PADV2")
    fill = None if made is None else made.inputs[2]
    if fill is None or fill.array is None or fill.array != LOWEST:
        return
    _same(r, operator, "PADV2", (operator.options["FilterHeight"], operator.options["FilterWidth"]), (1, 1))


def bias(r: Rewriter, operator: Operator) -> None:
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


def reshape_reshape(r: Rewriter, operator: Operator) -> None:
    made = r.producer(operator.inputs[0], "RESHAPE")
    if made is not None and made.inputs[0] is not None and len(made.inputs) > 1 and _static_shape(made):
        r.read(operator, 0, made.inputs[0])


def _static_shape(operator: Operator) -> bool:
    operand = operator.inputs[1]
    return operand is not None and operand.array is not None


RULES: dict[str, tuple[Rule, ...]] = {
    **dict.fromkeys(ACTIVATIONS, (activation,)),
    "PAD": (pad_pad,),
    "CONV_2D": (pad_conv,),
    "DEPTHWISE_CONV_2D": (pad_conv,),
    "MAX_POOL_2D": (pad_max_pool,),
    "ADD": (bias,),
    "RESHAPE": (reshape_reshape,),
}
