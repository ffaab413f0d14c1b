"""Scopes back into nested calls: one row per shape of tree, and the time that it takes."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pytest

from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.modules import Body, nested
from mgeconvert.ir.scopes import Call, Scope

FLOAT = np.dtype(np.float32)


class Drawn:
    """Draws graphs from lines such as ``c = a b @ top.m``: a node that makes c of a and b in the call ``top.m``.

    Calls are named by their dotted path from the top; ``m#2`` is another call of the module ``m``.
    """

    def __init__(self, text: str, inputs: str = "x", outputs: str = "") -> None:
        self.values = {name: Value(name, FLOAT, (1,)) for name in inputs.split()}
        self.scopes: dict[str, Scope] = {"": Scope("", "Net", Call("Net"))}
        self.graph = Graph(inputs=dict(self.values))
        self.graph.calls = [self.scopes[""]]
        for line in filter(None, map(str.strip, text.splitlines())):
            made, _, rest = line.partition(" = ")
            read, _, where = rest.partition("@")
            leaf = Scope("", "op", None, self.scope(where.strip()))
            self.values[made] = Value(made, FLOAT, (1,))
            operands: list[Value | None] = [self.values[name] for name in read.split()]
            self.graph.nodes.append(Node("Op", operands, [self.values[made]], {}, made, leaf))
        for name in outputs.split() or [made]:
            self.graph.outputs[name] = self.values[name]

    def scope(self, where: str) -> Scope:
        if where not in self.scopes:
            parent = self.scope(where.rpartition(".")[0])
            name = where.rpartition(".")[2]
            path = ".".join(filter(None, (parent.path, name.partition("#")[0])))
            self.scopes[where] = Scope(path, name, Call(name), parent)
            self.graph.calls.append(self.scopes[where])
        return self.scopes[where]

    def signed(self, where: str, arguments: object, results: object) -> None:
        """Give a call the signature of the source."""
        call = self.scope(where).call
        assert call is not None
        call.args, call.results = self.found(arguments), self.found(results)

    def found(self, structure: object) -> object:
        if isinstance(structure, str):
            return self.values[structure]
        if isinstance(structure, dict):
            return {key: self.found(item) for key, item in structure.items()}
        return type(structure)(map(self.found, structure))  # type: ignore[call-arg, arg-type]


def shown(body: Body) -> str:
    """``m(x -> y: a b)``: the module, its arguments, its results and its steps."""
    steps = " ".join(step.name if isinstance(step, Node) else shown(step) for step in body.steps)
    arguments = ",".join("-" if value is None else value.name for value in body.arguments)
    results = ",".join(value.name for value in body.results)
    return f"{body.path.rpartition('.')[2]}({arguments} -> {results}: {steps})"


def steps(text: str, inputs: str = "x", outputs: str = "") -> str:
    return shown(nested(Drawn(text, inputs, outputs).graph))


@pytest.mark.parametrize(
    ("what", "text", "expected"),
    [
        ("flat", "a = x\nb = a", "(x -> b: a b)"),
        ("two levels", "a = x @ m\nb = a @ m.n\nc = b", "(x -> c: m(x -> b: a n(a -> b: b)) c)"),
        ("a module called twice", "a = x @ m\nb = a @ m#2", "(x -> b: m(x -> a: a) m(a -> b: b))"),
        ("other bodies of one module", "a = x @ m\nb = a @ m#2\nc = b @ m#2", "(x -> c: m(x -> a: a) m(a -> c: b c))"),
        (
            "names that recur",
            "a = x @ m\nb = a @ m.m\nc = b @ m.m.m",
            "(x -> c: m(x -> c: a m(a -> c: b m(b -> c: c))))",
        ),
        (
            "a value that skips levels",
            "a = x @ m.n\nb = a @ o.p",
            "(x -> b: m(x -> a: n(x -> a: a)) o(a -> b: p(a -> b: b)))",
        ),
        (
            "nodes that interleave without need",
            "a = x @ m\nb = x @ n\nc = a @ m\nd = b c @ n",
            "(x -> d: m(x -> c: a c) n(x,c -> d: b d))",
        ),
        (
            "a call waits for what its later nodes need",
            "a = x @ m\nb = x\nc = a b @ m\nd = c",
            "(x -> d: b m(x,b -> c: a c) d)",
        ),
        (
            "not convex: the late node is hoisted",
            "a = x @ m\nb = a\nc = b @ m\nd = c",
            "(x -> d: m(x -> a: a) b c d)",
        ),
        (
            "not convex two levels down",
            "a = x @ m.n\nb = a @ m\nc = b @ m.n\nd = c",
            "(x -> d: m(x -> c: n(x -> a: a) b c) d)",
        ),
    ],
)
def test_nesting(what: str, text: str, expected: str) -> None:
    assert steps(text) == expected, what


def test_calls_that_wait_for_each_other_keep_their_first_nodes() -> None:
    body = nested(Drawn("a = x @ m\nb = a @ n\nc = b @ m\nd = c @ n").graph)
    assert shown(body) == "(x -> d: m(x -> a: a) n(a -> b: b) c d)"


def test_results_and_arguments_are_those_of_the_call() -> None:
    drawn = Drawn("a = x @ m\nb = a @ m\nc = b", "x y")
    drawn.signed("m", ("y", ["x"]), {"first": "b", "second": "a"})
    assert shown(nested(drawn.graph)) == "(x,y -> c: m(y,x -> b,a: a b) c)"


def test_what_is_read_besides_comes_behind_the_signature() -> None:
    drawn = Drawn("a = x y @ m\nb = a @ m\nc = a b", "x y")
    drawn.signed("m", ("x",), "b")
    body = nested(drawn.graph)
    assert shown(body) == "(x,y -> c: m(x,y -> b,a: a b) c)"
    (call, _) = body.steps
    assert isinstance(call, Body)
    assert (call.given, call.as_called) == (1, True)


def test_a_signature_follows_replacements() -> None:
    drawn = Drawn("a = x\nb = a @ m\nc = b\nd = c", "x")
    drawn.signed("m", ("a",), "b")
    values = drawn.values
    other = Value("other", FLOAT, (1,))
    drawn.graph.nodes.insert(1, Node("Op", [values["a"]], [other], {}, "other", None))
    drawn.graph.nodes[2].inputs = [other]
    drawn.graph.replaced[values["a"]] = other
    assert shown(nested(drawn.graph)) == "(x -> d: a other m(other -> b: b) c d)"


def test_an_argument_that_is_gone_and_a_result_that_left() -> None:
    drawn = Drawn("a = x @ m\nb = a", "x", "b")
    drawn.signed("m", ("x",), ("a",))
    gone = Value("gone", FLOAT, (1,))
    call = drawn.scopes["m"].call
    assert call is not None
    call.args, call.results = (gone, drawn.values["x"]), (drawn.values["b"], drawn.values["a"])
    (body, _) = nested(drawn.graph).steps
    assert isinstance(body, Body)
    assert (shown(body), body.as_called) == ("m(-,x -> a: a)", False)


def test_a_graph_without_calls_has_one_body() -> None:
    drawn = Drawn("a = x\nb = a")
    drawn.graph.calls = []
    for node in drawn.graph.nodes:
        node.scope = Scope("edit", "edit")
    assert shown(nested(drawn.graph)) == "(x -> b: a b)"


def test_every_node_is_in_one_body_and_after_what_it_reads() -> None:
    """Random graphs with random scopes, half of them not convex."""
    for seed in range(200):
        random = np.random.default_rng(seed)
        names = ["x"]
        lines = []
        for number in range(30):
            read = " ".join(str(name) for name in random.choice(names, min(len(names), 2), replace=False))
            where = ".".join(f"m{random.integers(2)}" for _ in range(random.integers(4)))
            lines.append(f"v{number} = {read} @ {where}")
            names.append(f"v{number}")
        graph = Drawn("\n".join(lines)).graph
        check(nested(graph), graph)


def check(top: Body, graph: Graph) -> None:
    """What a body reads has been computed in it before or is its argument; each node stands once."""
    seen: list[Node] = []

    def run(body: Body, known: Sequence[Value | None]) -> None:
        have = set(known)
        for step in body.steps:
            if isinstance(step, Node):
                assert have.issuperset(step.inputs)
                have.update(step.outputs)
                seen.append(step)
            else:
                assert have.issuperset(step.arguments)
                run(step, step.arguments)
                have.update(step.results)
        assert have.issuperset(body.results)

    run(top, top.arguments)
    assert len(seen) == len(set(seen)) == len(graph.nodes)


def chain(modules: int, size: int) -> Graph:
    lines = [f"v{n} = {'x' if not n else f'v{n - 1}'} @ s{n // size // 50}.m{n // size}" for n in range(modules * size)]
    return Drawn("\n".join(lines)).graph


def test_the_time_is_linear() -> None:
    """50,000 nodes in 5,000 modules against a quarter of them."""

    def seconds(graph: Graph) -> float:
        start = time.process_time()
        nested(graph)
        return time.process_time() - start

    small, large = chain(1250, 10), chain(5000, 10)
    assert min(seconds(large) for _ in range(2)) < 8 * min(seconds(small) for _ in range(2))
    top = nested(large)
    assert sum(1 for _ in top.bodies()) == 5000 + 100 + 1
    check(top, large)


def test_depth_of_two_hundred() -> None:
    where = [".".join(f"m{level}" for level in range(depth)) for depth in range(200)]
    lines = [f"v{n} = {'x' if not n else f'v{n - 1}'} @ {place}" for n, place in enumerate(where + where[::-1])]
    graph = Drawn("\n".join(lines)).graph
    top = nested(graph)
    assert sum(1 for _ in top.bodies()) == 200
    check(top, graph)
