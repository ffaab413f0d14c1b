"""The table of lowerings: Caffe layer type to IR operators.

A lowering takes the builder, the layer and its bottoms, and returns its tops. `layer.param` is the layer's own
parameter message, with Caffe's defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

import numpy as np

from mgeconvert.errors import BadInputError
from mgeconvert.ir import Value

from ..messages import Message

Lowered: TypeAlias = "Value | Sequence[Value]"
FLOAT, INT64 = 1, 7
"""Types that a Cast gives: float32 and int64, as onnx.TensorProto counts them."""

Handler: TypeAlias = Callable[..., Lowered]
H = TypeVar("H", bound=Handler)


class MissingBlobError(Exception):
    """The layer's weights are not there."""


@dataclass(slots=True)
class Layer:
    """One layer as a lowering sees it: `where` is file and line, `blobs` the trained weights."""

    name: str
    type: str
    message: Message
    where: str
    blobs: list[np.ndarray] = field(default_factory=list)
    param: Any = None

    def invalid(self, fact: str) -> BadInputError:
        """The error for a layer that Caffe would not take either."""
        return BadInputError(f"{self.where}: layer {self.name}: {fact}")

    def axis(self, axis: int, value: Value) -> int:
        """A non-negative axis of a blob."""
        rank = len(shape_of(value))
        if not -rank <= axis < rank:
            raise self.invalid(f"axis {axis} of a blob of {rank} axes")
        return axis % rank

    def blob(self, at: int, *shape: int) -> np.ndarray:
        """Weights number `at` in `shape`. Files of old Caffe put ones before it; any other shape is refused."""
        if at >= len(self.blobs):
            raise MissingBlobError
        blob = self.blobs[at].astype(np.float32, copy=False)
        if _without_leading_ones(blob.shape) != _without_leading_ones(shape):
            raise self.invalid(
                f"its weights number {at} have the shape {list(blob.shape)}, {self.type} needs {list(shape)}"
            )
        return blob.reshape(shape)


def _without_leading_ones(shape: Sequence[int]) -> tuple[int, ...]:
    first = next((at for at, size in enumerate(shape) if size != 1), len(shape))
    return tuple(shape[first:])


def shape_of(value: Value) -> tuple[int, ...]:
    """The sizes of a blob; they are always known, because Caffe's are."""
    shape = value.static_shape
    assert shape is not None, value
    return shape


@dataclass(frozen=True, slots=True)
class Lowering:
    """A row of the table: the handler, the name of the layer's parameter message ("": none), how many axes its first
    bottom has (0: any number), and what to know."""

    handler: Handler
    param: str
    axes: int
    note: str


LOWERINGS: dict[str, Lowering] = {}


def lower(*types: str, param: str = "", axes: int = 0, note: str = "") -> Callable[[H], H]:
    """Claim layer types for a lowering `(builder, layer, *bottoms)`."""

    def register(handler: H) -> H:
        for name in types:
            assert name not in LOWERINGS, name
            LOWERINGS[name] = Lowering(handler, param, axes, note)
        return handler

    return register
