"""What the attributes and operands of operators can be, so that a node that can never be computed is told from one that
a format lacks: https://onnx.ai/onnx/operators/, opset 21.

`check` is asked for every node that a reader, a rule or a composition makes. It looks at what is known of the operands.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from mgeconvert.errors import ConversionError

from .graph import Node, Shape
from .valid_values import clip, pad, picked, resize, suppression

LARGEST = (1 << 31) - 1
"""The largest kernel, stride or padding; sizes of tensors may be larger."""

CHOICES: dict[tuple[str, str], str] = {
    **{(op, "auto_pad"): "NOTSET SAME_UPPER SAME_LOWER VALID" for op in
       ("AveragePool", "Conv", "ConvInteger", "ConvTranspose", "LpPool", "MaxPool", "QLinearConv")},
    **{(op, "direction"): "forward reverse bidirectional" for op in ("GRU", "LSTM", "RNN")},
    ("BitShift", "direction"): "LEFT RIGHT",
    ("DepthToSpace", "mode"): "DCR CRD",
    ("Gelu", "approximate"): "none tanh",
    ("GridSample", "mode"): "linear nearest cubic",
    ("GridSample", "padding_mode"): "zeros border reflection",
    ("Pad", "mode"): "constant reflect edge wrap",
    ("Resize", "coordinate_transformation_mode"):
        "half_pixel half_pixel_symmetric pytorch_half_pixel align_corners asymmetric tf_crop_and_resize",
    ("Resize", "keep_aspect_ratio_policy"): "stretch not_larger not_smaller",
    ("Resize", "mode"): "nearest linear cubic",
    ("Resize", "nearest_mode"): "round_prefer_floor round_prefer_ceil floor ceil",
    ("RoiAlign", "coordinate_transformation_mode"): "half_pixel output_half_pixel",
    ("RoiAlign", "mode"): "avg max",
    ("ScatterElements", "reduction"): "none add mul max min",
    ("ScatterND", "reduction"): "none add mul max min",
}  # fmt: skip
"""(operator, attribute) -> the words that it may be."""

_SWITCHES = """align_corners allowzero antialias ceil_mode count_include_pad exclude_outside exclusive fmod
input_forget keepdims largest layout linear_before_reset noop_with_empty_axes reverse saturate
select_last_index sorted storage_order transA transB upper"""
SWITCHES = frozenset(_SWITCHES.split())
"""Attributes that are 0 or 1."""

_COUNTS = """blocksize dilations group hidden_size kernel_shape num_groups num_outputs output_height output_shape
output_width size strides"""
COUNTS = frozenset(_COUNTS.split())
"""Attributes whose numbers are 1 or more."""

PADS = frozenset({"output_padding", "pads"})

_AXIS = """ArgMax ArgMin Concat Gather GatherElements Hardmax LayerNormalization LogSoftmax ScatterElements
Softmax Split TopK"""
AXIS = frozenset(_AXIS.split())
"""Operators whose `axis` is one of the first operand's."""

_ONE = """Abs Acos Acosh Asin Asinh Atan Atanh Cast Ceil Celu Cos Cosh Elu Erf Exp Floor Gelu HardSigmoid HardSwish
Identity LeakyRelu Log LogSoftmax MeanVarianceNormalization Mish Neg Not Reciprocal Relu Round Selu Sigmoid Sign Sin
Sinh Softmax Softplus Softsign Sqrt Tan Tanh Transpose"""
_TWO = "Add And Div Equal Greater GreaterOrEqual Less LessOrEqual Mod Mul Or Pow PRelu Sub Xor"
OPERAND_COUNTS = {**dict.fromkeys(_ONE.split(), 1), **dict.fromkeys(_TWO.split(), 2), "Where": 3}
"""Operators that have no optional operands -> how many they have."""

WINDOWS = frozenset({"AveragePool", "Conv", "ConvTranspose", "LpPool", "MaxPool"})
"""Operators that have one kernel size, stride and dilation for every axis after the first two, and two pads."""


class InvalidError(ConversionError):
    """A node whose operands or attributes its operator does not take."""


Check: TypeAlias = "Callable[[Node], str | None]"


def check(node: Node) -> None:
    """Raise InvalidError where the node can never be computed."""
    fact = None
    for name, value in node.attrs.items():
        fact = _attribute(node, name, value)
        if fact is not None:
            break
    fact = fact or (_axis(node) if node.op in AXIS else None) or (_windows(node) if node.op in WINDOWS else None)
    count = OPERAND_COUNTS.get(node.op)
    if fact is None and count is not None and len(node.inputs) != count:
        fact = f"{len(node.inputs)} operands, expected {count}"
    operands = OPERANDS.get(node.op)
    fact = fact or (None if operands is None else operands(node))
    if fact is not None:
        raise InvalidError(f"{node.name}: {node.op}: {fact}")


