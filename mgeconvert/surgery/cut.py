"""Where a graph begins and ends: cut it, add end points, drop outputs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from mgeconvert.errors import UsageError
from mgeconvert.ir import Graph, Namer, Value

from .names import Names, copied, listed, place, public
from .structures import Structure, is_nested, names_in, note


def cut(graph: Graph, inputs: str | Sequence[str] | None = None, outputs: Structure | None = None) -> Graph:
    """The part of the graph from `inputs` to `outputs` (None: those it has).

    `outputs` are names, or a structure of tuples, lists and dicts of names, in which a TracedModule returns them. A
    module's name means, as an input, what the module reads, as an output, what leaves it. Raises UsageError for
    unknown names, for an input that is still needed and not named, and for one that nothing needs.
    """
    graph = copied(graph)
    names = Names(graph)
    ends = dict(graph.outputs) if outputs is None else _ends(graph, names, outputs)
    starts = dict(graph.inputs) if inputs is None else _named(graph.inputs, listed(inputs), names.entering)
    graph.outputs = ends
    if outputs is not None:
        note(graph, outputs)
    _detach(graph, set(starts.values()))
    _check_bound(graph, starts, named=inputs is not None)
    graph.inputs = starts
    drop_unread(graph)
    return graph


def add_outputs(graph: Graph, names: str | Sequence[str]) -> Graph:
    """More outputs (end points), after those there are."""
    graph = copied(graph)
    graph.outputs |= _named(graph.outputs, listed(names), Names(graph).leaving, set(graph.inputs.values()))
    note(graph, None)
    return graph


def drop_outputs(graph: Graph, names: str | Sequence[str]) -> Graph:
    """Without these outputs, and without what only they needed, inputs among it. UsageError when none would be left."""
    names = listed(names)
    public("output", names, list(graph.outputs))
    graph = copied(graph)
    graph.outputs = {name: value for name, value in graph.outputs.items() if name not in names}
    if not graph.outputs:
        raise UsageError(f"{', '.join(names)}: a model needs an output, all would be dropped")
    note(graph, None)
    drop_unread(graph)
    return graph


def _ends(graph: Graph, names: Names, outputs: Structure) -> dict[str, Value]:
    """The outputs of a structure; in one that is nested each name means one value."""
    wanted, inputs = list(names_in(outputs)), set(graph.inputs.values())
    found = _named(graph.outputs, wanted, names.leaving, inputs)
    if is_nested(outputs) and len(found) != len(wanted):
        several = next((name for name in wanted if name not in graph.outputs and len(names.leaving(name)) != 1), "")
        said = f"{several}: gives more than one value" if several else "one value is named twice"
        raise UsageError(f"--outputs: {said}, expected one value for each name", hint="name values")
    return found


def _named(
    there: Mapping[str, Value],
    wanted: Sequence[str],
    find: Callable[[str], Sequence[Value]],
    inputs: Collection[Value] = (),
) -> dict[str, Value]:
    """The values that the wanted names mean, under the public names they have, else under their own; an output that is
    one of the `inputs` is called ``x_out``."""
    known = {value: name for name, value in there.items()}
    free = Namer([*there, *(value.name for value in inputs)])
    found: dict[str, Value] = {}
    for name in wanted:
        if name in there:
            found[name] = there[name]
            continue
        for value in find(name):
            if value not in found.values():
                found[known.get(value) or free(f"{value.name}_out" if value in inputs else value.name)] = value
    return found


def _detach(graph: Graph, starts: set[Value]) -> None:
    """Let the starts be computed by nobody, and drop what the outputs do not need then."""
    live = set(graph.outputs.values())
    kept = []
    for node in reversed(graph.nodes):
        made = [value for value in node.outputs if value in live and value not in starts]
        if made:
            live.update(value for value in node.inputs if value is not None)
            kept.append(node)
            for index, value in enumerate(node.outputs):
                if value in starts:
                    node.outputs[index] = Value(f"{value.name}_unused", value.dtype, value.shape)
    graph.nodes = kept[::-1]


def drop_unread(graph: Graph) -> None:
    """Drop the nodes and inputs that no output needs, in place."""
    graph.remove_dead_nodes()
    used = graph.use_counts()
    graph.inputs = {name: value for name, value in graph.inputs.items() if value in used}


def _check_bound(graph: Graph, starts: Mapping[str, Value], *, named: bool) -> None:
    if not named:
        return
    bound, used = set(starts.values()), graph.use_counts()
    for name, value in graph.inputs.items():
        if value in used and value not in bound:
            reader = next((place(node) for node in graph.nodes if value in node.inputs), "an output")
            listed = ",".join([*starts, name])
            raise UsageError(
                f"input {name} is still needed, by {reader}, and is not among the inputs to cut at",
                hint=f"say --inputs {listed}, or cut at values that everything before the outputs goes through",
            )
    for name, value in starts.items():
        if value not in used:
            raise UsageError(f"input {name}: no output depends on it", hint="name an output behind it with --outputs")
        if value in graph.outputs.values():
            raise UsageError(f"input {name}: is an output too, nothing is left between them")
        if value.dtype is None or value.shape is None:
            raise UsageError(f"input {name}: its type {value.type_text} is not known", hint="cut at another value")
