"""Values: the tensors of a graph, with their types as far as they are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

Dim: TypeAlias = "int | str"
"""One dimension: a size, or the name of one known only at run time."""
Shape: TypeAlias = "tuple[Dim, ...]"


@dataclass(frozen=True, slots=True)
class TensorType:
    """A tensor's type; None where it is not known."""

    dtype: np.dtype | None = None
    shape: Shape | None = None

    def __str__(self) -> str:
        """``float32[1,3,N,224]``; ``?`` where unknown."""
        dtype = "?" if self.dtype is None else self.dtype.name
        shape = "?" if self.shape is None else ",".join(map(str, self.shape))
        return f"{dtype}[{shape}]"


@dataclass(frozen=True, slots=True)
class Container:
    """The type of a value that is no tensor and only passes through: a ``sequence`` or ``optional`` of `element`."""

    kind: str
    element: Container | TensorType

    def __str__(self) -> str:
        return f"{self.kind}({self.element})"


class TracedDim(str):
    """The name of a size that varies, which also knows what it was when the source was traced."""

    __slots__ = ("size",)
    size: int

    def __new__(cls, name: str, size: int) -> TracedDim:
        self = super().__new__(cls, name)
        self.size = size
        return self

    def __getnewargs__(self) -> tuple[str, int]:  # type: ignore[override]
        """What copies are made of."""
        return str(self), self.size


def admits(shape: Shape | None, sizes: tuple[int, ...]) -> bool:
    """Whether an array of these sizes has that shape: names stand for any size, None for any shape."""
    return shape is None or (
        len(shape) == len(sizes)
        and all(isinstance(dim, str) or dim == size for dim, size in zip(shape, sizes, strict=True))
    )


def takes(value: Value, array: np.ndarray) -> bool:
    """Whether an array has the value's type, where that is known, and a shape that the value may have."""
    return admits(value.shape, array.shape) and (value.dtype is None or value.dtype == array.dtype)


class GivenName(str):
    """A name that a user gave, which a target writes instead of the one that the source had."""

    __slots__ = ()


class Value:
    """One tensor: a graph input, a node's output or a constant (`array` is set). Compared by identity.

    `dtype` and `shape` are None where they are not known; `shape` may hold symbolic dimensions. A value that is no
    tensor has a `container` instead of both.
    """

    __slots__ = ("array", "container", "dtype", "name", "shape")

    def __init__(
        self,
        name: str,
        dtype: np.dtype | None = None,
        shape: Shape | None = None,
        array: np.ndarray | None = None,
        container: Container | None = None,
    ) -> None:
        self.name = name
        self.container = container
        self.array = array
        self.dtype = dtype if array is None else array.dtype
        self.shape = shape if array is None else array.shape

    @property
    def is_constant(self) -> bool:
        return self.array is not None

    @property
    def rank(self) -> int | None:
        return None if self.shape is None else len(self.shape)

    @property
    def static_shape(self) -> tuple[int, ...] | None:
        """The shape when every dimension is a number, else None."""
        if self.shape is None or any(isinstance(dim, str) for dim in self.shape):
            return None
        return self.shape  # type: ignore[return-value]

    @property
    def type_text(self) -> str:
        """``float32[1,3,N,224]``; ``?`` where unknown."""
        return str(TensorType(self.dtype, self.shape) if self.container is None else self.container)

    def __repr__(self) -> str:
        return f"<Value {self.name}: {self.type_text}>"
