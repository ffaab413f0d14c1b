"""The restricted unpickler: what it reads, and that nothing a pickle says is imported, called or remembered."""

from __future__ import annotations

import contextlib
import copyreg
import gc
import io
import pickle
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgeconvert.errors import BadInputError, UnsafePickleError
from mgeconvert.tracedmodule.lower import walk
from mgeconvert.tracedmodule.read import allowed, model, records, unpickle
from mgeconvert.tracedmodule.read.typeref import TypeRef
from tests.tracedmodule import files as traced_files
from tests.tracedmodule.pickles import (
    DTYPE,
    PROTO,
    RECONSTRUCT,
    TRACED_MODULE,
    array,
    binary,
    build,
    call,
    dtype,
    file,
    integer,
    many,
    mapping,
    module,
    name,
    new,
    text,
)
from tests.tracedmodule.read.loaded import TAIL, attribute, load, refusal

# --- names


def touch(path: Path) -> bytes:
    return text(f"touch {path}")


SYSTEM = name("os", "system")
EVIL = {
    "root": lambda path: call(SYSTEM, touch(path)),
    "state": lambda path: module(value=call(SYSTEM, touch(path))),
    "nested state": lambda path: module(a=mapping(b=many(integer(1), call(SYSTEM, touch(path))))),
    "reduce argument": lambda path: module(value=call(name("collections", "OrderedDict"), call(SYSTEM, touch(path)))),
    "dtype": lambda path: module(value=call(name("numpy", "dtype"), call(SYSTEM, touch(path)))),
    "dtype metadata": lambda path: dtype("i1", "|", 4, mapping(mgb_dtype=call(SYSTEM, touch(path)))),
    "array class": lambda path: call(RECONSTRUCT, call(SYSTEM, touch(path)), many(integer(0)), binary(b"b")),
    "tensor argument": lambda path: new(name("megengine.tensor", "Tensor"), call(SYSTEM, touch(path))),
    "new object": lambda path: new(SYSTEM, touch(path)),
    "dictionary key": lambda path: pickle.EMPTY_DICT + call(SYSTEM, touch(path)) + integer(1) + pickle.SETITEM,
    "never called": lambda _: module(value=SYSTEM),
    "thrown away": lambda _: SYSTEM + pickle.POP + module(),
}


@pytest.mark.parametrize("where", EVIL)
def test_a_foreign_name_is_refused_wherever_it_stands(where: str, tmp_path: Path) -> None:
    data = file(EVIL[where](tmp_path / "touched"))
    offset = data.index(text("os") + text("system")) + len(text("os") + text("system"))
    assert refusal(data, UnsafePickleError) == f"byte {offset}: the pickle names os.system{TAIL}"
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize(
    "qualname",
    [
        "builtins.eval",
        "builtins.exec",
        "builtins.getattr",
        "builtins.__import__",
        "__builtin__.eval",
        "posix.system",
        "subprocess.Popen",
        "operator.attrgetter",
        "functools.partial",
        "copyreg._reconstructor",
        "pickle.loads",
        "numpy.load",
        "numpy.core.multiarray.fromfile",
        "numpy.f2py.crackfortran.getlincoef",
        "numpy.ndarray.tofile",
        "megengine.load",
        "megengine.core._imperative_rt.core2.apply",
        "megengine.functional.nn.conv2d.__globals__",
        "inspect.getsource",
        "collections.abc.Callable",
    ],
)
def test_names_beside_the_allowed_ones_are_refused(qualname: str) -> None:
    parent, _, last = qualname.rpartition(".")
    message = refusal(file(module(value=call(name(parent, last), text("x")))), UnsafePickleError)
    assert f": the pickle names {qualname}{TAIL}" in message


def test_a_dotted_name_does_not_reach_into_an_allowed_one() -> None:
    message = refusal(file(name("megengine.tensor", "Tensor.__init__.__globals__")), UnsafePickleError)
    assert "names megengine.tensor.Tensor.__init__.__globals__" in message


