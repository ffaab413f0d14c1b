"""Leave out modules and nodes: what read their result reads what they were given."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from mgeconvert.errors import ConversionError, UsageError
from mgeconvert.ir import Graph, Node, Value

from .names import Names, copied, place
from .select import groups, nodes_in


def delete(graph: Graph, what: Sequence[str], within: Sequence[str] = ()) -> Graph:
    """The graph without these nodes, values' nodes, or modules by path, glob or class, which stand in the modules
    `within`.

    Each has one result and reads one value of the result's type. Raises UsageError for a name that means nothing, and
    ConversionError for what cannot be left out.
    """
    graph = copied(graph)
    names = Names(graph)
    users, given = graph.users(), set(graph.outputs.values())
    single = {node.name for node in graph.nodes}
    inside = nodes_in(graph, within) if within else set(graph.nodes)
    replacements: dict[Value, Value] = {}
    for name in what:
        is_one = name in names.values or name in single
        found = [names.nodes(name)] if is_one else groups(graph, name)
        chosen = [nodes for nodes in found if nodes and inside.issuperset(nodes)]
        if not chosen:
            where = f" in {', '.join(within)}" if within else ""
            raise UsageError(f"{name}: nothing to delete{where}")
        for nodes in chosen:
            old, new = _ends(nodes, users, given)
            replacements[old] = new
    graph.replace(replacements)
    graph.remove_dead_nodes()
    return graph


def _ends(
    nodes: Sequence[Node], users: Mapping[Value, Sequence[Node]], given: Collection[Value]
) -> tuple[Value, Value]:
    """The one value that leaves the nodes, and the one that enters them and can stand for it; `users` are the nodes
    that read each value, `given` what the model gives."""
    own = set(nodes)
    made = dict.fromkeys(value for node in nodes for value in node.outputs)
    leaving = [value for value in made if value in given or not own.issuperset(users.get(value, ()))]
    read = dict.fromkeys(value for node in nodes for value in node.inputs if value is not None)
    entering = [value for value in read if value not in made and not value.is_constant]
    where = place(nodes[0])
    if len(leaving) != 1 or len(entering) != 1:
        raise ConversionError(
            f"{where}: gives {len(leaving)} values and reads {len(entering)}, expected one of each",
            hint='say what stands for it: --replace "NAME => OTHER"',
        )
    old, new = leaving[0], entering[0]
    if (old.dtype, old.shape) != (new.dtype, new.shape):
        raise ConversionError(f"{where}: makes {old.type_text} of {new.type_text}, it cannot be left out")
    return old, new
