"""What a row says: a callable, its arguments, its tolerance, and which formats are known to refuse it.

Case("megengine.functional.nn.leaky_relu", (X(1, 3, 4, 4),), {"negative_slope": 0.2})
Case("megengine.module.conv.Conv2d", (X(1, 3, 8, 8),), init=(3, 4, 3))
Code("x[1:, ::2] + self.bias", X(4, 6), bias=P(3))
"""

from __future__ import annotations

import abc
import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from . import source

LOOSE = 1e-4
"""A row that needs a larger tolerance than this says why in `reason`."""

EMPTY: Mapping[str, Any] = MappingProxyType({})
NETWORKS = Path(__file__).parents[1] / "networks"


class X:
    """An argument of forward(): random numbers of that shape, or `values`.

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
        if self.values is not None:
            return self.values
        random = np.random.RandomState(zlib.crc32(seed.encode()))
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
    """Like X, but a Parameter of the traced module."""

    letter = "p"


@dataclass(frozen=True, eq=False, kw_only=True)
class Row(abc.ABC):
    """What every row has. `id` is made from the rest where it is not given.

    `rtol` bounds max|ours - MegEngine's| / max|MegEngine's| (integers and booleans must be equal). `refused` maps a
    format's name (``tm`` for the reader) to a part of the reason it must give; `xfail` maps one to what we do wrong;
    `options` maps one to the options that its file is written with.
    """

    id: str = ""
    rtol: float = 1e-5
    reason: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)
    xfail: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.rtol > LOOSE and not self.reason:
            raise ValueError(f"{self.id or self.automatic_id()}: rtol={self.rtol} needs a reason")
        name = re.sub(r"\s+", "", self.id or self.automatic_id())
        object.__setattr__(self, "id", re.sub(r"[^\w.=,+:\[\]-]+", "_", name))

    @abc.abstractmethod
    def automatic_id(self) -> str:
        """A readable name made of the callable and its arguments."""

    @abc.abstractmethod
    def module(self) -> source.ModuleSource:
        """The module to trace, as source code."""

    def arrays(self) -> dict[str, np.ndarray]:
        """The numbers of every X and P by name."""
        return {name: operand.array(f"{self.id}/{name}") for name, operand in self.module().operands.items()}

    def fingerprint(self) -> str:
        """Changes when the row asks MegEngine something else; tells a stale golden."""
        module = self.module()
        content = [self.id, module.text, {name: operand.spec() for name, operand in module.operands.items()}]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, eq=False)
class Case(Row):
    """One MegEngine callable by its qualified name: a function, `megengine.tensor.Tensor.METHOD`, a module class (made
    with `init` and `init_kwargs`, random parameters), or an operator of `megengine.core.ops.builtin` (`kwargs` are its
    fields).
    """

    target: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    init: tuple[Any, ...] = ()
    init_kwargs: Mapping[str, Any] = field(default_factory=dict)

    def automatic_id(self) -> str:
        given = [source.brief(value) for value in (*self.init, *self.args)]
        named = [f"{key}={source.brief(value)}" for key, value in {**self.init_kwargs, **self.kwargs}.items()]
        return "-".join([self.target.rpartition(".")[2], *given, *named])

    def module(self) -> source.ModuleSource:
        return source.of_call(self.target, self.args, self.kwargs, self.init, self.init_kwargs)


@dataclass(frozen=True, eq=False, init=False)
class Code(Row):
    """The body of forward(): an expression, or statements with a return. F, M, mge, np, builtin and apply are in scope.

    Positional operands are called x, y, z; others by their keyword; parameters are ``self.NAME``. `init` is the rest of
    the module's constructor.
    """

    body: str
    init: str
    operands: Mapping[str, X]

    def __init__(
        self,
        body: str,
        *operands: X,
        init: str = "",
        id: str = "",
        rtol: float = 1e-5,
        reason: str = "",
        refused: Mapping[str, str] = EMPTY,
        xfail: Mapping[str, str] = EMPTY,
        options: Mapping[str, Mapping[str, Any]] = EMPTY,
        **named: X,
    ) -> None:
        inherited = {"id": id, "rtol": rtol, "reason": reason, "refused": refused, "xfail": xfail, "options": options}
        for name, value in inherited.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "body", body)
        object.__setattr__(self, "init", init)
        object.__setattr__(self, "operands", {**dict(zip("xyz", operands, strict=False)), **named})
        self.__post_init__()

    def automatic_id(self) -> str:
        return "-".join([self.body[:60], *map(source.brief, self.operands.values())])

    def module(self) -> source.ModuleSource:
        return source.of_body(self.body, self.init, self.operands)


@dataclass(frozen=True, eq=False)
class Network(Row):
    """A whole network: `call` makes one of what tests/networks/FILE.py defines, `operands` are forward()'s arguments.

    `batch` says what its outputs are at another batch: "rows" (each row what the row alone gives), "first" (the network
    looks at the first row only), "pairs" (every row with every row), "mixed" (rows have a part in each other); else a
    part of the reason why it cannot vary.
    """

    file: str
    call: str
    operands: tuple[X, ...]
    batch: str = "rows"

    def automatic_id(self) -> str:
        return self.call.removesuffix("()")

    def module(self) -> source.ModuleSource:
        return source.of_file(NETWORKS / f"{self.file}.py", self.call, dict(zip("xyz", self.operands, strict=False)))