def test_the_unpickler_refuses_by_itself_what_the_scan_lets_pass() -> None:
    """Two programs: the scan is not needed for safety."""
    with pytest.raises(UnsafePickleError, match=r"^names os\.system$"):
        unpickle._Unpickler(io.BytesIO(file(call(SYSTEM, text("true"))))).load()
    unpickler = unpickle._Unpickler(io.BytesIO(file(call(name("mynet", "Net"), text("true")))))
    with pytest.raises(UnsafePickleError, match=r"^calls mynet\.Net$"):
        unpickler.load()


@pytest.mark.parametrize("make", [call, new])
def test_a_class_of_the_users_own_makes_no_objects(make: Any) -> None:
    data = file(module(value=make(name("mynet", "Net"))))
    assert refusal(data, UnsafePickleError).endswith(f"the pickle makes objects of mynet.Net{TAIL}")


def test_a_class_of_the_users_own_is_refused_unless_registered() -> None:
    assert refusal(file(module(value=name("mynet", "Pair"))), UnsafePickleError) == f"the pickle names mynet.Pair{TAIL}"
    listed = pickle.EMPTY_LIST + many(text("mynet"), text("Pair")) + pickle.APPEND
    loaded = load(file(module(value=name("mynet", "Pair"), dump_info=mapping(register_container_type=listed))))
    assert loaded.attributes["value"].qualname == "mynet.Pair"


def test_registering_does_not_help_a_name_of_the_standard_library() -> None:
    listed = pickle.EMPTY_LIST + many(text("os"), text("system")) + pickle.APPEND
    data = file(module(value=SYSTEM, dump_info=mapping(register_container_type=listed)))
    assert "the pickle names os.system" in refusal(data, UnsafePickleError)


def test_classes_that_are_only_names_cannot_be_called() -> None:
    for parent, last in (
        ("builtins", "int"),
        ("numpy", "float32"),
        ("numpy", "ndarray"),
        ("abc", "ABCMeta"),
        ("megengine.functional.nn", "conv2d"),
    ):
        message = refusal(file(module(value=call(name(parent, last), text("1")))), UnsafePickleError)
        assert message == f"the pickle calls {parent}.{last}{TAIL}"


def test_type_takes_only_none_and_ellipsis() -> None:
    kind = name("builtins", "type")
    assert attribute(call(kind, pickle.NONE)) == TypeRef("builtins", "NoneType")
    assert attribute(call(kind, name("builtins", "Ellipsis"))) == TypeRef("builtins", "ellipsis")
    assert "calls builtins.type with" in refusal(file(module(value=call(kind, integer(1)))), UnsafePickleError)
    assert "damaged" in refusal(file(module(value=call(kind, text("x"), many(), mapping()))))


def test_nothing_is_imported(tmp_path: Path) -> None:
    """In a fresh interpreter, reading a hostile file adds no module to those that reading any file needs."""
    program = (
        "import sys\n"
        "from mgeconvert.errors import BadInputError\n"
        "from mgeconvert.tracedmodule.read import model\n"
        "before = set(sys.modules)\n"
        "try: model.read(sys.argv[1])\n"
        "except BadInputError as error: print(error)\n"
        "print(sorted(set(sys.modules) - before))"
    )
    hostile = tmp_path / "hostile.pkl"
    hostile.write_bytes(file(module(value=call(name("antigravity", "geohash"), integer(1)))))
    done = subprocess.run([sys.executable, "-c", program, hostile], capture_output=True, text=True, check=True)
    message, modules = done.stdout.splitlines()
    assert f"the pickle names antigravity.geohash{TAIL}" in message
    assert modules == "[]"


# --- opcodes

OUTSIDE = {
    "binary persistent id": (integer(1) + pickle.BINPERSID, "a persistent id"),
    "text persistent id": (pickle.PERSID + b"1\n", "a persistent id"),
    "extension code": (pickle.EXT1 + b"\x01", "an extension code"),
    "long extension code": (pickle.EXT4 + b"\x01\0\0\0", "an extension code"),
    "buffer": (pickle.NEXT_BUFFER, "an out-of-band buffer"),
}


@pytest.mark.parametrize("case", OUTSIDE)
def test_what_is_outside_the_file_is_refused(case: str) -> None:
    code, what = OUTSIDE[case]
    assert refusal(PROTO + code + pickle.STOP, UnsafePickleError).startswith("byte ")
    assert f"the pickle refers to {what}{TAIL}" in refusal(file(module(value=code)), UnsafePickleError)


