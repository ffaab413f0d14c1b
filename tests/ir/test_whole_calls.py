"""Calls that are still what they were become one node each; what was changed is written as it is now."""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.graph import Made
from mgeconvert.ir.modules import nested
from mgeconvert.ir.scopes import Call, Scope
from mgeconvert.ir.whole_calls import CALL, with_whole_calls


class Source:
    """A graph as a lowering makes it: `call` lowers one call of a function to the operators that `build` appends."""

    def __init__(self) -> None:
        self.b = Builder()
        self.x = self.b.input("x", np.float32, (2, 3))
        self.top = Scope("", "Net", Call("Net", (self.x,)))
        self.b.graph.calls.append(self.top)

    def call(self, name: str, *args: object, ops: tuple[str, ...] = (), value: Value | None = None) -> Value:
        """A call lowered to the unary operators `ops` of its first value; without any it gives what stands for it."""
        call = Call(name, args, made=())
        scope = Scope("", name, call, self.top)
        self.b.graph.calls.append(scope)
        self.b.enter(scope)
        first = len(self.b.graph.nodes)
        read = next(arg for arg in args if isinstance(arg, Value))
        read = self.b.graph.current(read)
        for op in ops:
            read = self.b.op(op, read)
        if not ops:
            result = Value(name, read.dtype, read.shape)
            self.b.graph.replaced[result] = value or read
        else:
            result = read
        call.made = tuple(map(Made.of, self.b.graph.nodes[first:]))
        call.results = result
        return result

    def graph(self, result: Value) -> Graph:
        assert self.top.call is not None
        self.top.call.results = result
        self.b.output("y", self.b.graph.current(result))
        return self.b.graph


def shown(graph: Graph) -> list[str]:
    return [f"{node.op}{'' if node.domain == CALL else '*'}" for node in graph.nodes]


def test_untouched_calls_are_one_node_each() -> None:
    source = Source()
    graph = source.graph(source.call("exp", source.call("silu", source.x, ops=("Neg", "Abs")), ops=("Exp",)))
    written = with_whole_calls(graph)
    assert shown(written) == ["silu", "exp"]
    assert written.nodes[1].inputs == written.nodes[0].outputs
    assert written.outputs["y"] is written.nodes[1].output
    assert shown(graph) == ["Neg*", "Abs*", "Exp*"]


def test_a_changed_call_is_its_operators() -> None:
    source = Source()
    silu = source.call("silu", source.x, ops=("Neg", "Abs"))
    graph = source.graph(source.call("exp", silu, ops=("Exp",)))
    graph.nodes[0].op = "Sqrt"
    assert shown(with_whole_calls(graph)) == ["Sqrt*", "Abs*", "exp"]


def test_a_node_more_in_its_scope_changes_a_call() -> None:
    source = Source()
    graph = source.graph(source.call("exp", source.x, ops=("Exp",)))
    graph.nodes.append(Node("Abs", [source.x], [Value("z")], scope=graph.nodes[0].scope))
    assert shown(with_whole_calls(graph)) == ["Exp*", "Abs*"]


def test_two_results_that_are_one_value_stay_two() -> None:
    """An operator with a result for training only, for which the lowering gives the other one again."""
    source = Source()
    pooled = source.call("pool", source.x, ops=("Exp",))
    again = Value("again", pooled.dtype, pooled.shape)
    graph = source.graph(pooled)
    graph.replaced[again] = pooled
    call = graph.calls[-1].call
    assert call is not None
    call.results = (pooled, again)
    written = with_whole_calls(graph)
    assert written.nodes[0].outputs == [pooled, again]
    assert written.outputs["y"] is pooled


def test_only_what_is_wanted_stays_whole() -> None:
    source = Source()
    graph = source.graph(source.call("exp", source.call("abs", source.x, ops=("Abs",)), ops=("Exp",)))
    assert shown(with_whole_calls(graph, lambda scope: scope.kind == "exp")) == ["Abs*", "exp"]


def test_calls_that_were_lowered_to_nothing_are_there() -> None:
    source = Source()
    same = source.call("identity", source.x)
    graph = source.graph(source.call("exp", same, ops=("Exp",)))
    written = with_whole_calls(graph)
    assert shown(written) == ["identity", "exp"]
    assert written.nodes[1].inputs == [same]


def test_a_size_is_computed_where_the_source_computed_it() -> None:
    source = Source()
    size = source.call("shape", source.x, value=source.b.constant(3))
    graph = source.graph(source.call("reshape", source.x, size, ops=("Abs",)))
    assert shown(with_whole_calls(graph)) == ["shape", "reshape"]
    assert with_whole_calls(graph).nodes[1].inputs == [source.x, size]


def test_where_a_result_is_no_longer_computed_what_stands_for_it_is_read() -> None:
    source = Source()
    shape = source.call("shape", source.call("abs", source.x, ops=("Abs",)), value=source.b.constant(3))
    graph = source.graph(source.call("exp", source.x, shape, ops=("Exp",)))
    graph.remove_dead_nodes()
    for scope in graph.calls:
        if scope.kind == "abs" and scope.call is not None:
            assert scope.call.made  # a pass removed the node after the lowering
    written = with_whole_calls(graph)
    assert shown(written) == ["exp"]
    assert written.nodes[0].inputs[1] is not None
    assert written.nodes[0].inputs[1].is_constant


