"""Rewrites a TracedModule pickle of MegEngine 1.13 into the form another version wrote, without MegEngine.

The differences are those that megengine/traced_module/compat.py of MegEngine 1.13 undoes. A pickle is loaded with a
stand-in class for every name of MegEngine's, changed, and pickled again under the old names.
"""

from __future__ import annotations

import copy
import copyreg
import functools
import io
import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

OLDEST = "1.6.0"
NODES = ("TensorNode", "ModuleNode")
STEPS = ("CallFunction", "CallMethod", "Apply")


class Thing:
    """An instance of some class of MegEngine: what it was made with and its state."""

    def __new__(cls, *made_with: Any) -> Thing:
        thing = object.__new__(cls)
        thing.made_with, thing.state = made_with, None
        return thing

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __reduce__(self) -> tuple[Any, ...]:
        return copyreg.__newobj__, (type(self), *self.made_with), self.state  # type: ignore[attr-defined]


@functools.cache
def stand_in(module: str, name: str) -> type[Thing]:
    return type(name, (Thing,), {"__module__": module})


class Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return stand_in(module, name) if module.startswith("megengine") else super().find_class(module, name)


class Writer(pickle._Pickler):  # type: ignore[name-defined, misc]
    """Names stand-ins without importing anything."""

    def save_global(self, obj: Any, name: str | None = None) -> None:
        if not (isinstance(obj, type) and issubclass(obj, Thing)):
            return super().save_global(obj, name)
        self.save(obj.__module__)
        self.save(obj.__name__)
        self.write(pickle.STACK_GLOBAL)
        self.memoize(obj)
        return None

    dispatch: ClassVar = {**pickle._Pickler.dispatch, type: lambda self, obj: self.save_type(obj)}  # type: ignore[attr-defined]


@contextmanager
def deep() -> Iterator[None]:
    """Graphs nest a level or more with every operator."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def rewritten(model: bytes, change: Callable[[list[Thing]], None]) -> bytes:
    """The pickle after `change` has changed its things, which it gets in the order they are met."""
    with deep():
        root = Reader(io.BytesIO(model)).load()
        change(list(things(root)))
        stream = io.BytesIO()
        Writer(stream, 4).dump(root)
    return stream.getvalue()


def things(root: Any) -> Iterator[Thing]:
    """Every thing once."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, Thing):
            yield item
            waiting += [item.made_with, item.state]
        elif isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple):
            waiting += item


def kind(thing: Thing) -> str:
    return type(thing).__name__


def function(step: Thing) -> str:
    """``megengine.functional.nn.conv2d``, empty for other steps."""
    return ".".join(step.state["func"]) if kind(step) == "CallFunction" else ""


Argument = tuple[Thing, list[Any]]
"""A subtree of the arguments' structure and its leaves."""


class Arguments:
    """The arguments of a call, to be moved about: `args` and `kwargs` of subtrees with their leaves."""

    def __init__(self, step: Thing) -> None:
        self.step = step
        leaves = list(step.state["inputs"])
        for place, value in step.state["const_val"]:
            leaves.insert(place, value)
        rest = iter(leaves)
        self.tree = copy.copy(step.state["arg_def"])
        positional, keyword = step.state["arg_def"].state["children_defs"]
        self.args = [_taken(child, rest) for child in positional.state["children_defs"]]
        names = keyword.state["aux_data"]
        self.kwargs = {
            name: _taken(child, rest) for name, child in zip(names, keyword.state["children_defs"], strict=True)
        }

    def store(self) -> None:
        """Put the arguments back into the call."""
        positional, keyword = (copy.copy(child) for child in self.tree.state["children_defs"])
        names = sorted(self.kwargs)
        chosen = [self.kwargs[name] for name in names]
        positional.state = _with_children(positional, [tree for tree, _ in self.args])
        keyword.state = _with_children(keyword, [tree for tree, _ in chosen], tuple(names))
        root = copy.copy(self.tree)
        root.state = _with_children(root, [positional, keyword])
        leaves = [leaf for _, part in (*self.args, *chosen) for leaf in part]
        places = [place for place, leaf in enumerate(leaves) if not (isinstance(leaf, Thing) and kind(leaf) in NODES)]
        self.step.state["inputs"] = [leaf for place, leaf in enumerate(leaves) if place not in places]
        self.step.state["const_val"] = [(place, leaves[place]) for place in places]
        self.step.state["arg_def"] = root

    def constant(self, value: Any) -> Argument:
        """A new argument that is no tensor."""
        leaf = stand_in("megengine.traced_module.pytree", "LeafDef")()
        leaf.state = {"type": (type(value),), "aux_data": None, "children_defs": [], "num_leaves": 1, "const_val": None}
        return leaf, [value]


def _taken(tree: Thing, leaves: Iterator[Any]) -> Argument:
    return tree, [next(leaves) for _ in range(tree.state["num_leaves"])]


