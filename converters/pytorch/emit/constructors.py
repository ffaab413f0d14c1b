"""Constructor calls: what two of them share, and what differs and so becomes an argument."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .text import identifier
from .tree import Made, Place

DEFAULTS: Mapping[str, Any] = {
    "stride": 1, "padding": 0, "output_padding": 0, "dilation": 1, "groups": 1, "bias": True, "eps": 1e-5,
    "momentum": 0.1, "requires_grad": True, "batch_first": False, "bidirectional": False, "num_layers": 1,
}  # fmt: skip
"""What torch takes where an argument is left out, so that instances with and without it can be one class."""
POSITIONS: Mapping[str, tuple[str, ...]] = {
    "nn.Conv": ("in_channels", "out_channels", "kernel_size"),
    "QuantizedConv2d": ("in_channels", "out_channels", "kernel_size"),
    "QuantizedLinear": ("in_features", "out_features"),
    "nn.BatchNorm": ("num_features",),
    "nn.Linear": ("in_features", "out_features"),
    "nn.LayerNorm": ("normalized_shape",),
    "nn.GroupNorm": ("num_groups", "num_channels"),
    "nn.MaxPool": ("kernel_size",),
    "nn.AvgPool": ("kernel_size",),
    "nn.Embedding": ("num_embeddings", "embedding_dim"),
    "nn.Dropout": ("p",),
    "torch.zeros": ("shape",),
}
"""What torch calls its positional arguments, by the beginning of the callee."""
BARE = 4
"""How many arguments are given by position at most."""


@dataclass(frozen=True, slots=True)
class Name:
    """An argument of the constructor in the place of a constant."""

    text: str


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a constructor, what it is for each instance, and its default where it has one."""

    name: str
    values: tuple[Any, ...]
    is_optional: bool
    default: Any


@dataclass(slots=True)
class Class:
    """A class to write: `place` is its first instance, `attributes` what its constructor makes."""

    name: str
    place: Place
    arguments: list[Argument] = field(default_factory=list)
    attributes: dict[str, Made] = field(default_factory=dict)


def instance(name: str, arguments: Sequence[Argument], number: int) -> Made:
    """How one instance is made: required arguments by position where they are few, the others where they differ."""
    required = [argument for argument in arguments if not argument.is_optional]
    result: list[tuple[str | None, Any]] = []
    for argument in arguments:
        value = argument.values[number]
        if argument.is_optional and type(value) is type(argument.default) and value == argument.default:
            continue
        result.append((argument.name, value))
    return Made(name, tuple(result), len(required) if len(required) <= BARE else 0)


def skeleton(made: Made) -> Any:
    """What two constructor calls must share to be one with arguments."""
    parts = []
    for name, value in made.args:
        if name not in DEFAULTS:
            inner = skeleton(value) if isinstance(value, Made) else value if isinstance(value, Name) else ""
            parts.append((name, inner))
    return made.callee, tuple(parts)


def constants(attributes: Mapping[str, Made]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """All constants in constructor calls, each with the way to it: ``("conv1", "stride")``."""
    for attribute, made in attributes.items():
        yield from _within(made, (attribute,))


def _position(callee: str, number: int) -> int | str:
    """The name of a positional argument where it has one."""
    for beginning, names in POSITIONS.items():
        if callee.startswith(beginning) and number < len(names):
            return names[number]
    return number


def _within(made: Made, key: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    for number, (name, value) in enumerate(made.args):
        inner = (*key, _position(made.callee, number) if name is None else name)
        if isinstance(value, Made):
            yield from _within(value, inner)
        else:
            yield inner, value


def given_to(ways: Iterable[tuple[Any, ...]]) -> dict[tuple[Any, ...], list[Any]]:
    """The last steps of ways to constants by the steps before."""
    found: dict[tuple[Any, ...], list[Any]] = {}
    for way in ways:
        found.setdefault(way[:-1], []).append(way[-1])
    return found


def filled(made: Made, key: tuple[Any, ...], names: Mapping[Any, Name], given: Mapping[Any, Sequence[Any]]) -> Made:
    """A constructor call with names of arguments for what differs. `given` are the arguments that instances of the
    class have in the call at each way (`given_to`)."""
    args: list[tuple[str | None, Any]] = []
    for number, (name, value) in enumerate(made.args):
        inner = (*key, _position(made.callee, number) if name is None else name)
        args.append((name, filled(value, inner, names, given) if isinstance(value, Made) else names.get(inner, value)))
    have = {name for name, _ in args}
    args += [
        (name, names[inner])
        for name in given.get(key, ())
        if name in DEFAULTS and name not in have and (inner := (*key, name)) in names
    ]
    if made.callee.startswith("nn."):
        args.sort(key=lambda each: list(DEFAULTS).index(each[0]) if each[0] in DEFAULTS else -1)  # type: ignore[arg-type]
    return Made(made.callee, tuple(args), made.bare)


def arguments_of(differing: Mapping[tuple[Any, ...], tuple[Any, ...]], taken: Sequence[str]) -> dict[str, Argument]:
    """Constructor arguments, one for all constants that differ in the same way (by the row's repr)."""
    found: dict[str, Argument] = {}
    used = {"self", *taken}
    for key, row in differing.items():
        if repr(row) in found:
            continue
        words = [str(part) for part in key if not isinstance(part, int)]
        wanted = identifier(words[-1] if isinstance(key[-1], str) else "_".join([*words, str(key[-1])]))
        if wanted in used:
            wanted = identifier("_".join(words[-2:] if len(words) > 1 else words))
        name, number = wanted, 1
        while name in used:
            number += 1
            name = f"{wanted}_{number}"
        used.add(name)
        default = DEFAULTS.get(str(key[-1]))
        optional = default is not None and any(type(item) is type(default) and item == default for item in row)
        found[repr(row)] = Argument(name, row, optional, default if optional else None)
    return found
