"""In which module new nodes stand, and how a module is made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mgeconvert.errors import UsageError
from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.scopes import Call, Scope


class Place:
    """Where the nodes of a replacement stand: in the call of a module, or in a new module there.

    `module` is ``neg`` or ``neg:MyNeg``, the name that the new module has in the one around it and its class; empty for
    none. UsageError for a name that cannot be one.
    """

    def __init__(self, graph: Graph, module: str) -> None:
        self.graph = graph
        self.name, _, kind = module.partition(":")
        self.kind = kind or self.name
        if module and not all(part.isidentifier() or part.isdigit() for part in (self.name, self.kind)):
            raise UsageError(f"--as {module}: is no name of a module", hint="write it as --as neg or --as neg:MyNeg")
        self._top = next((scope for scope in graph.calls if scope.parent is None), None)

    def new(self, around: Scope | None, kind: str) -> Scope:
        """The scope of new nodes in the module call `around` (None: the top one)."""
        parent = around if around is not None else self._top
        path = parent.path if parent is not None else ""
        if not self.name:
            return Scope(path, kind, None, parent)
        below = f"{path}.{self.name}" if path else self.name
        call = Call(self.kind) if self.graph.calls else None
        return Scope(below, kind, None, Scope(below, self.kind, call, parent))

    def finish(self, b: Builder, scope: Scope, nodes: Sequence[Node], result: Value) -> None:
        """Say what the new module of these nodes is called with and what it gives."""
        call = scope.parent.call if self.name and scope.parent is not None else None
        if any(result in node.outputs for node in nodes) and self.name:
            b.rename(result, f"{scope.path}_out")
        if call is None:
            return
        made = {value for node in nodes for value in node.outputs}
        read = dict.fromkeys(value for node in nodes for value in node.inputs if value is not None)
        call.args = tuple(value for value in read if value not in made and not value.is_constant)
        call.names = tuple(value.name.rpartition(".")[2] for value in call.args)
        call.results = result


def all_scopes(graph: Graph) -> Iterator[Scope]:
    """The scopes of the source's calls, and those that edits have made, each once."""
    seen: set[Scope] = set()
    for scope in (*graph.calls, *(node.scope for node in graph.nodes if node.scope is not None)):
        for each in scope.chain:
            if each not in seen:
                seen.add(each)
                yield each