def _attribute(node: Node, name: str, value: Any) -> str | None:
    words = CHOICES.get((node.op, name))
    if words is not None and value not in words.split():
        return f"{name} is {value!r}, expected {' or '.join(words.split())}"
    if name in SWITCHES and value not in (0, 1):
        return f"{name} is {value}, expected 0 or 1"
    if name in COUNTS and not _are_within(_list(value), 1):
        return f"{name} is {_text(value)}, expected 1 or more"
    if name in PADS and not _are_within(_list(value), -LARGEST):
        return f"{name} is {_text(value)}, expected whole numbers of 32 bits"
    return None


def _are_within(values: Sequence[Any], least: int) -> bool:
    """Whether all are whole numbers from `least` to LARGEST."""
    for each in values:  # noqa: SIM110 - asked for every attribute of every node
        if not isinstance(each, int) or not least <= each <= LARGEST:
            return False
    return True


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, tuple) else (value,)


def _text(value: Any) -> str:
    return str(list(value)) if isinstance(value, tuple) else str(value)


def _shape(node: Node, index: int) -> Shape | None:
    value = node.inputs[index] if index < len(node.inputs) else None
    return None if value is None else value.shape


def _axis(node: Node) -> str | None:
    shape, axis = _shape(node, 0), node.attrs.get("axis")
    if shape is None or axis is None:
        return None
    if not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
        return f"axis {axis} of {len(shape)} axes"
    return None


def _windows(node: Node) -> str | None:
    shape = _shape(node, 0)
    if shape is None:
        return None
    spatial = len(shape) - 2
    if spatial < 1:
        return f"an input of {len(shape)} axes, expected 3 or more"
    for name, count in (("kernel_shape", 1), ("strides", 1), ("dilations", 1), ("pads", 2)):
        given = node.attrs.get(name)
        if given is not None and len(_list(given)) != count * spatial:
            return f"{name} is {_text(given)}, expected {count * spatial} numbers"
    weight = _shape(node, 1)
    if weight is not None and node.op.startswith("Conv") and len(weight) != len(shape):
        return f"a weight of {len(weight)} axes for an input of {len(shape)}"
    return None


def _conv(node: Node) -> str | None:
    """(N, C, ...) by (M, C / group, ...), bias (M,)."""
    x, weight, bias = (_shape(node, index) for index in range(3))
    group = node.attrs.get("group", 1)
    assert isinstance(group, int)
    if x is None or weight is None or len(x) < 3 or len(weight) < 3:
        return None
    return _conv_channels(x, weight, group) or _vector("bias", bias, weight[0])


def _conv_channels(x: Shape, weight: Shape, group: int) -> str | None:
    if isinstance(x[1], int) and isinstance(weight[1], int) and x[1] != weight[1] * group:
        return f"{x[1]} channels, its weight takes {weight[1] * group}"
    if isinstance(weight[0], int) and weight[0] % group:
        return f"{weight[0]} channels of output in {group} groups"
    return None


def _transposed(node: Node) -> str | None:
    """(N, C, ...) by (C, M / group, ...), bias (M,)."""
    x, weight, bias = (_shape(node, index) for index in range(3))
    group = node.attrs.get("group", 1)
    assert isinstance(group, int)
    if x is None or weight is None or len(x) < 3 or len(weight) < 3:
        return None
    if isinstance(x[1], int) and isinstance(weight[0], int) and x[1] != weight[0]:
        return f"{x[1]} channels, its weight takes {weight[0]}"
    if isinstance(weight[0], int) and weight[0] % group:
        return f"{weight[0]} channels in {group} groups"
    return _vector("bias", bias, weight[1] * group if isinstance(weight[1], int) else None)


def _deformable(node: Node) -> str | None:
    """(N, C, ...) by (M, C / group, ...); two offsets and a mask per tap and group of offsets."""
    x, weight, offset, bias, mask = (_shape(node, index) for index in range(5))
    group, parts = node.attrs.get("group", 1), node.attrs.get("offset_group", 1)
    assert isinstance(group, int)
    assert isinstance(parts, int)
    if x is None or weight is None or len(x) != len(weight):
        return None if x is None or weight is None else f"a weight of {len(weight)} axes for an input of {len(x)}"
    taps = weight[2:]
    for name, shape, each in (("offsets", offset, len(taps)), ("mask", mask, 1)):
        if shape is None or not all(isinstance(size, int) for size in taps):
            continue
        wanted = parts * each * math.prod(taps)
        if len(shape) != len(x) or (isinstance(shape[1], int) and shape[1] != wanted):
            return f"{name} of shape {_text(shape)}, expected {wanted} channels"
    return _conv_channels(x, weight, group) or _vector("bias", bias, weight[0])


