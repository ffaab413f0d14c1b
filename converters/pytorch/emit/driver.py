"""IR graph to network: walks the tree of calls, one forward() per module, and collects what has no torch form."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mgeconvert.compose.driver import composed
from mgeconvert.errors import Problem
from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.families import FAMILIES
from mgeconvert.ir.modules import Body, nested
from mgeconvert.ir.scopes import Attribute, Scope, leaves
from mgeconvert.ir.whole_calls import with_whole_calls

from .bodies import BodyWriter
from .built_in import PREFIX, path_of_weight, spread
from .dotted import dot_paths
from .elementwise import CALL_INFIX
from .matmul import TAKES_WEIGHTS
from .quantization.grids import without_integers
from .refused import LACKING
from .shared import share, view
from .table import CALLS, EMITTERS
from .text import identifier, marked
from .tree import Made, Place, Tensor, safe

BUFFERS = ("running_mean", "running_var", "num_batches_tracked")


def load_tables() -> None:
    """Import the file of every family, so that the tables are complete."""
    here = importlib.import_module(__package__)
    found = {module.name for module in pkgutil.iter_modules(here.__path__)}
    for family in FAMILIES:
        if family in found:
            importlib.import_module(f"{__package__}.{family}")


@dataclass(slots=True)
class Network:
    """What is written: the top module's place, its class name, and what could not be expressed."""

    root: Place
    name: str
    problems: list[Problem] = field(default_factory=list)
    dequantized: bool = False


def network(graph: Graph) -> Network:
    """The network of a graph, which stays as it is. What torch lacks is composed where that leaves less to refuse."""
    load_tables()
    made = _network(graph)
    if not made.problems:
        return made
    other = _network(composed(graph, EMITTERS, LACKING))
    return other if len(other.problems) < len(made.problems) else made


def _network(graph: Graph) -> Network:
    declined: set[Scope] = set()
    while True:
        driver = Driver(graph, declined)
        made = driver.run()
        if driver.declined <= declined:
            return made
        declined |= driver.declined


def _is_wanted(scope: Scope, declined: set[Scope]) -> bool:
    """Whether a call of the source is written itself: a handler knows it, and has not declined it before."""
    call = scope.call
    if call is None or call.name not in CALLS or scope in declined:
        return False
    args = call.args[1:] if call.name.startswith(PREFIX) else call.args
    attributes = [item for item in leaves((args, call.kwargs)) if isinstance(item, Attribute)]
    if attributes and not (call.name in TAKES_WEIGHTS and all(map(_is_plain, attributes))):
        return False
    if call.name in CALL_INFIX:
        results = [item for item in leaves(call.results) if isinstance(item, Value)]
        return all(value.rank in (0, 1) and value.dtype is not None and value.dtype.kind == "i" for value in results)
    return True


def _is_plain(attribute: Attribute) -> bool:
    """Whether it is a tensor of numpy's types."""
    array = getattr(attribute.record, "array", None)
    return array is not None and bool(attribute.record.dtype == array.dtype)