def test_an_extension_code_that_this_process_has_registered_is_refused() -> None:
    copyreg.add_extension("os", "system", 0x77)
    try:
        assert "extension code" in refusal(file(pickle.EXT1 + b"\x77"), UnsafePickleError)
    finally:
        copyreg.remove_extension("os", "system", 0x77)


def test_opcodes_of_protocol_0_and_1_are_refused() -> None:
    for code in (b"ios\nsystem\n", b"I1\n", b"S'x'\n", b"o", b"d", b"l", pickle.NEWOBJ_EX):
        assert (
            refusal(PROTO + pickle.MARK + code) == f"is damaged: byte 3 (0x{code[0]:02x}) is no opcode of protocol 2-5"
        )


def test_a_memo_bomb_is_refused_before_memory_is_taken() -> None:
    bomb = file(integer(1) + pickle.LONG_BINPUT + struct.pack("<I", 2**31))
    assert refusal(bomb, UnsafePickleError) == f"byte 7: the pickle skips from memo 0 to {2**31}{TAIL}"


def test_deep_tuples_are_refused() -> None:
    """Hashing a tuple nested a million deep ends CPython."""
    nested = pickle.EMPTY_TUPLE + pickle.TUPLE1 * 1_000_000
    for value in (pickle.EMPTY_DICT + nested + integer(1) + pickle.SETITEM, nested):
        assert "nests tuples without end" in refusal(file(value), UnsafePickleError)


def test_tuples_that_double_are_refused() -> None:
    """Forty of them take 2**40 steps to hash."""
    double = pickle.EMPTY_TUPLE + (pickle.DUP + pickle.TUPLE2) * 40
    assert "nests tuples without end" in refusal(
        file(pickle.EMPTY_DICT + double * 2 + pickle.SETITEM), UnsafePickleError
    )


def test_deep_lists_do_no_harm() -> None:
    depth = 200_000
    value = pickle.EMPTY_LIST * depth + pickle.APPEND * (depth - 1)
    assert refusal_of_model(file(value)) == "holds a list, expected a TracedModule"
    deep = module(value=value)
    assert load(file(deep)).attributes["value"]


def refusal_of_model(data: bytes) -> str:
    with pytest.raises(BadInputError) as caught:
        model.read(io.BytesIO(data))
    return caught.value.message.removeprefix("standard input: ")


def test_lengths_beyond_the_file_are_a_cut_off_file() -> None:
    for code in (pickle.BINBYTES8 + struct.pack("<Q", 2**62), pickle.BINUNICODE + struct.pack("<I", 2**32 - 1)):
        assert refusal(PROTO + code).startswith("is cut off: the pickle goes on after its ")


def test_something_uncallable_is_not_called() -> None:
    data = file(integer(1) + many() + pickle.REDUCE)
    assert "byte 9: the pickle calls something that is no class or function" in refusal(data, UnsafePickleError)


