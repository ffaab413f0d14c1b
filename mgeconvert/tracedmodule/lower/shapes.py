"""Shapes at run time: what `x.shape` is, and lists that mix Python ints with such values.

With static inputs every shape is a constant. With symbolic dimensions a shape is remembered element by element, so that
`x.shape[1]` is the number it is and only the unknown ones become nodes.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Dim, Value
from mgeconvert.ir.builder import Builder, Operand
from mgeconvert.ir.graph import Attribute
from mgeconvert.ir.symbolic import Varying, varying_target

from .grids import Quantization, dequantized
from .operands import INT32, INT64, cast, rank, tensor

Size: TypeAlias = "int | Value"
"""One dimension as MegEngine code has it: a Python int or a 0-d or 1-element tensor."""

_LOGGER = logging.getLogger(__name__)


BROADCASTING = frozenset(
    ["Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "Mod", "And", "Or", "Xor", "Where", "Equal", "Greater", "Less"]
)
"""Operators whose operands' sizes must agree."""


FORMS = frozenset(["Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Identity"])
"""Operators that give a weight another form."""
MODULES, LAYERS = "megengine.module.", ("megengine.functional.nn.", "megengine.core.ops.")
"""What the names of calls start with that compute with their parameters as they like, and of those that have weights in
forms of their own."""


class ShapeBuilder(Builder):
    """A Builder that knows what is in integer vectors: `elements` maps a 1-D value to its elements.

    `traced` is the traced size of each named dimension that the user asked for, `kept` are numbers that stay numbers
    also where they equal one of these.
    """

    def __init__(self, traced: Mapping[str, int] | None = None, kept: Collection[int] = ()) -> None:
        super().__init__()
        self.traced = dict(traced or {})
        self.kept = frozenset(kept)
        self.trained: set[Value] = set()
        """Parameters that stay what they are: what is computed from them is no constant."""
        self.fixed: set[str] = set()
        """Named dimensions that a constant holds to one size."""
        self.guesses: list[str] = []
        """Numbers that were taken for sizes of the input, since they equalled them when traced."""
        self.elements: dict[Value, tuple[Size, ...]] = {}
        self.dimensions: dict[Value, tuple[Value, int]] = {}
        """A scalar that is one dimension of a value: which value and which axis."""
        self.named: dict[str, Value] = {}
        """The scalar of each dimension that was asked for: equal names are equal sizes."""
        self.exact: dict[Value, Value] = {}
        """What a value was before a Cast that lost nothing."""
        self.quantized: dict[Value, Quantization] = {}
        """The grid of a value that was quantized (see `grids`)."""
        self.stored: dict[Value, Value] = {}
        """The integers of a constant that was dequantized."""

    def guess(self, number: int, name: str) -> None:
        """Note that a number follows a dimension; a 1 is a batch, of which nothing need be said."""
        if number > 1:
            self.guesses.append(f"{'model' if self.scope is None else self.scope.text}: {number} is taken for {name}")

    def say_guesses(self) -> None:
        """Log each guess once."""
        for guess in dict.fromkeys(self.guesses):
            _LOGGER.info("%s, which it was when traced; --keep-constant keeps numbers", guess)

    def ops(
        self, op: str, outputs: int, *operands: Operand, name: str | None = None, domain: str = "", **attrs: Any
    ) -> list[Value]:
        """Refuses an operator that holds a named dimension to one size by meeting it with a number."""
        if self.traced and op in BROADCASTING:
            self._check_broadcast([operand for operand in operands if isinstance(operand, Value)])
        return super().ops(op, outputs, *operands, name=name, domain=domain, **attrs)

    def _fold(
        self, op: str, outputs: int, inputs: list[Value | None], attrs: dict[str, Attribute], name: str | None
    ) -> list[Value] | None:
        """None for what is computed from parameters that are trained; one in a layer's form is such a parameter too."""
        is_trained = any(value in self.trained for value in inputs if value is not None)
        called = "" if self.scope is None or self.scope.call is None else self.scope.call.name
        if is_trained and not called.startswith(MODULES) and not (op in FORMS and called.startswith(LAYERS)):
            return None
        results = super()._fold(op, outputs, inputs, attrs, name)
        if is_trained and results is not None:
            self.trained.update(results)
        return results

    def _check_broadcast(self, operands: Sequence[Value]) -> None:
        shapes = [operand.shape for operand in operands if operand.shape is not None]
        for axis in range(1, max(map(len, shapes), default=0) + 1):
            dims = {shape[-axis] for shape in shapes if len(shape) >= axis} - {1}
            named = [dim for dim in dims if isinstance(dim, str) and dim in self.traced]
            numbers = [dim for dim in dims if isinstance(dim, int)]
            if named and numbers:
                self.fixed.update(named)
                refuse(f"meets dimension {named[0]} with the constant size {numbers[0]}, so {named[0]} cannot vary")


