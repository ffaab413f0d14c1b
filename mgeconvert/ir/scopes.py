"""Where a node was computed: the call of a module, or the one call of a function, method or built-in module in it.

The graph is flat; the tree of calls is in its scopes. `mgeconvert.ir.modules` puts them together to nested calls again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from .values import Value

_TEXT = re.compile(r"(.*) \(([^()]*)\)")


@dataclass(frozen=True, slots=True)
class Attribute:
    """A tensor or module of the module tree as the argument of a call: `path` leads to it from the top module.

    `record` is what the source's format has there. `captured` is set for what hangs nowhere, a constant of the source.
    """

    path: str
    record: Any
    captured: bool = False


@dataclass(slots=True, eq=False)
class Call:
    """One call of the source: `name` is the qualified name of what was called, `args` and `kwargs` are bound arguments.

    Arguments and `results` are structures (tuples, lists, dicts, slices) of values, of `Attribute`s, and of Python
    constants. `number` counts the calls of one module, 0 the first. `names` are what a module calls the values among
    its arguments, in order. `form` is for a target of the source's format only: how that writes the call, what it was
    given and what it gave, both flat; None for a call that an edit made. `made` are the nodes that a leaf was lowered
    to, as they were then (`Made` of the graph); None for the call of a module that has leaves of its own.
    """

    name: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    results: Any = ()
    number: int = 0
    names: tuple[str, ...] = ()
    form: Any = None
    made: tuple[Any, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """A place in the tree of calls, compared by identity: each call has a scope of its own.

    `path` is the module's (``layer1.0.conv1``, empty for the top module); a function's or method's is that of the
    module it was called in. `kind` is the class or the function's last name (``Conv2d``, ``relu``), `parent` the scope
    of the call that contains this one. `call` is None where the source says nothing about arguments.
    """

    path: str
    kind: str = ""
    call: Call | None = None
    parent: Scope | None = None

    @classmethod
    def read(cls, text: str) -> Scope:
        """The scope that ``layer1.0.conv1 (Conv2d)`` describes; a text of another form is a path."""
        found = _TEXT.fullmatch(text)
        return cls("" if found[1] == "model" else found[1], found[2]) if found else cls(text)

    @property
    def text(self) -> str:
        """``layer1.0.conv1 (Conv2d)``; the top module is called ``model``."""
        return f"{self.path or 'model'} ({self.kind})" if self.kind else self.path

    @property
    def is_leaf(self) -> bool:
        """Whether the scope is one call that the source makes of something without scopes of its own."""
        return self.call is not None and self.call.made is not None

    @property
    def chain(self) -> list[Scope]:
        """The scopes from the outermost one to this one."""
        scopes: list[Scope] = []
        scope: Scope | None = self
        while scope is not None:
            scopes.append(scope)
            scope = scope.parent
        return scopes[::-1]


Leaves: TypeAlias = "Iterator[Any]"


def leaves(structure: Any) -> Leaves:
    """What stands in a structure of arguments or results, in order."""
    if isinstance(structure, Mapping):
        structure = structure.values()
    elif isinstance(structure, slice):
        structure = (structure.start, structure.stop, structure.step)
    elif not isinstance(structure, tuple | list):
        yield structure
        return
    for item in structure:
        yield from leaves(item)


def mapped(structure: Any, function: Callable[[Any], Any]) -> Any:
    """The structure with `function` of each of its leaves."""
    if isinstance(structure, Mapping):
        return {key: mapped(item, function) for key, item in structure.items()}
    if isinstance(structure, slice):
        return slice(*(mapped(item, function) for item in (structure.start, structure.stop, structure.step)))
    if type(structure) in (tuple, list):
        return type(structure)(mapped(item, function) for item in structure)
    return function(structure)


def copies(scopes: Sequence[Scope], value: Callable[[Value], Value], made: Callable[[Any], Any]) -> dict[Scope, Scope]:
    """Twins of the scopes and of all around them, over the twins that the functions give."""
    twins: dict[Scope, Scope] = {}

    def leaf(item: Any) -> Any:
        return value(item) if isinstance(item, Value) else item

    for last in scopes:
        for scope in last.chain:
            if scope not in twins:
                twins[scope] = Scope(
                    scope.path, scope.kind, _twin(scope.call, leaf, made), twins[scope.parent] if scope.parent else None
                )
    return twins


def substitute(call: Call, old: Value, new: Value, *, results: bool = True) -> None:
    """Let the call, in place, be one that was given `new` wherever it says `old`, and that gave it with `results`."""

    def leaf(item: Any) -> Any:
        return new if item is old else item

    call.args, call.kwargs = mapped(call.args, leaf), mapped(call.kwargs, leaf)
    if results:
        call.results = mapped(call.results, leaf)
    if call.form is not None:
        form, given, gave = call.form
        call.form = (form, mapped(given, leaf), mapped(gave, leaf) if results else gave)
    if call.made is not None:
        call.made = tuple(replace(was, inputs=mapped(was.inputs, leaf)) for was in call.made)


def _twin(call: Call | None, leaf: Callable[[Any], Any], made: Callable[[Any], Any]) -> Call | None:
    if call is None:
        return None
    args, kwargs, results = (mapped(part, leaf) for part in (call.args, call.kwargs, call.results))
    nodes = None if call.made is None else tuple(map(made, call.made))
    return Call(call.name, args, kwargs, results, call.number, call.names, mapped(call.form, leaf), nodes)