def _vector(name: str, shape: Shape | None, size: int | str | None) -> str | None:
    if shape is None or not isinstance(size, int):
        return None
    if len(shape) != 1 or (isinstance(shape[0], int) and shape[0] != size):
        return f"{name} is of shape {_text(shape)}, expected [{size}]"
    return None


def _per_channel(node: Node) -> str | None:
    """Every operand after the first is a vector of one number per channel."""
    x = _shape(node, 0)
    if x is None:
        return None
    if len(x) < 2:
        return f"an input of {len(x)} axes, expected 2 or more"
    groups = node.attrs.get("num_groups", 1)
    if isinstance(groups, int) and isinstance(x[1], int) and x[1] % groups:
        return f"{x[1]} channels in {groups} groups"
    facts = (_vector(f"operand {index}", _shape(node, index), x[1]) for index in range(1, len(node.inputs)))
    return next(filter(None, facts), None)


def _broadcast_to_first(node: Node) -> str | None:
    """Every operand after the first is broadcast to the first's shape."""
    x = _shape(node, 0)
    for index in range(1, len(node.inputs)):
        shape = _shape(node, index)
        if x is None or shape is None:
            continue
        pairs = zip(x[::-1], shape[::-1], strict=False)
        if len(shape) > len(x) or any(
            isinstance(b, int) and b != 1 and isinstance(a, int) and a != b for a, b in pairs
        ):
            return f"operand {index} of shape {_text(shape)} does not fit an input of {_text(x)}"
    return None


def _quantized(node: Node) -> str | None:
    """One scale, or one per position of `axis`; as many zero points."""
    x, scale, zero = (_shape(node, index) for index in range(3))
    if scale is None or x is None or node.attrs.get("block_size"):
        return None
    counts = [math.prod(dim if isinstance(dim, int) else 0 for dim in shape or ()) for shape in (scale, zero)]
    if zero is not None and all(counts) and counts[0] != counts[1]:
        return f"scales of shape {_text(scale)}, zero points of {_text(zero)}"
    axis = node.attrs.get("axis", 1)
    if len(scale) != 1 or scale[0] == 1:
        return None if len(scale) < 2 else f"scales of shape {_text(scale)}"
    if not isinstance(axis, int) or not -len(x) <= axis < len(x):
        return f"axis {axis} of {len(x)} axes"
    if isinstance(x[axis], int) and isinstance(scale[0], int) and x[axis] != scale[0]:
        return f"{scale[0]} scales for {x[axis]} positions of axis {axis}"
    return None


GATES = {"GRU": 3, "LSTM": 4, "RNN": 1}
"""How many matrices of the hidden size each recurrent operator has."""


def _recurrent(node: Node) -> str | None:
    """W is (directions, gates * hidden, input), R (directions, gates * hidden, hidden), the bias 2 numbers per row."""
    x, w, r, bias = (_shape(node, index) for index in range(4))
    if x is None or w is None or r is None or not all(isinstance(dim, int) for dim in (*w, *r)):
        return None
    directions = 2 if node.attrs.get("direction") == "bidirectional" else 1
    hidden = r[-1] if len(r) == 3 else 0
    assert isinstance(hidden, int)
    rows = GATES[node.op] * hidden
    given = node.attrs.get("hidden_size", hidden)
    fits = len(x) == len(w) == 3 and w[:2] == (directions, rows) and r == (directions, rows, hidden) and given == hidden
    if not fits or (isinstance(x[-1], int) and x[-1] != w[-1]):
        return f"weights of shape {_text(w)} and {_text(r)} for an input of {_text(x)}"
    if bias is not None and all(isinstance(dim, int) for dim in bias) and bias != (directions, 2 * rows):
        return f"a bias of shape {_text(bias)}, expected {[directions, 2 * rows]}"
    return None


