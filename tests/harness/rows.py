"""The one syntax of rows: what every row says, in whatever language its source is written.

A row is one form of an operator on a line. It names the form, then its operands: `X` is what a run is given, `P` what
the model holds, None an operand that is left out. The rest is said by keyword, the same in every language. A subclass
only says how the source is written: `Case`, `Code`, `Network` in MegEngine (`tests.harness.cases`), `Op` as an ONNX
operator (`tests.harness.operators`), `Row` of `tests.tflite.lower.rows` as a TFLite operator, `LayerRow` of
`tests.caffe.lower.layer_rows` as Caffe layers.
"""

from __future__ import annotations

import abc
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

LOOSE = 1e-4
"""A row that needs a larger tolerance than this says why in `reason`."""
EMPTY: Mapping[str, Any] = MappingProxyType({})


class X:
    """What a run is given: random numbers of that shape, or `values`.

    Floats are uniform in [low, high), integers in range(low, high), booleans coin flips; the defaults are [-1, 1) and
    range(0, 10).
    """

    letter = "x"

    def __init__(
        self,
        *shape: int,
        dtype: str = "float32",
        low: float | None = None,
        high: float | None = None,
        values: Any = None,
    ) -> None:
        kind = np.dtype(dtype).kind
        self.values = None if values is None else np.asarray(values, dtype)
        self.shape = shape if self.values is None else self.values.shape
        self.dtype = dtype
        self.low = low if low is not None else (-1.0 if kind == "f" else 0)
        self.high = high if high is not None else (1.0 if kind == "f" else 2 if kind == "b" else 10)

    def array(self, seed: str) -> np.ndarray:
        """The numbers; the same for the same seed in every numpy (RandomState is frozen)."""
        return self.drawn(np.random.RandomState(zlib.crc32(seed.encode())))

    def drawn(self, random: np.random.RandomState) -> np.ndarray:
        """The numbers, the next ones of a generator."""
        if self.values is not None:
            return self.values
        if np.dtype(self.dtype).kind == "f":
            return random.uniform(self.low, self.high, self.shape).astype(self.dtype)
        return random.randint(int(self.low), int(self.high), self.shape).astype(self.dtype)

    def spec(self) -> list[Any]:
        """All that decides the numbers, apart from the seed."""
        return [
            self.letter,
            self.shape,
            self.dtype,
            self.low,
            self.high,
            None if self.values is None else self.values.tolist(),
        ]


class P(X):
    """What the model holds, with the numbers of an `X`: a Parameter of a module, a constant of a graph."""

    letter = "p"


@dataclass(frozen=True, eq=False, kw_only=True)
class Row(abc.ABC):
    """What every row has. `id` is made from the rest where it is not given.

    `rtol` bounds max|ours - source's| / max|source's|; integers and booleans must be equal. `reason` says why an `rtol`
    above `LOOSE` is needed. `refused` maps a format's name (``tm`` for the reader) to a part of the reason that it must
    give, `xfail` maps one to what we do wrong, `options` maps one to the options that its file is written with.
    """

    id: str = ""
    rtol: float = 1e-5
    reason: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)
    xfail: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", self.id or self.automatic_id())
        if self.rtol > LOOSE and not self.reason:
            raise ValueError(f"{self.id}: rtol={self.rtol} needs a reason")

    @abc.abstractmethod
    def automatic_id(self) -> str:
        """A readable name made of the form and its operands."""

    @abc.abstractmethod
    def named_operands(self) -> Mapping[str, X]:
        """Every operand that is there by its name, which makes its numbers other ones than its neighbour's."""

    def arrays(self) -> dict[str, np.ndarray]:
        """The numbers of every operand by name."""
        return {name: operand.array(f"{self.id}/{name}") for name, operand in self.named_operands().items()}

    def __str__(self) -> str:
        return self.id
