"""The parameters of layers with a kernel."""

from __future__ import annotations

from ..messages import Message
from .table import Layer


def spatial(layer: Layer, field: str, short: str, count: int, default: int) -> list[int]:
    """A parameter of the spatial axes: `short`_h and `short`_w, or `field` once for all axes or once for each."""
    values = given(layer.param, field, short, count)
    if len(values) not in (0, 1, count):
        raise layer.invalid(f"{len(values)} values of {field} for {count} axes")
    result = (values or [default]) * (1 if len(values) == count else count)
    if default and min(result, default=1) < 1:
        raise layer.invalid(f"{field} {result}")
    return result


def given(param: Message, field: str, short: str, count: int) -> list[int]:
    """The numbers that stand there: those of `short`_h and `short`_w, else those of `field`."""
    named = [name for name in (f"{short}_h", f"{short}_w") if name in param.DESCRIPTOR.fields_by_name]
    if count == 2 and any(param.HasField(name) for name in named):
        return [int(getattr(param, name)) for name in named]
    found = getattr(param, field)
    values = list(found) if hasattr(found, "append") else [found] if param.HasField(field) else []
    return [int(value) for value in values]
