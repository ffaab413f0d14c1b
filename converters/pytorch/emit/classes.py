"""Classes of the network: places with equal forward() and equal parts are one class.

Constants in which the instances differ become arguments of the constructor. An argument is named after the parameter it
fills (``stride``), and after the attribute too where several of that name differ (``conv1_stride``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .text import identifier
from .tree import Made, Place

DEFAULTS: Mapping[str, Any] = {
    "stride": 1, "padding": 0, "output_padding": 0, "dilation": 1, "groups": 1, "bias": True, "eps": 1e-5,
}  # fmt: skip
"""What torch takes where an argument is left out, so that instances with and without it can be one class."""


@dataclass(frozen=True, slots=True)
class Name:
    """An argument of the constructor in the place of a constant."""

    text: str


@dataclass(slots=True)
class Class:
    """A class to write: `place` is its first instance, `attributes` what its constructor makes."""

    name: str
    place: Place
    arguments: list[str] = field(default_factory=list)
    attributes: dict[str, Made] = field(default_factory=dict)


def classes(root: Place) -> tuple[list[Class], Made]:
    """All classes, inner ones first, and the call that makes the top module."""
    unify = _Unify()
    levels: dict[int, list[tuple[str, Place]]] = {}
    for path, place in root.walk():
        if _is_class(place) or place is root:
            levels.setdefault(_height(place), []).append((path, place))
    for _, places in sorted(levels.items()):
        unify.level([item for item in places if item[1] is not root], root)
    unify.level([("", root)], None)
    return unify.classes, unify.made[id(root)]


def _is_class(place: Place) -> bool:
    return place.made is None and place.tensor is None and not place.is_sequential and not place.is_list


def _height(place: Place) -> int:
    inner = max(map(_height, place.parts.values()), default=0)
    return inner + 1 if _is_class(place) else inner


class _Unify:
    def __init__(self) -> None:
        self.classes: list[Class] = []
        self.made: dict[int, Made] = {}
        self.names: set[str] = set()

    def level(self, places: Sequence[tuple[str, Place]], root: Place | None) -> None:
        """Make the classes of places that contain none of each other."""
        groups: dict[Any, list[tuple[str, Place, dict[str, Made]]]] = {}
        for path, place in places:
            attributes = {name: self.constructor(part) for name, part in place.parts.items()}
            key = (
                tuple((m.arguments, tuple(m.lines), m.result) for m in place.methods),
                tuple((name, _skeleton(made)) for name, made in attributes.items()),
                tuple((name, part.is_sequential, part.is_list) for name, part in place.parts.items()),
            )
            groups.setdefault(key, []).append((path, place, attributes))
        for group in groups.values():
            self._class(group, root.kind if root is not None else "")

    def constructor(self, place: Place) -> Made:
        """The call that makes what hangs at a place."""
        if place.made is not None:
            return place.made
        if place.tensor is not None:
            dtype = place.tensor.array.dtype.name
            named = () if dtype == "float32" else (("dtype", Name(f"torch.{dtype}")),)
            zeros = Made("torch.zeros", ((None, tuple(place.tensor.array.shape)), *named))
            return Made("nn.Parameter" if place.tensor.trained else "buffer", ((None, zeros),))
        if place.is_sequential or place.is_list:
            parts = [self.constructor(place.parts[str(number)]) for number in range(len(place.parts))]
            if place.is_list:
                return Made("nn.ModuleList", ((None, Made("[]", tuple((None, part) for part in parts))),))
            return Made("nn.Sequential", tuple((None, part) for part in parts))
        return self.made[id(place)]

    def _class(self, group: list[tuple[str, Place, dict[str, Made]]], top: str) -> None:
        path, place, _ = group[0]
        name = self._name(path, place, top)
        columns = [list(_constants(attributes)) for _, _, attributes in group]
        keys = list(dict.fromkeys(key for column in columns for key, _ in column))
        values = [dict(column) for column in columns]
        table = {key: tuple(row.get(key, DEFAULTS.get(str(key[-1]))) for row in values) for key in keys}
        differing = {key: row for key, row in table.items() if any(not _equal(item, row[0]) for item in row)}
        arguments = _arguments(differing)
        filled = {key: Name(arguments[repr(row)]) for key, row in differing.items()}
        attributes = {attribute: _filled(made, (attribute,), filled, table) for attribute, made in group[0][2].items()}
        self.classes.append(Class(name, place, list(arguments.values()), attributes))
        rows = {arguments[repr(row)]: row for row in differing.values()}
        for number, (_, other, _) in enumerate(group):
            self.made[id(other)] = Made(name, tuple((argument, row[number]) for argument, row in rows.items()))

    def _name(self, path: str, place: Place, top: str) -> str:
        wanted = place.kind
        if not wanted or wanted.startswith(f"{top}_"):
            words = [word for word in path.split(".") if not word.isdigit()]
            last = re.sub(r"\d+$", "", words[-1]) if words else "Block"
            wanted = "".join(part[:1].upper() + part[1:] for part in re.split(r"\W|_", last) if part) or "Block"
            wanted += "Block" if path.rpartition(".")[2].isdigit() and not wanted.endswith("Block") else ""
        wanted = identifier(wanted)
        name, number = wanted, 1
        while name in self.names:
            number += 1
            name = f"{wanted}{number}"
        self.names.add(name)
        return name


POSITIONS: Mapping[str, tuple[str, ...]] = {
    "Conv": ("in_channels", "out_channels", "kernel_size"),
    "BatchNorm": ("num_features",),
    "Linear": ("in_features", "out_features"),
    "LayerNorm": ("normalized_shape",),
    "GroupNorm": ("num_groups", "num_channels"),
    "MaxPool": ("kernel_size",),
    "AvgPool": ("kernel_size",),
}
"""What torch calls its positional arguments, by the beginning of the module's name."""


