"""What no record may be, with the exact text: states, arguments and structures that a damaged or hostile file has."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mgeconvert.errors import BadInputError, UnsafePickleError, UsageError
from mgeconvert.tracedmodule.read import allowed, arrays, checkpoint, model, pytree, values
from mgeconvert.tracedmodule.read.arrays import ArrayRecord
from mgeconvert.tracedmodule.read.graph import InternalGraph, ModuleNode, TensorNode
from mgeconvert.tracedmodule.read.modules import TracedModuleRecord
from mgeconvert.tracedmodule.read.pytree import LeafDef, TreeDef
from mgeconvert.tracedmodule.read.typeref import TypeRef, UsersType
from mgeconvert.tracedmodule.read.unpickle import load
from tests.tracedmodule import pickles


def leaf() -> LeafDef:
    return LeafDef.__new__(LeafDef)


def tree(kind: str, *children: Any, aux: Any = None) -> TreeDef:
    made = TreeDef.__new__(TreeDef)
    made.type, made.children, made.aux_data = TypeRef(*kind.rsplit(".", 1)), list(children), aux
    return made


def call(count: int, **keywords: Any) -> TreeDef:
    """The structure of ``f(*count, **keywords)``."""
    args = tree("builtins.tuple", *(leaf() for _ in range(count)))
    return tree("builtins.tuple", args, tree("builtins.dict", *keywords.values(), aux=tuple(keywords)))


def internal(exprs: Any = (), inputs: Any = (), outputs: Any = ()) -> InternalGraph:
    made = InternalGraph.__new__(InternalGraph)
    made.exprs, made.inputs, made.outputs = list(exprs), list(inputs), list(outputs)
    return made


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


NODE, MODULE_NODE = TensorNode.__new__(TensorNode), ModuleNode.__new__(ModuleNode)
Rows = dict[str, tuple[Callable[[], Any], type[Exception], str]]
REFUSED: Rows = {
    "items of an OrderedDict": (
        lambda: allowed._dictionary((("a", 1),)), BadInputError, "an OrderedDict whose items are not a list"
    ),
    "two arguments of an OrderedDict": (
        lambda: allowed._dictionary([("a", 1)], 2), BadInputError, "an OrderedDict whose items are not a list"
    ),
    "bytes with arguments": (
        lambda: allowed._empty_bytes(3), UnsafePickleError, "calls builtins.bytes with arguments"
    ),
    "type of a number": (
        lambda: allowed._type_of(3), UnsafePickleError, "calls builtins.type with something else than None and Ellipsis"
    ),
    "a class of a dtype": (
        lambda: arrays.dtype_class("int32"), UnsafePickleError, "has a dtype class of 'int32'"
    ),
    "the class of an array": (
        lambda: arrays.reconstruct(TypeRef("numpy", "matrix")), UnsafePickleError,
        "has an array of class numpy.matrix, expected numpy.ndarray"
    ),
    "an array without data": (lambda: ArrayRecord().array, BadInputError, "an array without data"),
    "a variable that is none": (
        lambda: internal(inputs=[3]).check(), BadInputError, "a int among the variables of a graph"
    ),
    "an expression that is none": (
        lambda: internal(exprs=["x"]).check(), BadInputError, "a str among the expressions of a graph"
    ),
    "an output that is read too early": (
        lambda: internal(outputs=[3]).check(), BadInputError, "the variable int is read before it is made"
    ),
    "a module among tensors": (
        lambda: model._tensors([NODE, MODULE_NODE]), BadInputError,
        "a ModuleNode among the inputs and outputs, expected tensors"
    ),
    "more results than the structure has": (
        lambda: model._out_def(leaf(), 2), BadInputError, "2 outputs, more than the structure of the result has"
    ),
    "fewer results than the structure has": (
        lambda: model._out_def(tree("builtins.tuple", leaf(), leaf()), 1), BadInputError,
        "fewer arguments than the structure of the call has"
    ),
    "too many arguments": (
        lambda: pytree.arguments(call(1), [1, 2], []), BadInputError,
        "more arguments than the structure of the call has"
    ),
    "too few arguments": (
        lambda: pytree.arguments(call(2), [1], []), BadInputError, "fewer arguments than the structure of the call has"
    ),
    "a constant that is no pair": (
        lambda: pytree.arguments(call(1), [], [3]), BadInputError, "a int among the constant arguments"
    ),
    "a triple among the constants": (
        lambda: pytree.arguments(call(1), [], [(0, 1, 2)]), BadInputError, "a tuple among the constant arguments"
    ),
    "a constant too far": (
        lambda: pytree.arguments(call(3), [1], [(2, 5)]), BadInputError, "a constant argument at position 2 of 1"
    ),
    "a constant before the first": (
        lambda: pytree.arguments(call(3), [1], [(-1, 5)]), BadInputError, "a constant argument at position -1 of 1"
    ),
    "one argument alone": (
        lambda: pytree.arguments(leaf(), [1], []), BadInputError, "arguments that are not (positional, keyword)"
    ),
    "a number for a structure": (
        lambda: pytree.unflatten(3, iter(())), BadInputError, "a int in the structure of arguments"
    ),
    "a key of no structure": (
        lambda: pytree.structure_key(3), BadInputError, "a int in the structure of arguments"
    ),
    "a deep constant": (
        lambda: pytree.plain(deep(pytree.MAX_DEPTH + 1)), BadInputError,
        f"a constant nested more than {pytree.MAX_DEPTH} deep"
    ),
    "a class of the user's as a value": (
        lambda: pytree.plain(UsersType("mine", "Net")), UnsafePickleError, "the class mine.Net is used as a value"
    ),
    "a device": (
        lambda: values.CompNode().__setstate__(3), BadInputError,
        "the state of a megengine.core._imperative_rt.common.CompNode is a int, expected a str"
    ),
    "arguments of a tensor": (
        lambda: values.TensorRecord(1, 2), BadInputError,
        "a megengine.tensor.Tensor with 2 arguments, expected 3 or 7"
    ),
    "a tensor of no array": (
        lambda: values.TensorRecord(1, 2, 3), BadInputError,
        "a megengine.tensor.Tensor made of a int, expected an array"
    ),
    "the state of parameters of quantization": (
        lambda: values.QParams().__setstate__({}), BadInputError,
        "the state of a megengine.quantization.utils.QParams is not (None, fields)"
    ),
    "a state of three": (
        lambda: values.QParams().__setstate__((None, {}, {})), BadInputError,
        "the state of a megengine.quantization.utils.QParams is not (None, fields)"
    ),
    "a state with slots": (
        lambda: values.QParams().__setstate__(({}, {})), BadInputError,
        "the state of a megengine.quantization.utils.QParams is not (None, fields)"
    ),
}  # fmt: skip
"""What is done, the error, its text."""


@pytest.mark.parametrize("case", REFUSED)
def test_a_record_that_no_file_may_have(case: str) -> None:
    action, error, text = REFUSED[case]
    with pytest.raises(error) as caught:
        action()
    assert type(caught.value) is error
    assert str(caught.value) == text


def test_limits_are_exact_on_both_sides() -> None:
    assert pytree.plain(deep(pytree.MAX_DEPTH)) == deep(pytree.MAX_DEPTH)
    assert pytree.arguments(call(3), [1, 2], [(2, 5)]) == ((1, 2, 5), {})
    assert pytree.arguments(call(3), [1, 2], [(0, 5)]) == ((5, 1, 2), {})
    assert allowed._dictionary() == {}
    assert allowed._dictionary([("a", 1)]) == {"a": 1}


def test_names_are_equal_only_where_both_parts_are() -> None:
    assert TypeRef("a", "b") == TypeRef("a", "b")
    assert TypeRef("a", "b") != TypeRef("a", "c")
    assert TypeRef("a", "b") != TypeRef("c", "b")
    assert len({TypeRef("a", "b"), TypeRef("a", "b"), TypeRef("a", "c")}) == 2


def test_a_tuple_that_holds_itself_in_a_list_loads(tmp_path: Path) -> None:
    inner: list[Any] = []
    recursive = (inner, 3)
    inner.append(recursive)
    path = tmp_path / "r.pkl"
    path.write_bytes(pickle.dumps([recursive], protocol=2))
    with path.open("rb") as file:
        (found,) = load(file, "r.pkl")
    assert found[1] == 3
    assert found[0][0] is found


def test_a_checkpoint_without_tensors(tmp_path: Path) -> None:
    path = tmp_path / "c.pkl"
    path.write_bytes(pickle.dumps({"epoch": 3}))
    with pytest.raises(BadInputError) as caught:
        checkpoint.read(path)
    assert caught.value.message == f"{path}: holds a dict without a state dict, expected names with tensors"
    assert caught.value.hint == "in MegEngine: mge.save(net.state_dict(), PATH)"


def test_an_object_outside_the_file(tmp_path: Path) -> None:
    path = tmp_path / "p.pkl"
    path.write_bytes(pickles.file(pickles.text("a") + pickle.BINPERSID))
    says = r"^p\.pkl: byte 8: the pickle refers to a persistent id, which no TracedModule needs"
    with path.open("rb") as file, pytest.raises(UnsafePickleError, match=says):
        load(file, "p.pkl")


def test_a_graph_that_is_not_there() -> None:
    module = TracedModuleRecord.__new__(TracedModuleRecord)
    module.attributes = {"argdef_graph_map": {"anything": 3}}
    with pytest.raises(UsageError, match=r"^m: there is no graph 1; the model has graphs 0 to 0$"):
        model.describe(module, "m", 1)
    with pytest.raises(BadInputError, match=r"^a int, expected an InternalGraph$"):
        model.describe(module, "m", 0)
    module.attributes = {"argdef_graph_map": {}}
    with pytest.raises(BadInputError, match=r"^the TracedModule has no graph$"):
        model.describe(module, "m", 0)
