"""``--dynamic-batch`` and ``--dynamic-shape``: input shapes with named dimensions, as the user asks for them."""

from __future__ import annotations

import collections
from collections.abc import Mapping

from mgeconvert.close import meant
from mgeconvert.errors import UsageError
from mgeconvert.ir import Dim, Shape

BATCH = "N"
"""The name of the dimension that `dynamic_batch` makes of the first axis of every input that has the batch."""


def requested(
    traced: Mapping[str, tuple[int, ...]], dynamic_batch: bool = False, dynamic_shape: str | None = None
) -> dict[str, Shape]:
    """Input shapes from the options: ``x=N,3,H,W`` (several separated by ``;``). UsageError for what does not fit."""
    shapes: dict[str, Shape] = {}
    if dynamic_batch:
        shapes = {name: (BATCH, *shape[1:]) for name, shape in traced.items() if shape and shape[0] == _batch(traced)}
    for text in filter(None, (part.strip() for part in (dynamic_shape or "").split(";"))):
        name, _, sizes = text.partition("=")
        shapes[name] = _shape(text, name, sizes, traced)
    return shapes


def kept(text: str | None) -> frozenset[int]:
    """The numbers in ``48,3``. UsageError for what is none."""
    parts = [part.strip() for part in (text or "").split(",") if part.strip()]
    if not all(part.isdecimal() for part in parts):
        raise UsageError(f"--keep-constant {text}: expected numbers", hint="--keep-constant 48,3")
    return frozenset(map(int, parts))


def check(dynamic_shape: str | None = None, keep_constant: str | None = None, **_: object) -> None:
    """UsageError for text that says no shapes, whatever the model is."""
    kept(keep_constant)
    for text in filter(None, (part.strip() for part in (dynamic_shape or "").split(";"))):
        name, equals, sizes = text.partition("=")
        if not name or not equals:
            raise UsageError(f"--dynamic-shape {text}: says no input's shape", hint="--dynamic-shape x=N,3,H,W")
        for part in sizes.split(","):
            _dim(text, part.strip())


def _batch(traced: Mapping[str, tuple[int, ...]]) -> int:
    """The first size that most inputs have; an input with another one has no batch."""
    return collections.Counter(shape[0] for shape in traced.values() if shape).most_common(1)[0][0]


def _shape(text: str, name: str, sizes: str, traced: Mapping[str, tuple[int, ...]]) -> Shape:
    if name not in traced:
        guess = meant(name, traced, "; ")
        raise UsageError(f"--dynamic-shape {text}: the model has no input {name}{guess}", hint=_known(traced))
    dims = [_dim(text, part.strip()) for part in sizes.split(",")]
    if len(dims) != len(traced[name]):
        expected = ",".join(map(str, traced[name]))
        raise UsageError(f"--dynamic-shape {text}: {len(dims)} sizes, {name} was traced as {expected}")
    return tuple(dims)


def _dim(text: str, part: str) -> Dim:
    if part.isdigit() and int(part) > 0:
        return int(part)
    if part.isidentifier():
        return part
    raise UsageError(f"--dynamic-shape {text}: {part or 'nothing'} is neither a positive number nor a name")


def _known(traced: Mapping[str, tuple[int, ...]]) -> str:
    return "the inputs are " + ", ".join(f"{name}={','.join(map(str, shape))}" for name, shape in traced.items())


def sizes_when_traced(shapes: Mapping[str, Shape], traced: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
    """The traced size of each named dimension; UsageError when one name stands for two."""
    sizes: dict[str, int] = {}
    for name, shape in shapes.items():
        for dim, size in zip(shape, traced[name], strict=True):
            if isinstance(dim, str) and sizes.setdefault(dim, size) != size:
                raise UsageError(
                    f"--dynamic-shape {name}: {dim} stands for {size} here and for {sizes[dim]} elsewhere",
                    hint="give dimensions of different sizes different names",
                )
    return sizes