def test_replaced_operands_are_the_same_operands() -> None:
    source = Source()
    inner = source.call("abs", source.x, ops=("Abs",))
    graph = source.graph(source.call("exp", inner, ops=("Exp",)))
    other = Value("other", inner.dtype, inner.shape)
    graph.nodes[0] = Node("Neg", [source.x], [other], scope=Scope("", "edit", None, source.top))
    graph.replace({inner: other})
    written = with_whole_calls(graph)
    assert shown(written) == ["Neg*", "exp"]
    assert written.nodes[1].inputs == [other]


def test_another_operand_of_one_reader_changes_its_call() -> None:
    source = Source()
    graph = source.graph(source.call("exp", source.call("abs", source.x, ops=("Abs",)), ops=("Exp",)))
    graph.nodes[1].inputs = [source.x]
    assert shown(with_whole_calls(graph)) == ["abs", "Exp*"]


def test_a_node_within_a_call_is_written_for_its_other_readers() -> None:
    source = Source()
    silu = source.call("silu", source.x, ops=("Neg", "Abs"))
    graph = source.graph(source.call("exp", silu, ops=("Exp",)))
    graph.nodes[2].inputs = graph.nodes[0].outputs[:]  # type: ignore[assignment]
    assert shown(with_whole_calls(graph)) == ["silu", "Neg*", "Exp*"]


def test_a_dead_call_stays() -> None:
    source = Source()
    dead = source.call("dead", source.x, ops=("Abs",))
    graph = source.graph(source.call("exp", source.x, ops=("Exp",)))
    graph.remove_dead_nodes()
    for scope in graph.calls:
        if scope.call is not None and scope.call.results is dead:
            scope.call.made = ()
    assert shown(with_whole_calls(graph)) == ["dead", "exp"]


def test_modules_that_call_nothing_are_bodies_without_steps() -> None:
    source = Source()
    empty = Scope("empty", "Empty", Call("Empty", (source.x,), results=source.x), source.top)
    source.b.graph.calls.append(empty)
    graph = source.graph(source.call("exp", source.x, ops=("Exp",)))
    body = nested(with_whole_calls(graph))
    assert [(inner.path, len(inner.steps)) for inner in body.bodies()] == [("", 2), ("empty", 0)]


def test_a_copy_has_the_same_whole_calls() -> None:
    source = Source()
    same = source.call("identity", source.call("silu", source.x, ops=("Neg", "Abs")))
    graph = source.graph(source.call("exp", same, ops=("Exp",))).copy()
    assert shown(with_whole_calls(graph)) == ["silu", "identity", "exp"]


def merged(graph: Graph, old: Node, new: Node) -> None:
    """Let one node stand for another that computes the same, as merge-duplicate-nodes does."""
    for node in graph.nodes:
        node.inputs = [new.output if value is old.output else value for value in node.inputs]
    graph.nodes.remove(old)
    graph.replaced[old.output] = new.output


def test_a_call_whose_inner_node_was_merged_is_that_call() -> None:
    source = Source()
    first = source.call("silu", source.x, ops=("Neg", "Abs"))
    second = source.call("gelu", source.x, ops=("Neg", "Exp"))
    graph = source.graph(source.call("add", second, first, ops=("Sqrt",)))
    graph.outputs["z"] = first
    merged(graph, graph.nodes[2], graph.nodes[0])
    assert shown(with_whole_calls(graph)) == ["silu", "gelu", "add"]


def test_a_call_whose_result_was_merged_is_gone() -> None:
    source = Source()
    first = source.call("silu", source.x, ops=("Neg", "Abs"))
    second = source.call("silu", source.x, ops=("Neg", "Abs"))
    graph = source.graph(source.call("add", second, first, ops=("Exp",)))
    for old, new in ((2, 0), (2, 1)):
        merged(graph, graph.nodes[old], graph.nodes[new])
    written = with_whole_calls(graph)
    assert shown(written) == ["silu", "add"]
    assert written.nodes[1].inputs == written.nodes[0].outputs * 2


def test_a_node_that_changes_nothing_may_be_passed_over() -> None:
    """The last node of the call too: then the call's result is what it was made of."""
    for passed in (0, 1):
        source = Source()
        silu = source.call("silu", source.x, ops=("Abs", "Neg"))
        graph = source.graph(source.call("exp", silu, ops=("Exp",)))
        node = graph.nodes[passed]
        graph.nodes[passed + 1].inputs = list(node.inputs)
        graph.nodes.remove(node)
        graph.replaced[node.output] = node.inputs[0]  # type: ignore[assignment]
        written = with_whole_calls(graph)
        assert shown(written) == ["silu", "exp"]
        assert written.nodes[1].inputs == written.nodes[0].outputs
