"""The parameters of layers with a kernel."""

from __future__ import annotations

from .table import Layer


def spatial(layer: Layer, field: str, short: str, count: int, default: int) -> list[int]:
    """A parameter of the spatial axes: `short`_h and `short`_w, or `field` once for all axes or once for each."""
    param = layer.param
    named = [name for name in (f"{short}_h", f"{short}_w") if name in param.DESCRIPTOR.fields_by_name]
    if count == 2 and any(param.HasField(name) for name in named):
        result = [int(getattr(param, name)) for name in named]
    else:
        given = getattr(param, field)
        values = list(given) if hasattr(given, "append") else [given] if param.HasField(field) else []
        if len(values) not in (0, 1, count):
            raise layer.invalid(f"{len(values)} values of {field} for {count} axes")
        result = [int(value) for value in (values or [default]) * (1 if len(values) == count else count)]
    if default and min(result, default=1) < 1:
        raise layer.invalid(f"{field} {result}")
    return result