class Driver:
    """One graph on its way to source. `declined` are calls of the source that are written as they were lowered."""

    def __init__(self, graph: Graph, declined: set[Scope]) -> None:
        self.source = graph
        self.declined: set[Scope] = set()
        wanted = functools.partial(_is_wanted, declined=declined)
        self.graph = with_whole_calls(graph, wanted) if graph.calls else graph.copy()
        self.graph.remove_dead_nodes()
        spread(self.graph)
        dot_paths(self.graph)
        self.dequantized = without_integers(self.graph, self.record)
        self.root = Place()
        self.problems: list[Problem] = []
        self._tensors: dict[tuple[str, int], str] = {}

    def run(self) -> Network:
        """Write all bodies from the top module's on."""
        name = self.graph.metadata.get("megengine.name") or self.graph.name
        name = identifier(name if name not in ("main", "") else "Net")
        top = nested(self.graph)
        for inner in reversed(list(top.bodies())[1:]):
            _prune(inner)
        self.root.kind = name[:1].upper() + name[1:]
        self.body(top)
        self._drop_unread()
        share(self.root, self.record)
        return Network(self.root, self.root.kind, self.problems, self.dequantized)

    def body(self, body: Body, sizes: Mapping[Value, str] | None = None) -> tuple[list[Value], str]:
        """Write a body; returns the values it wants and the name of its method. `sizes` are those of its arguments that
        are Python ints."""
        place = self.root.at(body.path)
        scope = body.scope
        if scope is not None and scope.call is not None and scope.call.name.startswith(PREFIX):
            place.kind = scope.kind
        writer = BodyWriter(self, body, sizes or {})
        method = writer.method()
        wanted = [value for value in dict.fromkeys(body.arguments) if value is not None and not value.is_constant]
        for number, known in enumerate(place.methods):
            if known == method:
                return wanted, _method_name(number)
        place.methods.append(method)
        return wanted, _method_name(len(place.methods) - 1)

    def _drop_unread(self) -> None:
        """Leave out the tensors that a handler asked for and then wrote as numbers."""
        for (home, _), path in self._tensors.items():
            place = self.root.find(home)
            if not any(marked(path) in text for method in place.methods for text in (*method.lines, method.result)):
                around, _, name = path.rpartition(".")
                place.find(around).parts.pop(name, None)

    def below(self, path: str, inner: str) -> str:
        """The path of a module from the module at `path`; what hangs elsewhere gets a name below it."""
        if not path:
            return inner
        return inner[len(path) + 1 :] if inner.startswith(f"{path}.") else inner.rpartition(".")[2]

    def hang_tensor(self, home: str, value: Value) -> str:
        """Where a constant hangs below the module at `home`."""
        assert value.array is not None
        key = (home, id(value.array))
        if key not in self._tensors:
            inside = value.name.startswith(f"{home}.") if home else True
            known = self.record(value.name)
            names = (
                value.name
                if inside and known is not None
                else identifier(value.name.replace("/", ".").rpartition(".")[2])
            )
            if inside and known is not None and home:
                names = value.name[len(home) + 1 :]
            trained = bool(getattr(known, "is_parameter", False)) and value.array.dtype.kind == "f"
            self._tensors[key] = self._free(home, names, Place(tensor=Tensor(value.array, trained)))
        return self._tensors[key]

    def hang_module(self, home: str, node: Node, made: Made, state: Mapping[str, Any]) -> str:
        """Where a built-in module hangs below the module at `home`; an equal one that is there already is the same."""
        scope = node.scope
        path = scope.path if scope is not None and scope.is_leaf else ""
        if not path or path == home:
            path = path_of_weight(node) or identifier(node.name.rpartition("/")[2] or node.op).lower()
        relative = self.below(home, path)
        return self._free(home, relative, Place(made=made, state=dict(state)))

    def _free(self, home: str, wanted: str, thing: Place) -> str:
        wanted = ".".join(safe(name) for name in wanted.split("."))
        path, number = wanted, 1
        while True:
            around, _, name = path.rpartition(".")
            parent = self.root.at(".".join(filter(None, (home, around))))
            there = parent.parts.get(name)
            if parent.made is not None and thing.tensor is not None and _is(parent.state.get(name), thing.tensor.array):
                return path
            if (parent.made is None and parent.tensor is None) and (there is None or _same(there, thing)):
                parent.parts.setdefault(name, thing)
                return path
            number += 1
            path = f"{wanted.replace('.', '_')}_{number}"

    def record(self, path: str) -> Any:
        """What the source has at a path."""
        record = self.source.root
        for name in path.split("."):
            attributes = getattr(record, "attributes", None)
            record = attributes.get(name) if isinstance(attributes, dict) else None
        return record


def _prune(body: Body) -> None:
    """Leave out the arguments that a body does not read."""
    read = {value for step in body.steps for value in (step.arguments if isinstance(step, Body) else step.inputs)}
    read.update(body.results)
    body.arguments = [value if value in read else None for value in body.arguments]


def _method_name(number: int) -> str:
    return f"forward_{number + 1}" if number else "forward"


def _same(one: Place, other: Place) -> bool:
    if one.parts or one.methods or one.made != other.made or one.state.keys() != other.state.keys():
        return False
    if (one.tensor is None) != (other.tensor is None):
        return False
    if one.tensor is not None and other.tensor is not None:
        return one.tensor.array is other.tensor.array
    return all(array is other.state[name] or _equal(array, other.state[name]) for name, array in one.state.items())


def _is(one: Any, other: Any) -> bool:
    """Whether two arrays are the same bytes in the same form."""
    return one is not None and view(one) == view(other)


def _equal(one: Any, other: Any) -> bool:
    return bool(one.shape == other.shape and one.dtype == other.dtype and (one == other).all())
