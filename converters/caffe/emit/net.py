"""A Caffe net while it is built: layers and blobs as plain objects; names are given when it is complete."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import table_size

from ..dialects import DEFAULT, dialect_of

Shape: TypeAlias = "tuple[int, ...]"
Params: TypeAlias = dict[str, Any]
"""Fields of a layer's parameter message."""

UNSIGNED = ("pad", "kernel", "stride", "dilation", "num_output", "group")
"""What the fields of layers begin with that hold no number below 0."""
PIECES = 64
"""The most slices that a composition cuts a blob into."""


def is_number(dtype: np.dtype | None) -> bool:
    """Whether float32 stands for the type: a number of at least 8 bits, but not one of 8 or 16 bits that rounds as no
    layer does."""
    return dtype is not None and (dtype.kind in "iub" or dtype in (np.float16, np.float32, np.float64))


class Blob:
    """One tensor of the net. `name` is empty until the net is complete, except for inputs and outputs. Compared by
    identity."""

    __slots__ = ("name", "shape")

    def __init__(self, shape: Iterable[int], name: str = "") -> None:
        self.shape: Shape = tuple(int(size) for size in shape)
        self.name = name

    @property
    def rank(self) -> int:
        return len(self.shape)

    def __repr__(self) -> str:
        return f"<Blob {self.name}{list(self.shape)}>"


@dataclass(slots=True, eq=False)
class Layer:
    """One layer: `params` are the fields of its own parameter message, `blobs` its weights.

    `name` is the wanted one, made from the module path or the name of the graph's node, until the net is complete.
    """

    type: str
    bottoms: list[Blob]
    tops: list[Blob]
    params: dict[str, Any] = field(default_factory=dict)
    blobs: list[np.ndarray] = field(default_factory=list)
    name: str = ""


class Net:
    """Appends layers. `layer` is the only way they are made, so that every blob has its shape."""

    def __init__(self, dialect: str = DEFAULT, *, floor_pooling: bool = False) -> None:
        self.dialect = dialect_of(dialect)
        self.floor_pooling = floor_pooling
        self.layers: list[Layer] = []
        self._raised: set[Blob] = set()
        self._constants: dict[int, tuple[np.ndarray, Blob]] = {}

    def has(self, layer_type: str) -> bool:
        """Whether the dialect has this layer beyond BVLC's."""
        return layer_type in self.dialect.extra

    def layer(
        self,
        layer_type: str,
        *bottoms: Blob,
        shape: Sequence[int] | None = None,
        blobs: Sequence[np.ndarray] = (),
        **params: Any,
    ) -> Blob:
        """A layer with one top, of `shape` or that of its first bottom."""
        return self.layer_n(layer_type, bottoms, [bottoms[0].shape if shape is None else shape], blobs, **params)[0]

    def layer_n(
        self,
        layer_type: str,
        bottoms: Sequence[Blob],
        shapes: Sequence[Sequence[int]],
        blobs: Sequence[np.ndarray] = (),
        **params: Any,
    ) -> list[Blob]:
        """A layer with a top for each of `shapes`."""
        for name, value in params.items():
            numbers = value if isinstance(value, list | tuple) else [value]
            if name.startswith(UNSIGNED) and any(isinstance(number, int) and number < 0 for number in numbers):
                refuse(f"{name} of {value}: Caffe's {layer_type} takes no number below 0")
        tops = [Blob(shape) for shape in shapes]
        self.layers.append(Layer(layer_type, list(bottoms), tops, params, list(blobs)))
        return tops

    def constant(self, array: np.ndarray) -> Blob:
        """A blob that holds `array`: a layer of type Parameter, one for each array."""
        if id(array) not in self._constants:
            shape = array.shape or (1,)
            blob = self.layer(
                "Parameter", shape=shape, blobs=[np.reshape(array, shape)], shape_param={"dim": list(shape)}
            )
            self._constants[id(array)] = array, blob
        return self._constants[id(array)][1]

    def along(self, layer_type: str, axis: int, *bottoms: Blob, shape: Sequence[int] | None = None) -> Blob:
        """A layer that works along an axis, of which 1 is Caffe's default."""
        params: Params = {} if axis == 1 else {"axis": axis}
        return self.layer(layer_type, *bottoms, shape=shape, **params)

    def reshape(self, x: Blob, shape: Sequence[int]) -> Blob:
        """`x` in another shape of as many elements; nothing where it has it already."""
        shape = tuple(int(size) for size in shape)
        if shape == x.shape:
            return x
        if len(shape) == 2 and x.rank > 2 and shape[0] == x.shape[0]:
            return self.layer("Flatten", x, shape=shape)
        # 0 copies the dimension, so that the batch can be changed in the file
        dims = [0 if at == 0 and x.shape[:1] == shape[:1] else size for at, size in enumerate(shape)]
        return self.layer("Reshape", x, shape=shape, shape_param={"dim": dims})

    def power(self, x: Blob, power: float = 1.0, scale: float = 1.0, shift: float = 0.0) -> Blob:
        """(shift + scale * x) ** power; nothing for the identity.

        A Scale follows a Power with an exponent: OpenCV fuses two Power layers, and wrongly where the first has one.
        """
        if power == 1 and x in self._raised and (scale, shift) != (1, 0):
            axis = min(1, x.rank - 1)
            factor, bias = (table_size.full(x.shape[axis], value, np.float32) for value in (scale, shift))
            blobs = [factor, bias] if shift else [factor]
            return self.layer("Scale", x, blobs=blobs, axis=axis, bias_term=bool(shift))
        values = {"power": (power, 1.0), "scale": (scale, 1.0), "shift": (shift, 0.0)}
        params: dict[str, Any] = {key: float(value) for key, (value, default) in values.items() if value != default}
        if not params:
            return x
        result = self.layer("Power", x, **params)
        if power != 1:
            self._raised.add(result)
        return result

    def eltwise(self, operation: str, *xs: Blob, coeff: Sequence[float] = ()) -> Blob:
        """PROD, SUM (with factors) or MAX of blobs of one shape."""
        params: dict[str, Any] = {} if operation == "SUM" else {"operation": operation}
        if any(factor != 1 for factor in coeff):
            params["coeff"] = list(coeff)
        return self.layer("Eltwise", *xs, **params)

    def keep(self, x: Blob, axis: int, start: int, stop: int) -> Blob:
        """`x[start:stop]` along `axis`."""
        size = x.shape[axis]
        if (start, stop) == (0, size):
            return x
        points = [point for point in (start, stop) if 0 < point < size]
        bounds = [0, *points, size]
        shapes = [(*x.shape[:axis], high - low, *x.shape[axis + 1 :]) for low, high in pairwise(bounds)]
        return self.layer_n("Slice", [x], shapes, axis=axis, slice_point=points)[bounds.index(start)]