def number(size: Dim | None, what: str) -> int:
    """A size that a format's attributes must hold as a number; `what` names it in the refusal."""
    if not isinstance(size, int):
        refuse(f"{what} is {f'dimension {size}, which is ' if size else ''}only known at run time")
    return size


def shape_of(b: Builder, x: Value) -> Value:
    """`x.shape` as an int32 vector."""
    static = x.static_shape
    if static is not None:
        return b.constant(np.array(static, np.int32))
    return pack(b, [dimension(b, x, axis) for axis in range(rank(x))])


def dimension(b: Builder, x: Value, axis: int) -> Size:
    """One dimension of `x`: an int, or an int32 scalar when it is symbolic."""
    if x.shape is None:
        refuse("a tensor whose number of axes is only known at run time")
    size = x.shape[axis]
    if isinstance(size, int):
        return size
    if isinstance(b, ShapeBuilder):
        if size not in b.named:
            b.named[size] = _dimension(b, x, axis % rank(x))
            b.dimensions[b.named[size]] = (x, axis % rank(x))
        return b.named[size]
    return _dimension(b, x, axis % rank(x))


def _dimension(b: Builder, x: Value, axis: int) -> Value:
    return cast(b, b.op("Squeeze", b.op("Shape", x, start=axis, end=axis + 1), [0]), INT32)


def pack(b: Builder, sizes: Sequence[Size], dtype: np.dtype = INT32) -> Value:
    """Sizes as one vector."""
    if all(isinstance(size, int) for size in sizes):
        return b.constant(np.array(sizes, dtype))
    parts = [b.constant([size], dtype) if isinstance(size, int) else _vector(b, size, dtype) for size in sizes]
    packed = parts[0] if len(parts) == 1 else b.op("Concat", *parts, axis=0)
    if isinstance(b, ShapeBuilder):
        b.elements[packed] = tuple(sizes)
    return packed


def known_elements(b: Builder, parts: Sequence[Any]) -> list[Size] | None:
    """The elements of int32 vectors and scalars put together, when they are known and one is a run-time size."""
    if not isinstance(b, ShapeBuilder) or not any(isinstance(part, Value) and _is_shape(b, part) for part in parts):
        return None
    if all(isinstance(part, Value) and (_is_shape(b, part) or _is_vector(part)) for part in parts):
        return [size for part in parts for size in _elements(b, part)]
    return None


def _is_shape(b: ShapeBuilder, part: Value) -> bool:
    return part in b.elements or part in b.dimensions


def _is_vector(part: Value) -> bool:
    """Whether its elements can be told: it is constant, or has one."""
    return part.dtype == INT32 and (part.shape in ((), (1,)) or (part.array is not None and part.array.ndim == 1))


def _vector(b: Builder, size: Value, dtype: np.dtype) -> Value:
    if isinstance(b, ShapeBuilder) and size in b.dimensions:
        source, axis = b.dimensions[size]
        return cast(b, b.op("Shape", source, start=axis, end=axis + 1), dtype)
    return cast(b, size if size.shape == (1,) else b.op("Reshape", size, [1]), dtype)


def sizes_of(b: Builder, shape: Size | np.ndarray | Sequence[Size]) -> list[Size]:
    """The elements of anything MegEngine takes as a shape: an int, a vector, or a sequence that mixes ints, scalars and
    vectors. Constants come out as ints."""
    if isinstance(shape, int | np.integer):
        return [int(shape)]
    if isinstance(shape, np.ndarray):
        return [int(size) for size in shape.reshape(-1)]
    if isinstance(shape, Value):
        return _elements(b, shape)
    if not isinstance(shape, Sequence) or isinstance(shape, str | bytes):
        raise ValueError(f"a {type(shape).__name__} where sizes are expected")
    return [size for item in shape for size in sizes_of(b, item)]


