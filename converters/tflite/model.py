"""A TFLite model as inert data: what emitters make, rewriting changes and the writer writes.

Names are those of the TFLite schema: operators by `BuiltinOperator`, options by the fields of their options table.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mgeconvert.errors import GraphError
from mgeconvert.ir import Dim, Shape

Array = np.ndarray[Any, Any]
Layout = tuple[int, ...]
"""A permutation: axis i of the stored tensor holds axis ``layout[i]`` of the IR's value."""


def channels_last(rank: int) -> Layout:
    """The layout that puts axis 1 last: (0, 2, 3, 1) for rank 4."""
    return (0, *range(2, rank), 1)


def channels_first(rank: int) -> Layout:
    """The layout that puts the last axis second: (0, 3, 1, 2) for rank 4."""
    return (0, rank - 1, *range(1, rank - 1))


def identity(rank: int) -> Layout:
    return tuple(range(rank))


def permuted(shape: Shape, layout: Layout) -> Shape:
    """The stored shape of a value of that IR shape."""
    return tuple(shape[axis] for axis in layout)


@dataclass(frozen=True, slots=True)
class Quantization:
    """real = scale * (stored - zero_point), with one scale, or one per index along `axis`.

    With a `block`, scale and zero point have the axes of the tensor, and each is that of so many indices of `axis`.
    `narrow` is the type of fewer than 8 bits that the integers have, where they have one.
    """

    scale: Array
    zero_point: Array
    axis: int = 0
    block: int = 0
    narrow: np.dtype[Any] | None = None


@dataclass(slots=True, eq=False)
class Tensor:
    """One tensor; a constant where `array` is set. Compared by identity; `shape` may hold symbolic dimensions.

    `quantization` of a float constant says which integers it was made of; it is written for integers only. `variable`
    is a tensor that keeps its numbers from one run to the next.
    """

    name: str
    dtype: np.dtype[Any]
    shape: Shape
    array: Array | None = None
    quantization: Quantization | None = None
    variable: bool = False

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def is_constant(self) -> bool:
        return self.array is not None

    @property
    def is_static(self) -> bool:
        return all(isinstance(dim, int) for dim in self.shape)


LAYOUT = "layout"
BORDER = "border"
MODEL = "model"


@dataclass(slots=True, eq=False)
class Operator:
    """One operator; None stands for an omitted optional input.

    `cause` tells why a TRANSPOSE is there: `LAYOUT` (between two operators that want different layouts), `BORDER` (a
    graph input or output) or `MODEL` (the source model transposes here). `custom` is the code and the options of a
    CUSTOM operator.
    """

    op: str
    inputs: list[Tensor | None]
    outputs: list[Tensor]
    options: dict[str, Any] = field(default_factory=dict)
    origin: str = ""
    cause: str = ""
    custom: tuple[str, bytes] | None = None

    @property
    def output(self) -> Tensor:
        return self.outputs[0]

    def __str__(self) -> str:
        def text(tensor: Tensor | None) -> str:
            return "_" if tensor is None else f"{tensor.name}[{','.join(map(str, tensor.shape))}]"

        options = ", ".join(f"{key}={value}" for key, value in sorted(self.options.items()))
        outputs = ", ".join(map(text, self.outputs))
        return f"{outputs} = {self.op}({', '.join(map(text, self.inputs))})" + (f" {{{options}}}" if options else "")


@dataclass(slots=True, eq=False)
class Model:
    """One subgraph. `inputs` and `outputs` map public names to tensors; the layouts tell how each is stored.
    `integer_borders` names inputs and outputs that the source has as floats and the file as integers on their grid."""

    name: str
    inputs: dict[str, Tensor] = field(default_factory=dict)
    outputs: dict[str, Tensor] = field(default_factory=dict)
    operators: list[Operator] = field(default_factory=list)
    input_layouts: dict[str, Layout] = field(default_factory=dict)
    output_layouts: dict[str, Layout] = field(default_factory=dict)
    integer_borders: list[str] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)

    def tensors(self) -> Iterator[Tensor]:
        """Every tensor once: inputs, then in order of first appearance."""
        seen = dict.fromkeys(self.inputs.values())
        for operator in self.operators:
            seen.update((tensor, None) for tensor in operator.inputs if tensor is not None)
            seen.update(dict.fromkeys(operator.outputs))
        seen.update(dict.fromkeys(self.outputs.values()))
        yield from seen

    def producers(self) -> dict[Tensor, Operator]:
        return {tensor: operator for operator in self.operators for tensor in operator.outputs}

    def readers(self) -> dict[Tensor, list[Operator]]:
        """The operators that read each tensor that is read, each once."""
        found: dict[Tensor, list[Operator]] = {}
        for operator in self.operators:
            for tensor in dict.fromkeys(operator.inputs):
                if tensor is not None:
                    found.setdefault(tensor, []).append(operator)
        return found

    def use_counts(self) -> dict[Tensor, int]:
        counts: dict[Tensor, int] = {}
        for operator in self.operators:
            for tensor in operator.inputs:
                if tensor is not None:
                    counts[tensor] = counts.get(tensor, 0) + 1
        for tensor in self.outputs.values():
            counts[tensor] = counts.get(tensor, 0) + 1
        return counts

    def transposes(self) -> dict[str, int]:
        """How many TRANSPOSE operators there are, by cause."""
        counts = {BORDER: 0, LAYOUT: 0, MODEL: 0}
        for operator in self.operators:
            if operator.op == "TRANSPOSE":
                counts[operator.cause] += 1
        return counts

    def __str__(self) -> str:
        return "\n".join(map(str, self.operators))


@dataclass(frozen=True, slots=True)
class Signature:
    """A named way into a subgraph: public names of inputs and outputs."""

    key: str
    subgraph: int
    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A whole file as it was read: `path` for messages, metadata as bytes by name, who wrote it."""

    path: str
    subgraphs: list[Model]
    signatures: list[Signature]
    metadata: dict[str, Array]
    description: str


def merged(dims: Shape) -> Dim:
    """The product of adjacent dimensions; one with a symbol gets a name of its own."""
    symbols = [dim for dim in dims if not isinstance(dim, int)]
    if not symbols:
        return math.prod(dims)
    return symbols[0] if len(dims) == 1 else "*".join(map(str, dims))


def check(model: Model) -> None:
    """Raise GraphError unless every tensor an operator reads is an input, a constant or made before."""
    known = set(model.inputs.values())
    for operator in model.operators:
        for tensor in operator.inputs:
            if tensor is not None and not tensor.is_constant and tensor not in known:
                raise GraphError(f"{operator.op}: {tensor.name} is read before it is made")
        known.update(operator.outputs)