@pytest.mark.parametrize("seed", range(30))
def test_damaged_bytes_never_end_in_another_exception(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for original in ("protocol2", "protocol5", "named", "qat_passive", "dtypes"):
        for _ in range(20):
            data = bytearray(traced_files.files()[f"{original}.pkl"])
            for _ in range(rng.integers(1, 4)):
                data[rng.integers(2, len(data))] = rng.integers(0, 256)
            with contextlib.suppress(BadInputError):
                read = model.read(io.BytesIO(bytes(data)))
                walk.walk(read, [None] * len(read.inputs), Nothing())


class Nothing:
    """A handler that computes nothing."""

    def call(self, call: walk.Call) -> list[None]:
        return [None] * len(call.names)

    def tensor(self, *_: Any) -> None:
        return None


# --- the forms of all writers

ARRAY = array(struct.pack("<2f", 1, 2), (2,))


def test_tensors_of_all_writers() -> None:
    cls = name("megengine.tensor", "Parameter")
    three = new(cls, ARRAY, dtype("f4"), text("xpux:0"))
    seven = new(cls, ARRAY, dtype("f4"), text("xpux:0"), pickle.NEWFALSE, pickle.NEWFALSE, pickle.NONE, text("default"))
    old = build(new(cls), mapping(data=ARRAY, dtype=dtype("f4"), device=text("xpux:0"), qdict=pickle.NONE))
    for form in (three, seven, old):
        found = attribute(form)
        assert isinstance(found, records.ParameterRecord)
        assert (found.array.tolist(), found.dtype, found.qparams) == ([1, 2], np.dtype("f4"), None)


def test_expressions_of_megengine_1_6() -> None:
    """No version; the operator under another key, with the version; a class as dtype; functions as globals."""
    kind = name("megengine.core._imperative_rt.ops", "GetVarShape")
    opdef = mapping(axis=integer(7), type=kind, version=text("1.6.0"))
    ends = {"inputs": pickle.EMPTY_LIST, "outputs": pickle.EMPTY_LIST, "_id": integer(1)}
    apply = attribute(build(new(name("megengine.traced_module.expr", "Apply")), mapping(**ends, opdef=opdef)))
    assert (apply.opdef_type.name, apply.fields, apply.version) == ("GetVarShape", {"axis": 7}, None)
    function = mapping(**ends, const_val=pickle.EMPTY_LIST, func=name("megengine.functional.nn", "relu"))
    found = attribute(build(new(name("megengine.traced_module.expr", "CallFunction")), function))
    assert (found.func, found.version) == (("megengine.functional.nn", "relu"), None)
    state = mapping(_name=text("x"), _orig_name=text("a.x"), _shape=many(integer(2)), _dtype=name("numpy", "float32"))
    node = attribute(build(new(name("megengine.traced_module.node", "TensorNode")), state))
    assert (node.name, node.shape, node.dtype) == ("x", (2,), np.dtype("f4"))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_protocol_gives_the_same(protocol: int) -> None:
    first, second = load(traced_files.files()["protocol4.pkl"]), load(traced_files.files()[f"protocol{protocol}.pkl"])
    weights = [traced.attributes["fc"].attributes["weight"].array for traced in (first, second)]
    np.testing.assert_array_equal(*weights)
    assert first.attributes.keys() == second.attributes.keys()


def test_records_made_of_nonsense() -> None:
    cases = {
        build(
            new(name("megengine.tensor", "Tensor")), integer(1)
        ): "the state of a megengine.tensor.Tensor is not a dict with text keys",
        new(
            name("megengine.tensor", "Tensor"), text("x"), DTYPE, text("y")
        ): "a megengine.tensor.Tensor made of a str, expected an array",
        call(
            name("megengine.quantization.utils", "QuantMode"), integer(3)
        ): "megengine.quantization.utils.QuantMode(3), expected 1 or 2",
        new(name("inspect", "FullArgSpec"), integer(1)): "a inspect.FullArgSpec of 1 fields, expected 7",
        build(new(name("megengine.traced_module.traced_module", "InternalGraph")), mapping(_exprs=integer(1))): (
            "megengine.traced_module.traced_module.InternalGraph._exprs is a int, expected list"
        ),
        build(new(name("megengine.traced_module.serialization", "_ModuleState")), mapping(module=text("a"))): (
            "megengine.traced_module.serialization._ModuleState.module is 'a', expected (module, class)"
        ),
    }
    for data, message in cases.items():
        assert refusal(file(module(value=data))) == f"the pickle is damaged: {message}"


def test_the_collector_is_left_as_it_was() -> None:
    for enabled in (True, False):
        (gc.enable if enabled else gc.disable)()
        try:
            load(traced_files.files()["protocol4.pkl"])
            with pytest.raises(BadInputError):
                load(file(module(value=array(b"", (1,)))))
            assert gc.isenabled() is enabled
        finally:
            gc.enable()


def test_allowed_modules_are_those_of_megengine() -> None:
    """Every module class of MegEngine 1.13 that can be part of a TracedModule; none that is abstract."""
    found = {
        key
        for key, value in allowed.ALLOWED.items()
        if isinstance(value, type) and issubclass(value, records.ModuleRecord)
    }
    assert ("megengine.module.qat.conv_bn", "ConvBnRelu2d") in found
    assert ("megengine.module.quantized.linear", "Linear") in found
    assert ("megengine.quantization.observer", "PassiveObserver") in found
    assert TRACED_MODULE in found
    assert all(key[0].startswith("megengine.") for key in found)