def _elements(node: Node) -> str | None:
    """Data, indices and updates have as many axes; indices and updates are of one shape, within the data's along the
    other axes."""
    x, indices, updates = (_shape(node, index) for index in range(3))
    if x is not None and indices is not None and len(x) != len(indices):
        return f"indices of shape {_text(indices)} for data of {_text(x)}"
    axis = node.attrs.get("axis", 0)
    if x is not None and indices is not None and isinstance(axis, int):
        axis %= len(x)
        pairs = zip(x[:axis] + x[axis + 1 :], indices[:axis] + indices[axis + 1 :], strict=True)
        if any(isinstance(a, int) and isinstance(b, int) and a < b for a, b in pairs):
            return f"indices of shape {_text(indices)} for data of {_text(x)}"
    if indices is None or updates is None or node.op == "GatherElements":
        return None
    pairs = zip(indices, updates, strict=False)
    if len(indices) != len(updates) or any(isinstance(a, int) and isinstance(b, int) and a != b for a, b in pairs):
        return f"indices of shape {_text(indices)} for updates of {_text(updates)}"
    return None


def _points(node: Node) -> str | None:
    """The last axis of the indices has a number for each of the data's first axes, behind `batch_dims`."""
    data, indices = _shape(node, 0), _shape(node, 1)
    if data is None or not indices or not isinstance(indices[-1], int):
        return None
    batches = node.attrs.get("batch_dims", 0)
    axes = len(data) - (batches if isinstance(batches, int) else 0)
    return None if indices[-1] <= axes else f"indices of {indices[-1]} axes into data of {axes}"


def _all(*checks: Check) -> Check:
    return lambda node: next(filter(None, (check(node) for check in checks)), None)


def _vectors(*indices: int) -> Check:
    def check(node: Node) -> str | None:
        for index in indices:
            shape = _shape(node, index)
            if shape is not None and len(shape) != 1:
                return f"operand {index} of shape {_text(shape)}, expected a vector"
        return None

    return check


def _has_axes(node: Node) -> str | None:
    return "a number without axes, expected a tensor" if _shape(node, 0) == () else None


def _gemm(node: Node) -> str | None:
    """A' (M, K) by B' (K, N), C broadcast to (M, N)."""
    a, b, c = (_shape(node, index) for index in range(3))
    if a is None or b is None:
        return None
    if len(a) != 2 or len(b) != 2:
        return f"operands of shape {_text(a)} and {_text(b)}, expected matrices"
    rows, inner = a[::-1] if node.attrs.get("transA") else a
    wanted, columns = b[::-1] if node.attrs.get("transB") else b
    if isinstance(inner, int) and isinstance(wanted, int) and inner != wanted:
        return f"operands of shape {_text(a)} and {_text(b)}"
    pairs = zip((rows, columns)[::-1], (c or ())[::-1], strict=False)
    if c is not None and (len(c) > 2 or any(isinstance(y, int) and y not in (1, x) for x, y in pairs)):
        return f"a third operand of shape {_text(c)} for a product of {_text((rows, columns))}"
    return None


def _transpose(node: Node) -> str | None:
    x, perm = _shape(node, 0), node.attrs.get("perm")
    if x is None or perm is None or sorted(_list(perm)) == list(range(len(x))):
        return None
    return f"perm is {_text(perm)} for {len(x)} axes"


OPERANDS: dict[str, Check] = {
    "BatchNormalization": _per_channel,
    "Clip": clip,
    "Conv": _conv,
    "CumSum": _has_axes,
    "ConvTranspose": _transposed,
    "DeformConv": _deformable,
    "DequantizeLinear": _quantized,
    "Expand": _vectors(1),
    "GRU": _recurrent,
    "Gather": picked,
    "GatherElements": _all(_elements, picked),
    "GatherND": _points,
    "Gemm": _gemm,
    "GroupNormalization": _per_channel,
    "InstanceNormalization": _per_channel,
    "LSTM": _recurrent,
    "LayerNormalization": _broadcast_to_first,
    "NonMaxSuppression": suppression,
    "Pad": _all(_vectors(1, 3), pad),
    "Reshape": _vectors(1),
    "Slice": _vectors(1, 2, 3, 4),
    "Tile": _vectors(1),
    "PRelu": _broadcast_to_first,
    "QuantizeLinear": _quantized,
    "RNN": _recurrent,
    "Resize": resize,
    "ScatterElements": _all(_elements, picked),
    "ScatterND": _points,
    "Transpose": _transpose,
}
"""operator -> what is wrong with its operands, None for nothing."""


def check_sizes(node: Node) -> None:
    """Raise InvalidError where an output would have a size below zero."""
    for value in node.outputs:
        for dim in value.shape or ():
            if not isinstance(dim, int) or dim >= 0:
                continue
            raise InvalidError(f"{node.name}: {node.op}: its output would have the sizes {_text(value.shape)}")
