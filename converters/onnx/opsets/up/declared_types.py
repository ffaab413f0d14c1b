"""What a file declares of a value and inference did not find."""

from __future__ import annotations

from mgeconvert.ir import Container, TensorType, Value


def complete(value: Value, of: TensorType | Container) -> None:
    """Give a value what the file declares where inference knows nothing: type, shape, names of sizes, and that there is
    nothing in it."""
    if isinstance(of, Container):
        if value.dtype is None:
            value.container = of
        return
    value.dtype = of.dtype if value.dtype is None else value.dtype
    if of.shape is None or value.dtype != of.dtype:
        return
    if value.shape is None:
        value.shape = of.shape
    elif len(value.shape) == len(of.shape):
        value.shape = tuple(
            named if dim == f"{value.name}_{axis}" and (isinstance(named, str) or named == 0) else dim
            for axis, (dim, named) in enumerate(zip(value.shape, of.shape, strict=True))
        )