def _position(callee: str, number: int) -> int | str:
    """The name of a positional argument where it has one."""
    for beginning, names in POSITIONS.items():
        if callee.startswith(f"nn.{beginning}") and number < len(names):
            return names[number]
    return number


def _skeleton(made: Made) -> Any:
    """What two constructor calls must share to be one with arguments."""
    return (
        made.callee,
        tuple(
            (
                name,
                _skeleton(value)
                if isinstance(value, Made)
                else type(value).__name__
                if isinstance(value, Name)
                else "",
            )
            for name, value in made.args
            if name not in DEFAULTS
        ),
    )


def _constants(attributes: Mapping[str, Made]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    for attribute, made in attributes.items():
        yield from _within(made, (attribute,))


def _within(made: Made, key: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    for number, (name, value) in enumerate(made.args):
        inner = (*key, _position(made.callee, number) if name is None else name)
        if isinstance(value, Made):
            yield from _within(value, inner)
        else:
            yield inner, value


def _filled(made: Made, key: tuple[Any, ...], names: Mapping[Any, Name], table: Mapping[Any, tuple[Any, ...]]) -> Made:
    args: list[tuple[str | None, Any]] = []
    for number, (name, value) in enumerate(made.args):
        inner = (*key, _position(made.callee, number) if name is None else name)
        args.append((name, _filled(value, inner, names, table) if isinstance(value, Made) else names.get(inner, value)))
    have = {name for name, _ in args}
    args += [
        (inner[-1], names[inner])
        for inner in table
        if inner[:-1] == key and inner[-1] in DEFAULTS and inner[-1] not in have and inner in names
    ]
    return Made(made.callee, tuple(args))


def _arguments(differing: Mapping[tuple[Any, ...], tuple[Any, ...]]) -> dict[str, str]:
    """Names of constructor arguments, one for all constants that differ in the same way (by the row's repr)."""
    names: dict[str, str] = {}
    for key, row in differing.items():
        if repr(row) in names:
            continue
        words = [str(part) for part in key if not isinstance(part, int)]
        last = words[-1] if isinstance(key[-1], str) else "_".join([*words, str(key[-1])])
        wanted = identifier(last if last not in names.values() else "_".join(words) + f"_{key[-1]}")
        name, number = wanted, 1
        while name in names.values() or name == "self":
            number += 1
            name = f"{wanted}_{number}"
        names[repr(row)] = name
    return names


def _equal(one: Any, other: Any) -> bool:
    return type(one) is type(other) and repr(one) == repr(other)
