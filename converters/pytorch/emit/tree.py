"""What hangs where in the tree of modules: built-in modules, tensors, and modules that have a forward() of their own.

Rules:
* State-dict keys are the source's own paths. A name that `nn.Module` has itself (``train``) gets an underscore, and so
  does a keyword (``class``), with which `torch.export` makes no program.
* A module without a forward() is a `ModuleList` where its parts are modules numbered from 0, else a plain class.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from keyword import iskeyword
from typing import Any

import numpy as np

from .text import MARK, is_identifier, plain

TAKEN = frozenset(
    [
        "T_destination",
        "add_module",
        "apply",
        "bfloat16",
        "buffers",
        "call_super_init",
        "children",
        "compile",
        "cpu",
        "cuda",
        "double",
        "dump_patches",
        "eval",
        "extra_repr",
        "float",
        "forward",
        "get_buffer",
        "get_extra_state",
        "get_parameter",
        "get_submodule",
        "half",
        "ipu",
        "load_state_dict",
        "modules",
        "mtia",
        "named_buffers",
        "named_children",
        "named_modules",
        "named_parameters",
        "parameters",
        "register_backward_hook",
        "register_buffer",
        "register_forward_hook",
        "register_forward_pre_hook",
        "register_full_backward_hook",
        "register_full_backward_pre_hook",
        "register_load_state_dict_post_hook",
        "register_load_state_dict_pre_hook",
        "register_module",
        "register_parameter",
        "register_state_dict_post_hook",
        "register_state_dict_pre_hook",
        "requires_grad_",
        "set_extra_state",
        "set_submodule",
        "share_memory",
        "state_dict",
        "to",
        "to_empty",
        "train",
        "training",
        "type",
        "xpu",
        "zero_grad",
    ]
)
"""Attributes of `nn.Module` that a network's own must not hide."""


WAY = re.compile(f"{MARK}([^{MARK}]*){MARK}")
WORD = re.compile(rf"(?<![\w.{MARK}])[^\W\d]\w*(?![\w{MARK}]|=[^=])")


@dataclass(frozen=True, slots=True)
class Made:
    """A constructor call: arguments are pairs of a name (None: by position) and a constant or another `Made`.

    The first `bare` arguments are written without their names.
    """

    callee: str
    args: tuple[tuple[str | None, Any], ...] = ()
    bare: int = 0


@dataclass(slots=True)
class Method:
    """One forward(): names of arguments, statements, and the expression that it returns.

    `chain` are the paths of the modules below that it calls one after the other, where it does nothing else. `names`
    are its variables. A statement within a loop is indented.
    """

    arguments: tuple[str, ...]
    lines: list[str]
    result: str
    chain: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()

    def form(self, place: Place) -> str:
        """The statements as they are at a place, with numbers for variables: equal for methods that differ in names."""
        known = {name: f"${number}" for number, name in enumerate(self.arguments)}

        def renamed(found: re.Match[str]) -> str:
            name = found[0]
            return known.setdefault(name, f"${len(known)}") if name in self.names else name

        text = "\n".join([str(len(self.arguments)), *self.lines, self.result])
        return WORD.sub(renamed, WAY.sub(lambda found: place.way(found[1]), text))


@dataclass(slots=True)
class Tensor:
    """A parameter (`trained`), one that is not to be trained further (not `learns`), or a buffer."""

    array: np.ndarray[Any, Any]
    trained: bool
    learns: bool = True


@dataclass(slots=True, eq=False)
class Place:
    """A module or tensor of the tree; `kind` is the name of its class in the source."""

    parts: dict[str, Place] = field(default_factory=dict)
    made: Made | None = None
    tensor: Tensor | None = None
    methods: list[Method] = field(default_factory=list)
    kind: str = ""
    state: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    ties: list[tuple[str, str]] = field(default_factory=list)
    """Paths below it of what is one module or tensor: that of the second is there for the first too."""

    @property
    def is_class(self) -> bool:
        """Whether it is a class of the file."""
        return self.made is None and self.tensor is None and not self.is_sequential and not self.is_list

    @property
    def is_list(self) -> bool:
        """Whether it is a ModuleList."""
        if self.methods or self.made or self.tensor or not self.parts:
            return False
        return sorted(self.parts) == sorted(map(str, range(len(self.parts)))) and not any(
            part.tensor for part in self.parts.values()
        )

    @property
    def is_sequential(self) -> bool:
        """Whether forward() calls all parts, numbered from 0, one after the other."""
        if not self.parts or len(self.methods) != 1 or len(self.methods[0].chain) != len(self.parts):
            return False
        if self.methods[0].chain != tuple(self.parts) or list(self.parts) != [str(n) for n in range(len(self.parts))]:
            return False
        return not any(part.tensor for part in self.parts.values())

    def at(self, path: str) -> Place:
        """The place at a dotted path, made where there is none."""
        place = self
        for name in filter(None, path.split(".")):
            place = place.parts.setdefault(safe(name), Place())
        return place

    def forms(self) -> tuple[str, ...]:
        """What its methods do, equal for places of one class."""
        return tuple(method.form(self) for method in self.methods)

    def find(self, path: str) -> Place:
        """The place at a path that is there."""
        place = self
        for name in filter(None, path.split(".")):
            place = place.parts[safe(name)]
        return place

    def tied(self) -> dict[str, str]:
        """The statements that make one of what is one, by the paths that they are for."""
        made = {}
        for path, first in self.ties:
            around, _, name = path.rpartition(".")
            owner, target = self.way(around), self.way(path)
            if target.startswith("getattr("):
                made[path] = f'setattr({owner}, "{name}", {self.way(first)})'
            else:
                made[path] = f"{target} = {self.way(first)}"
        return made

    def walk(self, path: str = "") -> Iterator[tuple[str, Place]]:
        """All places with their paths, outer ones first."""
        yield path, self
        for name, part in self.parts.items():
            yield from part.walk(f"{path}.{name}" if path else name)

    def way(self, path: str, start: str = "self") -> str:
        """How one gets to the place at a path below this one."""
        place, text = self, start
        for name in filter(None, path.split(".")):
            name = safe(name)
            if place.is_list or place.is_sequential:
                text = f"{text}[{name}]"
            else:
                text = f"{text}.{name}" if is_identifier(name) else f'getattr({text}, "{name}")'
            place = place.parts.get(name, place)
        return text


def safe(name: str) -> str:
    """The name as an attribute of a module."""
    name = plain(name)
    return f"{name}_" if name in TAKEN or iskeyword(name) or (name.startswith("__") and name.endswith("__")) else name


def state_dict(root: Place) -> dict[str, np.ndarray[Any, Any]]:
    """All tensors by their keys."""
    found: dict[str, np.ndarray[Any, Any]] = {}
    for path, place in root.walk():
        if place.tensor is not None:
            found[path] = place.tensor.array
        for name, array in place.state.items():
            found[f"{path}.{name}"] = array
    return found