def _elements(b: Builder, vector: Value) -> list[Size]:
    if vector.array is not None:
        return [int(size) for size in vector.array.reshape(-1)]
    if isinstance(b, ShapeBuilder) and vector in b.elements:
        return list(b.elements[vector])
    if vector.shape in ((), (1,)):
        return [vector]
    if vector.static_shape is None or len(vector.static_shape) != 1:
        refuse(f"sizes of {vector.type_text}, expected a vector of a known length")
    (length,) = vector.static_shape
    return [b.op("Gather", vector, b.constant(index, INT64), axis=0) for index in range(length)]


def as_shape_operand(b: Builder, sizes: Sequence[Size]) -> list[int] | Value:
    """Sizes as an ONNX shape input: a list of ints when all are, else an int64 vector."""
    if all(isinstance(size, int) for size in sizes):
        return list(sizes)  # type: ignore[arg-type]
    return pack(b, sizes, INT64)


def reshape(b: Builder, x: Value, shape: Size | Sequence[Size]) -> Value:
    """Reshape by MegEngine's rules (one -1 is inferred). A symbolic size that is the input's own dimension at the same
    axis becomes 0, a single other one -1, so that no shape is computed at run time where ONNX can infer it."""
    sizes = sizes_of(b, shape)
    if isinstance(b, ShapeBuilder) and all(isinstance(size, int) for size in sizes) and x.shape is not None:
        target = varying_target(x.shape, sizes, b.traced, b.kept)  # type: ignore[arg-type]
        if target is not None:
            for size, varies in zip(sizes, target, strict=True):
                if isinstance(varies, Varying):
                    named = "*".join(str(x.shape[axis]) for axis in varies.axes)
                    b.guess(size, named if varies.divisor == 1 else f"{named}/{varies.divisor}")  # type: ignore[arg-type]
            return _follow_traced(b, x, target, reshape_to(b, x, _unbaked(b, x, target)))
    return reshape_to(b, x, sizes)


def reshape_to(b: Builder, x: Value, sizes: list[Size]) -> Value:
    """Reshape to sizes that are what they say: no number stands for a dimension."""
    _check_elements(x, sizes)
    known = named_sizes(b, sizes)
    if isinstance(b, ShapeBuilder) and not all(isinstance(size, int) for size in sizes):
        sizes = [0 if _is_dimension(b, size, x, axis) else size for axis, size in enumerate(sizes)]
        unknown = [axis for axis, size in enumerate(sizes) if not isinstance(size, int)]
        if len(unknown) == 1 and -1 not in sizes:
            sizes[unknown[0]] = -1
    if tuple(sizes) == x.shape:
        return x
    if isinstance(b, ShapeBuilder) and x in b.stored:
        return dequantized(b, b.op("Reshape", b.stored[x], as_shape_operand(b, sizes)), b.quantized[x])
    return with_names(b.op("Reshape", x, as_shape_operand(b, sizes)), known)


def _check_elements(x: Value, sizes: Sequence[Size]) -> None:
    """Refuses numbers that are not as many elements as the value has."""
    numbers = [size for size in sizes if isinstance(size, int) and size > 0]
    if x.static_shape is not None and len(numbers) == len(sizes) and math.prod(numbers) != math.prod(x.static_shape):
        refuse(f"{x.type_text} has not the elements of a shape of {numbers}")


def expand(b: Builder, x: Value, sizes: Sequence[Size]) -> Value:
    """Broadcast to exactly these sizes, whose names stay known."""
    known = named_sizes(b, sizes)
    return x if tuple(known) == x.shape else with_names(b.op("Expand", x, as_shape_operand(b, sizes)), known)


def expand_like(b: Builder, x: Value, like: Value) -> Value:
    """Broadcast to the shape of another value."""
    return x if x.shape == like.shape else expand(b, x, [dimension(b, like, axis) for axis in range(rank(like))])


