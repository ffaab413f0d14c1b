"""Rows in MegEngine: a callable, its arguments, its tolerance, and which formats are known to refuse it.

Case("megengine.functional.nn.leaky_relu", (X(1, 3, 4, 4),), {"negative_slope": 0.2})
Case("megengine.module.conv.Conv2d", (X(1, 3, 8, 8),), init=(3, 4, 3))
Code("x[1:, ::2] + self.bias", X(4, 6), bias=P(3))
"""

from __future__ import annotations

import abc
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import rows, source
from .rows import EMPTY, LOOSE, P, X

NETWORKS = Path(__file__).parents[1] / "networks"
__all__ = ["LOOSE", "Case", "Code", "Network", "P", "Row", "X"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Row(rows.Row):
    """A row whose source is a module of MegEngine that is traced."""

    def __post_init__(self) -> None:
        name = re.sub(r"\s+", "", self.id or self.automatic_id())
        object.__setattr__(self, "id", re.sub(r"[^\w.=,+:\[\]-]+", "_", name))
        super().__post_init__()

    @abc.abstractmethod
    def module(self) -> source.ModuleSource:
        """The module to trace, as source code."""

    def named_operands(self) -> Mapping[str, X]:
        return self.module().operands

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
