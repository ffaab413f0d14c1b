"""``--input-shape x=1,3,224,224``: numbers for the sizes that a file leaves open."""

from __future__ import annotations

from collections.abc import Mapping

from mgeconvert.close import meant
from mgeconvert.errors import UsageError
from mgeconvert.ir import Shape

OPTION = "--input-shape"


def fixed_sizes(text: str, declared: Mapping[str, Shape | None]) -> tuple[dict[str, int], dict[str, Shape]]:
    """The number that each named dimension gets, and the shapes of inputs for which the file declares none.

    `text` holds NAME=SIZES of several inputs separated by ``;``. Raises UsageError for an unknown input, sizes that are
    none, and sizes that contradict the file or each other.
    """
    numbers: dict[str, int] = {}
    whole: dict[str, Shape] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, _, sizes = part.partition("=")
        if name not in declared:
            raise UsageError(
                f"{OPTION} {part}: the model has no input {name}{meant(name, declared, '; ')}", hint=_hint(declared)
            )
        shape = declared[name]
        given = _sizes(part, sizes)
        if shape is None:
            whole[name] = tuple(given)
            continue
        if len(given) != len(shape):
            raise UsageError(f"{OPTION} {part}: {len(given)} sizes, but {name} has {len(shape)}", hint=_hint(declared))
        for axis, (dim, size) in enumerate(zip(shape, given, strict=True)):
            before = numbers.setdefault(dim, size) if isinstance(dim, str) else dim
            if before != size:
                where = f"{dim} is" if isinstance(dim, str) else f"size {axis + 1} of {name} is fixed in the file as"
                raise UsageError(f"{OPTION} {part}: {size} contradicts that {where} {before}")
    return numbers, whole


def check(input_shape: str | None = None) -> None:
    """UsageError for text that says no shapes, whatever the model is."""
    for part in filter(None, (part.strip() for part in (input_shape or "").split(";"))):
        name, equals, sizes = part.partition("=")
        if not name or not equals:
            raise UsageError(f"{OPTION} {part}: says no input's shape", hint=f"{OPTION} x=1,3,224,224")
        _sizes(part, sizes)


def _sizes(part: str, sizes: str) -> list[int]:
    """The numbers between the commas; none of a scalar, ``x=``."""
    return [_size(part, size.strip()) for size in sizes.split(",")] if sizes.strip() else []


def _size(part: str, text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise UsageError(f"{OPTION} {part}: {text or 'nothing'} is not a positive number")
    return int(text)


def _hint(declared: Mapping[str, Shape | None]) -> str:
    texts = (f"{name}={'?' if shape is None else ','.join(map(str, shape))}" for name, shape in declared.items())
    return "the inputs are " + ", ".join(texts)
