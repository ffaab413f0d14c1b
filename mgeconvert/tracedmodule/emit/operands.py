"""Reading a node's operands: ranks, sizes, constants."""

from __future__ import annotations

from typing import Any

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value
from mgeconvert.ir.inference import elem_type

from .attributes import integer


def rank(value: Value | None) -> int:
    """The number of dimensions, which every value that is written has."""
    if value is None or value.shape is None:
        refuse("the rank of an operand is not known")
    return len(value.shape)


def tensor_of(node: Node) -> Value:
    """The first operand, which every operator but a few has."""
    x = node.inputs[0]
    assert x is not None
    return x


def keeps_shape(node: Node) -> bool:
    """Whether the result has the shape of the first operand, known when it is written."""
    shape = tensor_of(node).static_shape
    return shape is not None and shape == node.output.static_shape


def scalar(value: Value | None) -> Any:
    """A constant of rank 0 that MegEngine code would write as a number, as that number; anything else as it is."""
    if value is not None and value.array is not None and value.array.shape == ():
        return value.array.item()
    return value


def sole(value: Value) -> Any:
    """The number in a constant with one element."""
    assert value.array is not None
    return value.array.reshape(()).item()


def ints(value: Value | None) -> list[int] | None:
    """The integers of a constant vector; None for an omitted or run-time operand."""
    if value is None or value.array is None:
        return None
    return [int(item) for item in value.array.reshape(-1)]


def needed(value: Value | None, what: str) -> list[int]:
    """The integers of an operand that must be constant."""
    found = ints(value)
    if found is None:
        refuse(f"{what} that are only known at run time")
    return found


def axis_of(node: Node, default: int = 0, extra: int = 0) -> int:
    """The node's axis, not negative; `extra` for operators whose result has more axes."""
    return integer(node, "axis", default) % max(rank(node.inputs[0]) + extra, 1)


BEYOND = 1 << 31
"""Bounds of slices beyond this mean the end."""


def known_size(x: Value | None, axis: int) -> int:
    """The size of an axis; as far as slices go where it is not known."""
    size = x.shape[axis] if x is not None and x.shape is not None else None
    return size if isinstance(size, int) else BEYOND - 1


INT32 = 1 << 31
"""A number of an int32 is smaller than this."""


def number(value: Value | None) -> Any:
    """A scalar constant as a Python number, where MegEngine keeps the tensor's dtype then; see `keeps_dtype`."""
    found = scalar(value) if value is not None and keeps_dtype(value) else value
    return value if isinstance(found, int) and not -INT32 <= found < INT32 else found


def keeps_dtype(value: Value) -> bool:
    """Whether a number of that dtype is the same as a tensor of it beside another tensor of it."""
    return value.dtype is not None and value.dtype.name in ("float32", "float16", "int32", "int64")


def lone(value: Value | None) -> bool:
    """Whether an operand is a constant of rank 0."""
    return value is not None and value.is_constant and value.rank == 0


def is_float(value: Value | None) -> bool:
    return value is not None and value.dtype is not None and value.dtype.kind == "f"


def elem_type_of(x: Value | None) -> int:
    assert x is not None
    assert x.dtype is not None
    return elem_type(x.dtype)
