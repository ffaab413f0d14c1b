"""What goes wrong while a TracedModule is walked, with its exact text; time and memory of the walk."""

from __future__ import annotations

import gc
import io
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from mgeconvert.errors import BadInputError, ConversionError, UsageError
from mgeconvert.tracedmodule.lower import walk
from mgeconvert.tracedmodule.lower.walk import TracedCall
from mgeconvert.tracedmodule.read import model
from mgeconvert.tracedmodule.read.graph import CallMethod, Expr, GetAttr
from mgeconvert.tracedmodule.read.pytree import Container, TreeDef, structure_key, unflatten
from mgeconvert.tracedmodule.read.records import ModuleRecord, TracedModuleRecord
from mgeconvert.tracedmodule.read.typeref import TypeRef, UsersType
from tests.tracedmodule import files as traced_files
from tests.tracedmodule.lower.recorders import Recorder


def test_a_handler_with_too_few_outputs_is_named() -> None:
    class Silent(Recorder):
        def call(self, _: TracedCall) -> Sequence[Any]:
            return []

    with pytest.raises(ConversionError) as caught:
        walk.walk(traced_files.read("protocol4"), ["x"], Silent())
    assert str(caught.value) == "fc: megengine.module.linear.Linear gave 0 outputs, the graph expects 1"


def test_too_few_inputs() -> None:
    with pytest.raises(ConversionError, match=r"^standard input: 1 inputs are given, the model has 3$"):
        walk.walk(traced_files.read("keywords"), ["x"], Recorder())


def test_there_is_no_such_graph() -> None:
    with pytest.raises(UsageError) as caught:
        traced_files.read("nested", graph=1)
    assert str(caught.value) == "standard input: there is no graph 1; the model has graphs 0 to 0"


def damaged(change: Callable[[TracedModuleRecord], None]) -> str:
    """The message for a model whose records were changed."""
    traced = traced_files.read("nested")
    change(traced.module)
    with pytest.raises(BadInputError) as caught:
        walk.walk(model.describe(traced.module, "m.pkl"), ["x"], Recorder())
    return caught.value.message


def first(module: TracedModuleRecord, kind: type) -> Any:
    graph = next(iter(module.graphs.values()))
    return next(expr for expr in graph.exprs if isinstance(expr, kind))


def test_a_missing_attribute_is_named_with_its_path() -> None:
    def change(module: TracedModuleRecord) -> None:
        del module.attributes["stem"].attributes["fc"]

    assert damaged(change) == "m.pkl: stem.fc: the file has no such attribute"


def test_an_attribute_of_another_kind() -> None:
    def change(module: TracedModuleRecord) -> None:
        module.attributes["stem"].attributes["fc"] = "text"

    assert damaged(change) == "m.pkl: stem.fc: is a str, expected a tensor or a module"


def test_arguments_that_do_not_fit_their_structure() -> None:
    def change(module: TracedModuleRecord) -> None:
        first(module.attributes["stem"], CallMethod).const_val.append((2, None))

    assert damaged(change) == "m.pkl: stem.fc: more arguments than the structure of the call has"


def test_a_variable_that_is_read_before_it_is_made() -> None:
    def change(module: TracedModuleRecord) -> None:
        next(iter(module.attributes["stem"].graphs.values())).exprs.reverse()

    assert damaged(change) == "m.pkl: stem: the variable act is read before it is made"


def test_a_module_that_contains_itself() -> None:
    def change(module: TracedModuleRecord) -> None:
        stem = module.attributes["stem"]
        stem.attributes["fc"] = stem

    assert damaged(change) == "m.pkl: " + ".".join(["stem", *["fc"] * 200]) + ": modules are nested more than 200 deep"


def test_a_foreign_class_as_a_value_is_refused() -> None:
    def change(module: TracedModuleRecord) -> None:
        first(module.attributes["stem"], CallMethod).const_val.append((2, UsersType("mynet", "Pair")))

    assert damaged(change) == "m.pkl: stem.fc: the class mynet.Pair is used as a value"