def named_sizes(b: Builder, sizes: Sequence[Size]) -> list[Dim | None]:
    """What is known of sizes: numbers, and the names of dimensions."""
    known: list[Dim | None] = []
    for size in sizes:
        if isinstance(size, int):
            known.append(size if size > 0 else None)
        elif isinstance(b, ShapeBuilder) and size in b.dimensions:
            source, axis = b.dimensions[size]
            known.append((source.shape or ())[axis])
        else:
            known.append(None)
    return known


def with_names(value: Value, known: Sequence[Dim | None]) -> Value:
    """Complete an inferred shape, whose unknown dimensions have names of their own, by what is known of it."""
    if value.shape is None:
        value.shape = tuple(f"{value.name}_{axis}" if dim is None else dim for axis, dim in enumerate(known))
    elif len(value.shape) == len(known):
        pairs = zip(value.shape, known, strict=True)
        value.shape = tuple(name if isinstance(dim, str) and name is not None else dim for dim, name in pairs)
    return value


def _follow_traced(b: ShapeBuilder, x: Value, target: Sequence[int | Varying], result: Value) -> Value:
    """Remember the traced size of each dimension of the result that varies, so that later numbers can follow it."""
    before = [b.traced.get(dim, 0) if isinstance(dim, str) else dim for dim in x.shape or ()]
    for dim, size in zip(result.shape or (), target, strict=True):
        if isinstance(dim, str) and isinstance(size, Varying):
            b.traced.setdefault(dim, math.prod(before[axis] for axis in size.axes) // size.divisor)
    return result


def follow(b: Builder, values: Sequence[Value], fixed: int | None = None) -> list[Value]:
    """Operands of one rank whose dimensions must agree, except that axis: where one has a named dimension that was
    traced as 1, a 1 of the others is repeated as often."""
    if not isinstance(b, ShapeBuilder) or not b.traced:
        return list(values)
    leaders: dict[int, Value] = {}
    for value in values:
        for axis, dim in enumerate(value.shape or ()):
            if axis != fixed and isinstance(dim, str) and b.traced.get(dim) == 1:
                leaders.setdefault(axis, value)
    return [_repeated(b, value, leaders) for value in values]


def _repeated(b: ShapeBuilder, value: Value, leaders: Mapping[int, Value]) -> Value:
    ones = {axis for axis in leaders if (value.shape or ())[axis] == 1}
    sizes = [dimension(b, leaders[axis] if axis in ones else value, axis) for axis in range(rank(value))]
    return expand(b, value, sizes) if ones else value


def _unbaked(b: ShapeBuilder, x: Value, target: Sequence[int | Varying]) -> list[Size]:
    """Sizes that were traced as numbers but follow the input's named dimensions."""
    varying = [size for size in target if isinstance(size, Varying)]
    if -1 not in target and len(varying) == 1 and (len(varying[0].axes) > 1 or varying[0].divisor > 1):
        return [-1 if isinstance(size, Varying) else size for size in target]
    return [_size(b, x, size) if isinstance(size, Varying) else size for size in target]


def _size(b: ShapeBuilder, x: Value, size: Varying) -> Size:
    first, *others = (dimension(b, x, axis) for axis in size.axes)
    for other in others:
        first = b.op("Mul", tensor(b, first, INT32), tensor(b, other, INT32))
    return first if size.divisor == 1 else b.op("Div", tensor(b, first, INT32), size.divisor)


def broadcast_sizes(b: Builder, x: Value, sizes: Sequence[Size]) -> list[Size]:
    """The target of a broadcast, where a number that is the traced size of the input's named dimension follows it."""
    found = list(sizes)
    if not isinstance(b, ShapeBuilder):
        return found
    traced = b.traced
    for axis, dim in enumerate(x.shape or ()):
        place = len(found) - rank(x) + axis
        if isinstance(dim, str) and traced.get(dim) == found[place] and found[place] not in b.kept:
            b.guess(traced[dim], dim)
            found[place] = dimension(b, x, axis)
    return found


def _is_dimension(b: ShapeBuilder, size: Size, x: Value, axis: int) -> bool:
    if isinstance(size, int) or size not in b.dimensions or x.shape is None or axis >= len(x.shape):
        return False
    source, source_axis = b.dimensions[size]
    assert source.shape is not None
    return x.shape[axis] == source.shape[source_axis]
