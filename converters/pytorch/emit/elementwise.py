"""Elementwise: arithmetic, comparison, logic, rounding, trigonometry, casts."""

from __future__ import annotations

from collections.abc import Mapping

from mgeconvert.errors import refuse

from .emission import Emission
from .expressions import Sizes, Whole, item
from .table import emit, emit_call
from .text import call, literal

INFIX: Mapping[str, str] = {
    "Add": "+", "Sub": "-", "Mul": "*", "Equal": "==", "Greater": ">", "GreaterOrEqual": ">=", "Less": "<",
    "LessOrEqual": "<=", "And": "&", "Or": "|", "Xor": "^", "BitwiseAnd": "&", "BitwiseOr": "|", "BitwiseXor": "^",
}  # fmt: skip
FUNCTIONS: Mapping[str, str] = {
    "Abs": "abs", "Acos": "acos", "Acosh": "acosh", "Asin": "asin", "Asinh": "asinh", "Atan": "atan",
    "Atanh": "atanh", "Ceil": "ceil", "Cos": "cos", "Cosh": "cosh", "Erf": "erf", "Exp": "exp", "Floor": "floor",
    "IsNaN": "isnan", "Log": "log", "Reciprocal": "reciprocal", "Round": "round", "Sign": "sign", "Sin": "sin",
    "Sinh": "sinh", "Sqrt": "sqrt", "Tan": "tan", "Not": "logical_not", "BitwiseNot": "bitwise_not",
}  # fmt: skip
CALL_INFIX: Mapping[str, str] = {
    "megengine.tensor.Tensor.__add__": "+",
    "megengine.tensor.Tensor.__sub__": "-",
    "megengine.tensor.Tensor.__mul__": "*",
    "megengine.tensor.Tensor.__floordiv__": "//",
    "megengine.tensor.Tensor.__mod__": "%",
}


@emit(*INFIX)
def infix(e: Emission) -> str:
    sign = INFIX[e.node.op]
    if e.is_whole and sign in "+-*" and all(not isinstance(e.text(n), Sizes) for n in (0, 1)):
        return Whole(f"({_whole(e, 0)} {sign} {_whole(e, 1)})")
    x, y = e.operands
    return f"{x} {sign} {y}"


def _whole(e: Emission, number: int) -> str:
    array = e.constant(number)
    return e.text(number) if array is None else literal(int(array.reshape(-1)[0]))


def _one(e: Emission, number: int) -> str:
    """The only element of a size or of a list of one."""
    text = _whole(e, number)
    return item(text, 0) if isinstance(text, Sizes) else text


@emit_call(*CALL_INFIX)
def source_infix(e: Emission) -> str:
    """Arithmetic of sizes as the source has it; that of tensors is written as it was lowered."""
    x, y = (literal(each) if not isinstance(each, str) else each for each in e.arguments()[:2])
    whole = [isinstance(each, Whole) or each.lstrip("-").isdigit() for each in (x, y)]
    if not all(whole):
        refuse("arithmetic of tensors, which is lowered")
    return Whole(f"({x} {CALL_INFIX[e.node.op]} {y})")


@emit("Div")
def div(e: Emission) -> str:
    if e.is_whole and not any(isinstance(e.text(n), Sizes) for n in (0, 1)):
        return Whole(f"({_whole(e, 0)} // {_whole(e, 1)})")
    if e.dtype(0).startswith(("int", "uint")):
        return call("torch.div", e[0], e.scalar(1), rounding_mode="trunc")
    x, y = e.operands
    return f"{x} / {y}"


@emit(*FUNCTIONS)
def function(e: Emission) -> str:
    name = FUNCTIONS[e.node.op]
    if name in ("ceil", "floor", "round") and e.dtype().startswith(("int", "uint")):
        return e[0]
    return call(f"torch.{name}", e[0])


@emit("Neg")
def neg(e: Emission) -> str:
    return f"-{e[0]}"


@emit("IsInf")
def isinf(e: Emission) -> str:
    both = (e.attr("detect_positive", 1), e.attr("detect_negative", 1))
    names = {(1, 1): "isinf", (1, 0): "isposinf", (0, 1): "isneginf"}
    return call(f"torch.{names[both]}", e[0]) if both in names else call("torch.zeros_like", e[0]) + ".bool()"


@emit("Pow")
def power(e: Emission) -> str:
    if e.dtype(0) != e.dtype(1):
        return f"({e[0]} ** {e.scalar(1)}).to({e.out_dtype})"
    x, y = e.operands
    return f"{x} ** {y}"


@emit("Mod")
def mod(e: Emission) -> str:
    return call("torch.fmod" if e.attr("fmod", 0) else "torch.remainder", e[0], e.scalar(1))


@emit("BitShift")
def shift(e: Emission) -> str:
    sign = "<<" if e.attr("direction") == "LEFT" else ">>"
    if e.dtype().startswith("uint") and e.dtype() != "uint8":
        refuse(f"torch does not shift {e.dtype()}")
    return f"{e[0]} {sign} {e[1]}"


@emit("Max", "Min")
def extreme(e: Emission) -> str:
    name = "torch.maximum" if e.node.op == "Max" else "torch.minimum"
    if e.dtype() in ("uint16", "uint32", "uint64"):
        refuse(f"torch has no {name} of {e.dtype()}")
    bound = {"Max": "min", "Min": "max"}[e.node.op]
    if e.is_whole and all(value.shape in ((), (1,)) for value in e.node.inputs if value is not None):
        parts = [_one(e, number) for number in range(len(e.node.inputs))]
        smallest = f"{e.node.op.lower()}({', '.join(parts)})"
        return Sizes(f"[{smallest}]") if e.node.outputs[0].rank else Whole(smallest)
    constant = e.constant(1)
    if len(e.node.inputs) == 2 and constant is not None and constant.ndim == 0 and e.dtype() in ("float32", "float64"):
        return f"torch.clamp({e[0]}, {bound}={literal(constant)})"
    text = e[0]
    for number in range(1, len(e.node.inputs)):
        text = call(name, text, e[number])
    return text


@emit("Sum")
def total(e: Emission) -> str:
    return " + ".join(e[number] for number in range(len(e.node.inputs)))


@emit("Mean")
def mean(e: Emission) -> str:
    return f"({total(e)}) / {len(e.node.inputs)}"


@emit("Clip")
def clip(e: Emission) -> str:
    names = [(name, n) for name, n in (("min", 1), ("max", 2)) if e.has(n)]
    if not names:
        return e[0]
    fixed = all(e.constant(n) is not None for _, n in names)
    parts = ", ".join(f"{name}={e.scalar(n) if fixed else e[n]}" for name, n in names)
    return f"torch.clamp({e[0]}, {parts})"


@emit("Cast", "CastLike")
def cast(e: Emission) -> str:
    if e.is_whole and e.node.outputs[0].dtype is not None and e.node.outputs[0].dtype.kind in "iu":
        return e.text(0)
    return f"{e[0]}.to({e.out_dtype})"


@emit("Identity")
def identity(e: Emission) -> str:
    return e.text(0)


@emit_call("megengine.tensor.Tensor.detach")
def source_detach(e: Emission) -> str:
    return f"{e[0]}.detach()"


@emit_call("megengine.module.identity.Identity")
def source_identity(e: Emission) -> str:
    return f"{e.module('nn.Identity', {}, {})}({e[0]})"
