"""The values that two graphs have in common, and the first of them that is computed differently.

Values are matched by name, the others by how they are computed: equal operators, attributes and types of constants over
matched operands, in the order in which they stand. Both graphs are computed in onnxruntime on the same inputs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.statistics import elements

from .asking import run_graph
from .divergence import difference
from .model_diff import paired

CHUNK = 1 << 26
"""How many elements of values are computed at once."""
QUANTIZING = ("QuantizeLinear", "DynamicQuantizeLinear")


@dataclass(frozen=True, slots=True)
class FirstDifference:
    """A value of A and its match in B that differ, by how much relative to B's largest number, and where in A it is
    computed; all that was matched before is the same. `unmatched` are values that it is computed from and that B has
    not."""

    a: str
    b: str
    place: str
    op: str
    error: float
    unmatched: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """One line."""
        other = "" if self.a == self.b else f" ({self.b} in B)"
        text = f"{self.a}{other}, computed at {self.place} by {self.op}, is the first to differ, by {self.error:.3g}"
        return f"{text}; it reads {', '.join(self.unmatched)}, without a match in B" if self.unmatched else text


def pairs(a: Graph, b: Graph) -> list[tuple[Value, Value]]:
    """Matched computed values, in the order of A."""
    names = {value.name: value for node in b.nodes for value in node.outputs}
    kinds = defaultdict(list)
    known: dict[Value, Any] = {}
    ends = [(name_a, name_b) for name_a, name_b in paired(list(a.inputs), list(b.inputs)) if name_a and name_b]
    keys_a: dict[Value, Any] = {a.inputs[one]: ("input", number) for number, (one, _) in enumerate(ends)}
    known.update({b.inputs[other]: ("input", number) for number, (_, other) in enumerate(ends)})
    for node in b.nodes:
        for value, key in _keys(node, known):
            known[value] = key
            kinds[key].append(value)
    ours = {value.name for node in a.nodes for value in node.outputs}
    found: list[tuple[Value, Value]] = []
    taken: set[Value] = set()
    for node in a.nodes:
        for value, key in _keys(node, keys_a):
            keys_a[value] = key
            by_name = names.get(value.name)
            match = by_name if by_name is not None and _fit(value, by_name) else None
            if match is None:
                alike = [each for each in kinds.get(key, ()) if each not in taken]
                match = next((each for each in alike if each.name not in ours), None)
            if match is not None and match not in taken and _fit(value, match):
                taken.add(match)
                found.append((value, match))
                keys_a[value] = known[match]
    return found


def first_difference(
    a: Graph, b: Graph, feeds: Mapping[str, np.ndarray], limit: float
) -> tuple[int, FirstDifference | None]:
    """How many matched values were computed, and the first in the order of A that differs by more than the limit.

    `feeds` are for A, by its names. Errors as of onnxruntime.
    """
    names = dict(paired(list(a.inputs), list(b.inputs)))
    inputs_b = {names[name]: array for name, array in feeds.items() if names.get(name)}
    makers = a.producers()
    matches = pairs(a, b)
    matched = {one for one, _ in matches}
    wanted = [each for each in matches if makers[each[0]].op not in QUANTIZING]
    count = 0
    for chunk in _chunks(wanted):
        ours, theirs = _values(a, [one for one, _ in chunk], feeds), _values(b, [other for _, other in chunk], inputs_b)
        for number, (one, other) in enumerate(chunk):
            count += 1
            error = difference(ours[number], theirs[number])
            if not error <= limit:
                node = makers[one]
                lost = (v.name for v in node.inputs if v is not None and v in makers and v not in matched)
                place = node.origin or node.name
                return count, FirstDifference(one.name, other.name, place, node.op, error, tuple(lost))
    return count, None


def _keys(node: Node, known: Mapping[Value, Any]) -> Iterator[tuple[Value, Any]]:
    """What is the same for values that are computed alike."""
    read = tuple(None if value is None else known.get(value) or _constant(value) for value in node.inputs)
    attrs = tuple(sorted((name, _plain(value)) for name, value in node.attrs.items()))
    for number, value in enumerate(node.outputs):
        yield value, hash((node.domain, node.op, read, attrs, number))


def _constant(value: Value) -> tuple[str, str]:
    return ("constant" if value.is_constant else "unmatched", value.type_text)


def _plain(value: Any) -> str:
    return f"{value.dtype}{value.shape}" if isinstance(value, np.ndarray) else repr(value)


def _fit(one: Value, other: Value) -> bool:
    """Whether two values can be compared."""
    if one.dtype is None or one.dtype != other.dtype or one.shape is None or other.shape is None:
        return False
    sizes = zip(one.shape, other.shape, strict=False)
    return one.rank == other.rank and all(a == b or isinstance(a, str) or isinstance(b, str) for a, b in sizes)


def _chunks(wanted: Sequence[tuple[Value, Value]]) -> Iterator[list[tuple[Value, Value]]]:
    chunk: list[tuple[Value, Value]] = []
    size = 0
    for pair in wanted:
        size += elements(pair[0]) or 0
        if chunk and size > CHUNK:
            yield chunk
            chunk, size = [], elements(pair[0]) or 0
        chunk.append(pair)
    if chunk:
        yield chunk


def _values(graph: Graph, values: Sequence[Value], feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """The values, as onnxruntime computes them."""
    outputs = {f"probe_{number}": value for number, value in enumerate(values)}
    probe = Graph(graph.name, dict(graph.inputs), outputs, list(graph.nodes), domains=graph.domains)
    probe.remove_dead_nodes()
    used = probe.use_counts()
    probe.inputs = {name: value for name, value in graph.inputs.items() if value in used}
    found = run_graph(probe, {name: feeds[name] for name in probe.inputs})
    return list(found.values())
