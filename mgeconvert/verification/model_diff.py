"""What is different between two models, as graphs: inputs and outputs, operators, parameters, structure by module."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mgeconvert.ir import Graph, Value
from mgeconvert.ir.statistics import is_parameter
from mgeconvert.ir.tree_statistics import ModuleStatistics, dotted, module_statistics, modules_of

SAME, CHANGED, ONLY_A, ONLY_B = "same", "changed", "only in A", "only in B"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing of A and of B: its name, what it is in each (empty: it is not there), and how they compare."""

    name: str
    a: str
    b: str
    state: str


@dataclass(frozen=True, slots=True)
class ModelDiff:
    """All rows by kind, those that are the same too. `matched` are modules of A by path, with the one of B."""

    inputs: tuple[Row, ...]
    outputs: tuple[Row, ...]
    operators: tuple[Row, ...]
    shapes: tuple[Row, ...]
    parameters: tuple[Row, ...]
    modules: tuple[Row, ...]
    matched: Mapping[str, str]

    def kinds(self) -> dict[str, tuple[Row, ...]]:
        """The rows by what they are of."""
        return {
            "inputs": self.inputs, "outputs": self.outputs, "operators": self.operators, "shapes": self.shapes,
            "parameters": self.parameters, "modules": self.modules,
        }  # fmt: skip

    def changed(self, kind: str) -> list[Row]:
        """The rows of a kind that are not the same."""
        return [row for row in self.kinds()[kind] if row.state != SAME]


def model_diff(a: Graph, b: Graph) -> ModelDiff:
    """Compare two graphs. Ends are matched by name, or by position where no name agrees; values and parameters by name,
    parameters also by what they hold; modules by path, the others by their shape (operators and sizes of results)."""
    modules, matched = _modules(a, b)
    return ModelDiff(
        _ends(a.inputs, b.inputs),
        _ends(a.outputs, b.outputs),
        _operators(a, b),
        _shapes(a, b),
        _parameters(a, b),
        modules,
        matched,
    )


def state_of(a: str, b: str) -> str:
    """How two texts compare, of which one may be empty."""
    return SAME if a == b else ONLY_A if not b else ONLY_B if not a else CHANGED


def paired(a: Sequence[str], b: Sequence[str]) -> list[tuple[str, str]]:
    """Names of A with the names of B: equal ones, and by position where none is equal; an empty text for none."""
    if not set(a) & set(b):
        rest = [""] * (max(len(a), len(b)))
        return list(zip([*a, *rest][: len(rest)], [*b, *rest][: len(rest)], strict=True))
    return [*((name, name if name in b else "") for name in a), *(("", name) for name in b if name not in a)]


def _ends(a: Mapping[str, Value], b: Mapping[str, Value]) -> tuple[Row, ...]:
    rows = []
    for one, other in paired(list(a), list(b)):
        x, y = (f"{name}: {ends[name].type_text}" if name else "" for name, ends in ((one, a), (other, b)))
        rows.append(Row(one or other, x, y, state_of(x, y)))
    return tuple(rows)


def _operators(a: Graph, b: Graph) -> tuple[Row, ...]:
    counts = [Counter(f"{n.domain}::{n.op}" if n.domain else n.op for n in graph.nodes) for graph in (a, b)]
    rows = []
    for op in sorted({*counts[0], *counts[1]}):
        x, y = (str(each[op]) if each[op] else "" for each in counts)
        rows.append(Row(op, x, y, state_of(x, y)))
    return tuple(rows)


def _shapes(a: Graph, b: Graph) -> tuple[Row, ...]:
    """Computed values of one name."""
    ends = {*a.inputs.values(), *a.outputs.values()}
    there = {value.name: value for value in b.values() if not value.is_constant}
    both = [value for value in a.values() if not value.is_constant and value not in ends and value.name in there]
    pairs = [(value.name, value.type_text, there[value.name].type_text) for value in both]
    return tuple(Row(name, one, other, state_of(one, other)) for name, one, other in pairs)


def _parameters(a: Graph, b: Graph) -> tuple[Row, ...]:
    ours, theirs = ({v.name: v.array for v in g.constants() if v.array is not None} for g in (a, b))
    rest = defaultdict(list)
    for name, array in theirs.items():
        if name not in ours:
            rest[_content(array)].append(name)
    rows = []
    moved: set[str] = set()
    for name, array in ours.items():
        other = theirs.get(name)
        if other is not None:
            rows.append(_compared(name, array, other))
        elif is_parameter(array) and (names := rest.get(_content(array))):
            moved.add(names[0])
            rows.append(Row(name, _type(array), f"{names.pop(0)}: {_type(array)}", SAME))
        else:
            rows.append(Row(name, _type(array), "", ONLY_A))
    rows += [Row(n, "", _type(v), ONLY_B) for n, v in theirs.items() if n not in ours and n not in moved]
    return tuple(rows)


def _compared(name: str, a: np.ndarray, b: np.ndarray) -> Row:
    one, other = _type(a), _type(b)
    if one != other or np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
        return Row(name, one, other, state_of(one, other))
    if a.dtype.kind not in "fiub":
        return Row(name, one, other, CHANGED)
    error = np.abs(a.astype(np.float64) - b.astype(np.float64)).max()
    return Row(name, one, f"{other}, by up to {error:.3g}", CHANGED)


def _type(array: np.ndarray) -> str:
    return Value("", array=array).type_text


def _content(array: np.ndarray) -> tuple[str, tuple[int, ...], int]:
    return (array.dtype.str, array.shape, hash(array.tobytes()))


def _modules(a: Graph, b: Graph) -> tuple[tuple[Row, ...], dict[str, str]]:
    ours, theirs = ({row.path: row for row in module_statistics(graph)} for graph in (a, b))
    shapes_a, shapes_b = _module_shapes(a), _module_shapes(b)
    by_shape: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for path in theirs:
        if path not in ours:
            by_shape[shapes_b[path]].append(path)
    rows: list[Row] = []
    matched: dict[str, str] = {}
    for path, row in ours.items():
        found = path if path in theirs else None
        if found is None and by_shape.get(shapes_a[path]):
            found = by_shape[shapes_a[path]].pop(0)
        if found is None:
            rows.append(Row(path or "model", _module(row), "", ONLY_A))
            continue
        matched[path] = found
        other = _module(theirs[found])
        state = SAME if shapes_a[path] == shapes_b[found] else CHANGED
        rows.append(Row(path or "model", _module(row), other if found == path else f"{found}: {other}", state))
    taken = set(matched.values())
    rows += [Row(path or "model", "", _module(row), ONLY_B) for path, row in theirs.items() if path not in taken]
    return tuple(rows), matched


def _module(row: ModuleStatistics) -> str:
    return f"{row.kind or '?'}, {row.nodes} node{'' if row.nodes == 1 else 's'}, {row.parameters:,} parameters"


def _module_shapes(graph: Graph) -> dict[str, tuple[str, ...]]:
    """The operators of each module with the sizes of their results, in order."""
    shapes: defaultdict[str, list[str]] = defaultdict(list)
    for node in graph.nodes:
        text = f"{node.op}({', '.join(value.type_text for value in node.outputs)})"
        for path, _, _ in modules_of(node):
            shapes[dotted(path)].append(text)
    return {"": (), **{path: tuple(texts) for path, texts in shapes.items()}}
