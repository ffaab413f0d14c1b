"""What each module of a graph costs: everything that is computed in it, the modules within it included."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .graph import Graph, Node, Value
from .scopes import Scope
from .statistics import is_parameter, operations, running_statistics


@dataclass(frozen=True, slots=True)
class ModuleStatistics:
    """One module: its path, class (empty where the source does not say it) and what it costs.

    `calls` is how often it is called; `weight_bytes` is the size of the constants that are first read in it; `macs` are
    those of all its calls, operators of unknown shape counted as zero.
    """

    path: str
    kind: str
    calls: int
    nodes: int
    parameters: int
    weight_bytes: int
    macs: int


@dataclass(slots=True)
class _Row:
    kind: str = ""
    scopes: set[Scope] = field(default_factory=set)
    nodes: int = 0
    parameters: int = 0
    weight_bytes: int = 0
    macs: int = 0


def module_statistics(graph: Graph) -> tuple[ModuleStatistics, ...]:
    """The top module and every module below it, each before those within it, in the order of their first nodes."""
    rows: dict[str, _Row] = {"": _Row()}
    seen: set[Value] = set()
    for node in graph.nodes:
        fresh = [value for value in node.inputs if value is not None and value.array is not None and value not in seen]
        seen.update(fresh)
        arrays = [value.array for value in fresh if value.array is not None]
        macs, _ = operations(node)
        parameters = sum(array.size for array in arrays if is_parameter(array)) - running_statistics(node)
        for path, kind, scope in modules_of(node):
            row = rows.setdefault(path, _Row())
            row.kind = row.kind or kind
            row.nodes += 1
            row.parameters += parameters
            row.weight_bytes += sum(array.nbytes for array in arrays)
            row.macs += macs or 0
            if scope is not None:
                row.scopes.add(scope)
    return tuple(
        ModuleStatistics(path, row.kind, max(len(row.scopes), 1), row.nodes, row.parameters, row.weight_bytes, row.macs)
        for path, row in sorted(rows.items(), key=_position(rows))
    )


def _position(rows: dict[str, _Row]) -> Callable[[tuple[str, _Row]], list[int]]:
    """A sort key: depth first, siblings in the order of their first nodes."""
    order = {path: number for number, path in enumerate(rows)}

    def key(item: tuple[str, _Row]) -> list[int]:
        return [order[prefix] for prefix in prefixes(item[0])]

    return key


def modules_of(node: Node) -> Iterator[tuple[str, str, Scope | None]]:
    """Path, class and call of every module around a node, the top module first."""
    scope = node.scope
    known: dict[str, tuple[str, Scope]] = {}
    while scope is not None:
        if not _is_function(scope):
            known[dotted(scope.path)] = (scope.kind, scope)
        scope = scope.parent
    path = dotted(node.scope.path) if node.scope is not None else ""
    for prefix in prefixes(path):
        kind, call = known.get(prefix, ("", None))
        yield prefix, kind, call


def _is_function(scope: Scope) -> bool:
    """Whether a scope is the call of a function or method; where its module is not known, one whose name is written as
    functions are: ``relu``, ``__add__``."""
    if scope.parent is not None:
        return scope.parent.path == scope.path
    return (scope.call is None and scope.kind[:1] != scope.kind[:1].upper()) or scope.kind.startswith("_")


def dotted(path: str) -> str:
    """A path of attribute names: of ``/layer1/layer1.0/conv1/Conv``, as PyTorch's exporter names an operator, it is
    ``layer1.0.conv1``."""
    return ["", *exported(path)][-1] if path.startswith("/") else path.replace("/", ".")


def exported(path: str) -> list[str]:
    """The modules around an operator that PyTorch's exporter named, outermost first: ``layer1``, ``layer1.0`` and
    ``layer1.0.conv1`` of ``/layer1/layer1.0/conv1/Conv``. One without a forward, such as a list, is none of them."""
    found: list[str] = []
    dots = ""
    for name in path.split("/")[1:-1]:
        last = dots.rpartition(".")[2]
        whole = f"{last}." if last else ""
        dots = f"{dots}.{name.removeprefix(whole)}" if dots else name
        found.append(dots)
    return found


def prefixes(path: str) -> list[str]:
    """The empty path, ``layer1``, ``layer1.0`` and ``layer1.0.conv1`` of ``layer1.0.conv1``."""
    names = path.split(".") if path else []
    return [".".join(names[:count]) for count in range(len(names) + 1)]