def _with_children(tree: Thing, children: list[Thing], keys: Any = None) -> dict[str, Any]:
    state = {
        **tree.state,
        "children_defs": children,
        "num_leaves": sum(child.state["num_leaves"] for child in children),
    }
    return state if keys is None else {**state, "aux_data": list(keys)}


def positional(*names: str) -> Callable[[Arguments], None]:
    """Keyword arguments that were positional."""

    def change(call: Arguments) -> None:
        call.args += [call.kwargs.pop(name) for name in names]

    return change


def without(place: int) -> Callable[[Arguments], None]:
    """A padding that there was not; a call that needs it stays as it is."""

    def change(call: Arguments) -> None:
        if not any(call.args[place][1]):
            del call.args[place]

    return change


def misspelt_pad(call: Arguments) -> None:
    source, widths, mode, value = call.args
    call.args, call.kwargs = [source], {"pad_witdth": widths, "mode": mode, "constant_value": value}


def more_of_batch_norm(call: Arguments) -> None:
    call.kwargs |= {"compute_mode": call.constant("default"), "param_dim": call.constant("dim_1c11")}


def sixth_of_matmul(call: Arguments) -> None:
    call.args.append(call.constant("default"))


def default_order(call: Arguments) -> None:
    """The order was ascending where it was not given."""
    if [leaves for _, leaves in call.args[2:]] == [[False], [False], [False]]:
        del call.args[2:]


FUNCTIONS: dict[str, tuple[tuple[int, ...], Callable[[Arguments], None]]] = {
    "megengine.functional.tensor.arange": ((1, 7, 0), positional("dtype", "device")),
    "megengine.functional.tensor.linspace": ((1, 7, 0), positional("dtype", "device")),
    "megengine.functional.tensor.full": ((1, 7, 0), positional("dtype", "device")),
    "megengine.functional.tensor.ones": ((1, 7, 0), positional("dtype", "device")),
    "megengine.functional.tensor.zeros": ((1, 7, 0), positional("dtype", "device")),
    "megengine.functional.nn.conv_transpose2d": ((1, 8, 2), without(5)),
    "megengine.functional.nn.conv_transpose3d": ((1, 8, 2), without(5)),
    "megengine.functional.quantized.conv_transpose2d": ((1, 8, 2), without(6)),
    "megengine.functional.nn.pad": ((1, 7, 0), misspelt_pad),
    "megengine.functional.nn.batch_norm": ((1, 8, 2), more_of_batch_norm),
    "megengine.functional.math.matmul": ((1, 8, 2), sixth_of_matmul),
    "megengine.functional.math.topk": ((1, 12, 0), default_order),
}
"""Function: the last of our versions that is taken to have had the other arguments, and what they were."""


def in_form_of(version: str | None, model: bytes) -> bytes:
    """The file as that version wrote it; None for MegEngine 1.6, which wrote no version."""
    numbers = tuple(map(int, (version or OLDEST).split(".")))

    def change(everything: list[Thing]) -> None:
        for thing in everything:
            if kind(thing) in STEPS:
                _step(thing, version, numbers)
            elif kind(thing) == "_ModuleState":
                _module(thing.state["state"], numbers)
                thing.state["version"] = version
            elif kind(thing) in NODES and version is None:
                thing.state["_orig_name"] = thing.state.pop("_qualname")

    return rewritten(model, change)


def _step(step: Thing, version: str | None, numbers: tuple[int, ...]) -> None:
    until, change = FUNCTIONS.get(function(step), ((0,), None))
    if change is not None and numbers <= until:
        arguments = Arguments(step)
        change(arguments)
        arguments.store()
    step.state["version"] = version
    if version is None:
        del step.state["version"]
        _first_form(step)


def _first_form(step: Thing) -> None:
    """Functions were globals, operators had another key, and BatchNorm five outputs."""
    if kind(step) == "CallFunction":
        step.state["func"] = stand_in(*step.state["func"])
    elif kind(step) == "Apply":
        fields = step.state.pop("opdef_state")
        operator = fields.pop("opdef_type")
        step.state["opdef"] = {**fields, "type": operator, "version": OLDEST}
        if operator.__name__ == "BatchNorm" and len(step.state["outputs"]) == 6:
            del step.state["outputs"][4]


def _module(attributes: dict[str, Any], numbers: tuple[int, ...]) -> None:
    """Convolutions had no padding mode, batch normalization had the layout of its parameters."""
    if numbers > (1, 8, 2):
        return
    if attributes.get("padding_mode") == "zeros":
        del attributes["padding_mode"]
    if "running_mean" in attributes:
        attributes["param_dim"] = "dim_1c11"


def of_development(model: bytes) -> bytes:
    """The last development tree gave tensors seven arguments."""

    def change(everything: list[Thing]) -> None:
        for thing in everything:
            if kind(thing) in ("Tensor", "Parameter"):
                thing.made_with = (*thing.made_with, False, False, None, "default")  # type: ignore[attr-defined]

    return rewritten(model, change)
