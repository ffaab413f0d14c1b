"""The table of operator types: class name to what lowers it.

Most operators compute what an opdef of MegEngine's imperative runtime computes, which `mgeconvert.tracedmodule.lower`
has a handler for: a row names it and says how parameters become fields. The others have a handler here, which takes the
Builder, the inputs, and by keyword those of the first parameter table's fields that it names; also `dtype`, the output
type that the file says, and `operator`, the record.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.claims import Claim, here
from mgeconvert.tracedmodule.lower import table as opdefs
from mgeconvert.tracedmodule.lower.names import OPDEF
from mgeconvert.tracedmodule.lower.table import Lowering

from ..read.records import Operator

Fields: TypeAlias = "Callable[[Operator], Mapping[str, Any]]"
H = TypeVar("H", bound=Callable[..., Any])
NEWEST = (1, 13, 0)
"""Static graphs are read as MegEngine 1.13 reads them, whoever wrote them."""


@dataclass(frozen=True, slots=True)
class Row:
    """One operator type: the key of its `opdef`, or a `lowering` of its own, how its parameters become fields, and the
    line that claims it."""

    opdef: str
    lowering: Lowering | None
    fields: Fields
    claim: Claim

    def find(self) -> Lowering:
        """The handler with its signature."""
        return self.lowering or opdef_of(self.opdef)


_TABLE: dict[str, Row] = {}
_REFUSED: dict[str, str] = {}


def opdef_of(name: str) -> Lowering:
    """The handler of an opdef with its signature."""
    found = opdefs.find(OPDEF + name, NEWEST)
    assert found is not None, name
    return found


def first_param(operator: Operator) -> Mapping[str, Any]:
    """The fields of the first parameter table, under their own names."""
    return operator.params[0][1] if operator.params else {}


def opdef(name: str, *types: str, fields: Fields = first_param) -> None:
    """Operators of these types compute the opdef of that name."""
    for type_name in types:
        _claim(type_name, Row(name, None, fields, here()))


def lower(*types: str, fields: Fields = first_param) -> Callable[[H], H]:
    """Register a handler for operator types that no opdef computes."""

    claim = here()

    def register(handler: H) -> H:
        for type_name in types:
            _claim(type_name, Row("", Lowering(handler, inspect.signature(handler)), fields, claim))
        return handler

    return register


def refuse_all(reason: str, *types: str) -> None:
    """Register operator types that will not be lowered, with their reason."""
    for type_name in types:
        if type_name in _TABLE or type_name in _REFUSED:
            raise ValueError(f"{type_name} is lowered or refused twice")
        _REFUSED[type_name] = reason


def _claim(type_name: str, row: Row) -> None:
    if type_name in _TABLE or type_name in _REFUSED:
        raise ValueError(f"{type_name} is lowered twice")
    _TABLE[type_name] = row


def find(type_name: str) -> Row | None:
    """The row of an operator type."""
    return _TABLE.get(type_name)


def refusal(type_name: str) -> str | None:
    """The reason why an operator type is refused."""
    return _REFUSED.get(type_name)


def rows() -> Iterator[tuple[str, Row]]:
    """Every operator type that is lowered, sorted."""
    yield from sorted(_TABLE.items())


def refused() -> Iterator[tuple[str, str]]:
    """Every refused operator type with its reason, sorted."""
    yield from sorted(_REFUSED.items())


def result_of(lowering: Lowering, b: Builder, *operands: Any, **fields: Any) -> Any:
    """What the handler gives; refused where the file gives too few or too many inputs, or no field that is needed."""
    try:
        lowering.signature.bind(b, *operands, **fields)
    except TypeError as error:
        refuse(f"its parameters do not fit its inputs ({error})")
    return lowering.handler(b, *operands, **fields)


def call(b: Builder, name: str, *operands: Any, **fields: Any) -> Any:
    """What the opdef of that name gives, for a handler that only prepares its operands."""
    return result_of(opdef_of(name), b, *operands, **fields)


def value_of(b: Builder, name: str, *operands: Any, **fields: Any) -> Value:
    """`call` for an opdef with one result."""
    result: Value = call(b, name, *operands, **fields)
    return result


def function(key: str) -> Callable[..., Any]:
    """The handler of a function of MegEngine, for an operator that is all of it."""
    found = opdefs.find(key, NEWEST)
    assert found is not None, key
    return found.handler