def test_graphs_that_are_none() -> None:
    def change(module: TracedModuleRecord) -> None:
        graphs = module.attributes["stem"].graphs
        graphs[next(iter(graphs))] = "text"

    assert damaged(change) == "m.pkl: stem: a str among the graphs of a module"


def test_a_step_that_is_none() -> None:
    def change(module: TracedModuleRecord) -> None:
        step = Expr()
        step.inputs, step.outputs = [], []
        next(iter(module.attributes["stem"].graphs.values())).exprs.append(step)

    assert damaged(change) == "m.pkl: stem: a Expr among the expressions of a graph"


def test_a_variable_more() -> None:
    def change(module: TracedModuleRecord) -> None:
        graph = next(iter(module.attributes["stem"].graphs.values()))
        node = type(graph.inputs[-1])()
        node.__setstate__({"_name": "more", "_qualname": "more", "_shape": (2, 4), "_dtype": None})
        graph.inputs.append(node)

    assert damaged(change) == "m.pkl: stem: 2 values for 3 variables of the graph"


def pair(*children: TreeDef) -> TreeDef:
    """The structure of a tuple."""
    made = TreeDef.__new__(TreeDef)
    made.type, made.children, made.aux_data = TypeRef("builtins", "tuple"), list(children), None
    return made


def test_arguments_that_no_graph_is_for() -> None:
    def change(module: TracedModuleRecord) -> None:
        graphs = module.attributes["stem"].graphs
        graph = next(iter(graphs.values()))
        graphs.clear()
        graphs.update({pair(): graph, pair(pair()): graph})

    assert damaged(change) == "m.pkl: stem: is called with arguments that none of its 2 graphs is for"


def test_walking_is_linear() -> None:
    """A graph of 20,000 operators, by repeating one call: no recursion, no search."""
    traced = traced_files.read("protocol4")
    graph = traced.graph
    call = graph.exprs[-1]
    for _ in range(20_000):
        clone = type(call)()
        node = type(call.outputs[0])()
        node.__setstate__({"_name": "y", "_qualname": "y", "_shape": (2, 4), "_dtype": None})
        clone.arg_def, clone.const_val, clone.version = call.arg_def, call.const_val, None
        clone.method, clone.inputs, clone.outputs = call.method, list(graph.outputs), [node]
        graph.exprs.append(clone)
        graph.outputs = [node]
    recorder = Recorder()
    walk.walk(traced, ["x"], recorder)
    assert len(recorder.calls) == 20_003
    assert recorder.calls[-1].version is None


def test_records_are_freed_without_the_collector() -> None:
    """They hold no cycles."""

    class Mark(ModuleRecord):
        pass

    traced = traced_files.read("nested")
    mark = Mark()
    alive = weakref.ref(mark)
    traced.module.attributes["mark"] = mark
    gc.disable()
    try:
        del traced, mark
        assert alive() is None
    finally:
        gc.enable()


def test_getattr_of_a_tensor_is_refused() -> None:
    def change(module: TracedModuleRecord) -> None:
        graph = next(iter(module.graphs.values()))
        first(module, GetAttr).inputs = [graph.inputs[1]]

    assert damaged(change) == "m.pkl: model: reads the attribute alias of something that is no module"


def test_progress_reaches_the_end_of_the_file() -> None:
    seen: list[tuple[int, int]] = []
    data = traced_files.files()["nested.pkl"]
    model.read(io.BytesIO(data), progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(data), len(data))
    assert seen == sorted(seen)


def test_a_class_that_a_flatten_function_keeps_is_only_a_name() -> None:
    """A registered NamedTuple whose flatten function gives its class along (``lambda pair: (list(pair), Pair)``)."""
    tree = TreeDef.__new__(TreeDef)
    for key, value in {"type": UsersType("mynet", "Pair"), "children": [], "num_leaves": 0}.items():
        setattr(tree, key, value)
    tree.aux_data = (UsersType("mynet", "Pair"), ("first", "second"))
    assert unflatten(tree, iter(())) == Container("mynet.Pair", (), ("mynet.Pair", ("first", "second")))
    assert structure_key(tree) == structure_key(tree)
