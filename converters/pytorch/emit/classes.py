"""Classes of the network: places with equal forward() and equal parts are one class.

What differs between the instances becomes an argument of the constructor: a constant, named after the parameter that it
fills (``stride``) and after the attribute too where several of that name differ (``conv1_stride``), or a whole module,
named after the attribute (``downsample``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from .constructors import DEFAULTS, Argument, Class, Name, arguments_of, constants, filled, given_to, instance, skeleton
from .text import identifier
from .tree import Made, Place

IDENTITY = Made("nn.Identity")
FEW = 3
"""How many equal constructor calls in a row are written out."""
Instance = tuple[str, Place, dict[str, Made]]


def classes(root: Place) -> tuple[list[Class], Made]:
    """All classes, inner ones first, and the call that makes the top module."""
    unify = _Unify()
    levels: dict[int, list[tuple[str, Place]]] = {}
    for path, place in root.walk():
        if place.is_class or place is root:
            levels.setdefault(_height(place), []).append((path, place))
    for _, places in sorted(levels.items()):
        unify.level([item for item in places if item[1] is not root], root)
    unify.level([("", root)], None)
    return unify.classes, unify.made[id(root)]


def _height(place: Place) -> int:
    inner = max(map(_height, place.parts.values()), default=0)
    return inner + 1 if place.is_class else inner


class _Unify:
    def __init__(self) -> None:
        self.classes: list[Class] = []
        self.made: dict[int, Made] = {}
        self.names: set[str] = set()

    def level(self, places: Sequence[tuple[str, Place]], root: Place | None) -> None:
        """Make the classes of places that contain none of each other."""
        groups: dict[Any, list[Instance]] = {}
        for path, place in places:
            attributes = {name: self.constructor(part) for name, part in place.parts.items()}
            kinds = tuple(_kind(part) for part in place.parts.values())
            key = (place.forms(), tuple(attributes), kinds, tuple(place.tied().values()))
            groups.setdefault(key, []).append((path, place, attributes))
        for group in groups.values():
            for same in _alike(group):
                self._class(same, root.kind if root is not None else "")

    def constructor(self, place: Place) -> Made:
        """The call that makes what hangs at a place."""
        if place.made is not None:
            return place.made
        if place.tensor is not None:
            dtype = place.tensor.array.dtype.name
            named = () if dtype == "float32" else (("dtype", Name(f"torch.{dtype}")),)
            zeros = Made("torch.zeros", ((None, tuple(place.tensor.array.shape)), *named))
            frozen = () if place.tensor.learns or not place.tensor.trained else (("requires_grad", False),)
            return Made("nn.Parameter" if place.tensor.trained else "buffer", ((None, zeros), *frozen))
        if place.is_sequential or place.is_list:
            parts = _runs([self.constructor(place.parts[str(number)]) for number in range(len(place.parts))])
            if not place.is_list:
                return Made("nn.Sequential", tuple((None, part) for part in parts))
            if len(parts) == 1 and parts[0].callee == "*":
                return Made("nn.ModuleList", ((None, Made("for", parts[0].args)),))
            return Made("nn.ModuleList", ((None, Made("[]", tuple((None, part) for part in parts))),))
        return self.made[id(place)]

    def _class(self, group: list[Instance], top: str) -> None:
        path, place, first = group[0]
        name = self._name(path, place, top)
        modules = _modules(group)
        rows = [{key: made for key, made in each.items() if key not in modules} for _, _, each in group]
        values = [dict(constants(row)) for row in rows]
        keys = list(dict.fromkeys(key for row in values for key in row))
        table = {key: tuple(row.get(key, DEFAULTS.get(str(key[-1]))) for row in values) for key in keys}
        differing = {key: row for key, row in table.items() if any(not _equal(item, row[0]) for item in row)}
        arguments = arguments_of(differing, modules)
        names = {key: Name(arguments[repr(row)].name) for key, row in differing.items()}
        attributes, given = {}, given_to(table)
        for attribute, made in first.items():
            if attribute in modules:
                default = IDENTITY in (each[attribute] for _, _, each in group)
                attributes[attribute] = Made("or" if default else "", ((None, Name(identifier(attribute))),))
            else:
                attributes[attribute] = filled(made, (attribute,), names, given)
        wanted = list(arguments.values()) + _whole_modules(group, modules)
        wanted.sort(key=lambda argument: argument.is_optional)
        self.classes.append(Class(name, place, wanted, attributes))
        for number, (_, other, _) in enumerate(group):
            self.made[id(other)] = instance(name, wanted, number)

    def _name(self, path: str, place: Place, top: str) -> str:
        wanted = place.kind
        if not wanted or wanted.startswith(f"{top}_"):
            words = [word for word in path.split(".") if not word.isdigit()]
            last = re.sub(r"\d+$", "", words[-1]) if words else "Block"
            wanted = "".join(part[:1].upper() + part[1:] for part in re.split(r"\W|_", last) if part) or "Block"
            short = path.rpartition(".")[2].isdigit() or len(wanted) < len("Abc")
            wanted += "Block" if short and not wanted.endswith("Block") else ""
        wanted = identifier(wanted)
        name, number = wanted, 1
        while name in self.names:
            number += 1
            name = f"{wanted}{number}"
        self.names.add(name)
        return name


def _whole_modules(group: list[Instance], modules: Sequence[str]) -> list[Argument]:
    """The arguments that are whole modules."""
    found = []
    for attribute in modules:
        row = [attributes[attribute] for _, _, attributes in group]
        values = tuple(None if made == IDENTITY else made for made in row)
        found.append(Argument(identifier(attribute), values, None in values, None))
    return found


def _kind(place: Place) -> tuple[bool, bool, bool, bool]:
    tensor = place.tensor
    return tensor is not None, tensor is not None and tensor.trained, place.is_list, place.is_sequential and False


def _alike(group: list[Instance]) -> Iterator[list[Instance]]:
    """The group in parts whose instances differ in constants and in few modules."""
    if not _modules(group) or _is_close(group):
        yield group
        return
    parts: dict[Any, list[Instance]] = {}
    for item in group:
        parts.setdefault(tuple((name, skeleton(made)) for name, made in item[2].items()), []).append(item)
    yield from parts.values()


def _modules(group: list[Instance]) -> list[str]:
    """The attributes that are made by different calls."""
    return [
        name for name, made in group[0][2].items() if any(skeleton(each[name]) != skeleton(made) for *_, each in group)
    ]


def _is_close(group: list[Instance]) -> bool:
    """Whether whole modules as arguments make one class of instances that are one: what differs is left out in some, or
    is a small part."""
    names = _modules(group)
    rest = len(group[0][2]) - len(names)
    optional = all(any(each[name] == IDENTITY for *_, each in group) for name in names)
    return bool(rest) and (optional or (len(names) == 1 and rest > len(names)))


def _runs(parts: list[Made]) -> list[Made]:
    """The calls, with many equal ones in a row as ``*(Block(64) for _ in range(6))``."""
    result: list[Made] = []
    number = 0
    while number < len(parts):
        count = 1
        while number + count < len(parts) and parts[number + count] == parts[number]:
            count += 1
        if count >= FEW and not parts[number].callee.startswith("nn."):
            result.append(Made("*", ((None, parts[number]), (None, count))))
        else:
            result += parts[number : number + count]
        number += count
    return result


def _equal(one: Any, other: Any) -> bool:
    return type(one) is type(other) and repr(one) == repr(other)
