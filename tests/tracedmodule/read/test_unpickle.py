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
from mgeconvert.tracedmodule.read import allowed, arrays, model, records, unpickle
from mgeconvert.tracedmodule.read.arrays import MgeDType
from mgeconvert.tracedmodule.read.source import opened
from mgeconvert.tracedmodule.read.typeref import TypeRef
from tests.tracedmodule import files as traced_files
from tests.tracedmodule.pickles import (
    DTYPE,
    NDARRAY,
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
    tensor,
    text,
)

TAIL = ", which no TracedModule needs; nothing in the file was imported or run"


def load(data: bytes) -> Any:
    with opened(io.BytesIO(data)) as (stream, place):
        return unpickle.load(stream, place)


def attribute(data: bytes) -> Any:
    """The value as an attribute of a TracedModule."""
    return load(file(module(value=data))).attributes["value"]


def refusal(data: bytes, kind: type[BadInputError] = BadInputError) -> str:
    """The message of the refusal, without the file's name."""
    with pytest.raises(kind) as caught:
        load(data)
    assert type(caught.value) is kind
    assert caught.value.hint
    assert caught.value.message.startswith("standard input: ")
    return caught.value.message.removeprefix("standard input: ")


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
    foreign = unpickle._Unpickler(io.BytesIO(file(call(name("mynet", "Net"), text("true")))))
    with pytest.raises(UnsafePickleError, match=r"^calls mynet\.Net$"):
        foreign.load()


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


# --- changing what is shared between loads

CLASS_STATES = {
    "dict": lambda: mapping(source=text("evil"), __setstate__=integer(1)),
    "slots": lambda: many(pickle.NONE, mapping(source=text("evil"), keys=mapping())),
}


@pytest.mark.parametrize("state", CLASS_STATES)
@pytest.mark.parametrize("key", sorted(allowed.ALLOWED), ids=".".join)
def test_build_on_a_class_or_function_changes_nothing(key: tuple[str, str], state: str) -> None:
    before = snapshot(allowed.find(*key))
    with pytest.raises(BadInputError):
        load(file(module(value=build(name(*key), CLASS_STATES[state]()))))
    assert snapshot(allowed.find(*key)) == before


def snapshot(value: Any) -> Any:
    if isinstance(value, type):
        return {key: id(item) for key, item in vars(value).items()}
    if isinstance(value, TypeRef):
        return (
            value.module,
            value.name,
            value._build and vars(value._build),
            getattr(value._build, "__defaults__", None),
        )
    return value


def test_appending_to_a_class_is_refused() -> None:
    for opcode in (
        pickle.APPEND,
        pickle.MARK + integer(1) + pickle.APPENDS,
        pickle.MARK + text("a") * 2 + pickle.SETITEMS,
    ):
        extra = integer(1) if opcode == pickle.APPEND else b""
        assert "damaged" in refusal(file(module(value=name("megengine.tensor", "Tensor") + extra + opcode)))


def test_loading_is_the_same_after_hostile_loads() -> None:
    data = traced_files.files()["nested.pkl"]
    before = load(data)
    for hostile in (module(value=SYSTEM), build(name("builtins", "slice"), mapping(a=integer(1)))):
        with pytest.raises(BadInputError):
            load(file(hostile))
    assert load(data).attributes.keys() == before.attributes.keys()


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


# --- arrays, dtypes, scalars


def test_an_array_is_a_read_only_view_of_the_bytes() -> None:
    data = np.arange(6, dtype="<f4")
    found = attribute(array(data.tobytes(), (2, 3)))
    assert found.tolist() == data.reshape(2, 3).tolist()
    assert (found.flags.writeable, found.flags.owndata) == (False, False)
    base: Any = found
    while isinstance(base, np.ndarray):
        base = base.base
    assert isinstance(base, bytes)


def test_orders_and_byte_orders() -> None:
    data = np.arange(6).reshape(2, 3)
    big = attribute(array(data.astype(">f4").tobytes(), (2, 3), dtype("f4", ">")))
    assert (big.dtype, big.tolist()) == (np.dtype("=f4"), data.tolist())
    fortran = attribute(array(data.astype("<f4").tobytes("F"), (2, 3), fortran=True))
    assert (fortran.flags.f_contiguous, fortran.tolist()) == (True, data.tolist())


@pytest.mark.parametrize("core", ["numpy.core", "numpy._core"])
def test_arrays_of_numpy_1_and_2(core: str) -> None:
    value = np.float32([1, 2]).tobytes()
    state = many(integer(1), many(integer(2)), dtype("f4"), pickle.NEWFALSE, binary(value))
    old = build(call(name(core + ".multiarray", "_reconstruct"), NDARRAY, many(integer(0)), binary(b"b")), state)
    buffer = call(name(core + ".numeric", "_frombuffer"), binary(value), dtype("f4"), many(integer(2)), text("C"))
    writable = pickle.BYTEARRAY8 + struct.pack("<Q", len(value)) + value
    buffer2 = call(name(core + ".numeric", "_frombuffer"), writable, dtype("f4"), many(integer(2)), text("C"))
    scalar = call(name(core + ".multiarray", "scalar"), dtype("f4"), binary(value[:4]))
    for form in (old, buffer, buffer2):
        found = attribute(form)
        assert (found.tolist(), found.flags.writeable) == ([1, 2], False)
    assert (attribute(scalar), type(attribute(scalar))) == (1, np.float32)
    kind = call(name(core, "_DType_reconstruct"), name("numpy", "int32"))
    assert attribute(kind) == TypeRef("numpy", "dtype[int32]")


def test_real_numpy_pickles_of_every_protocol() -> None:
    values = [
        np.arange(6, dtype="f4").reshape(2, 3),
        np.asfortranarray(np.arange(6, dtype="i4").reshape(2, 3)),
        np.arange(3, dtype=">i2"),
        np.array(True),
        np.zeros((0, 4), "u1"),
        np.arange(8, dtype="f8")[::2],
        np.float16(0.5),
        np.int64(-3),
        np.bool_(True),
    ]
    for protocol in range(2, 6):
        for value in values:
            found = load_value(pickle.dumps(value, protocol))
            assert (found.dtype, found.shape) == (value.dtype.newbyteorder("="), value.shape)
            np.testing.assert_array_equal(found, value)


def load_value(data: bytes) -> Any:
    found = load(data)
    assert isinstance(found, arrays.ArrayRecord)
    return found.value


def test_quantised_dtypes() -> None:
    half = pickle.BINFLOAT + struct.pack(">d", 0.5)
    metadata = mapping(mgb_dtype=mapping(name=text("Quantized8Asymm"), scale=half, zero_point=integer(7)))
    found = attribute(tensor(array(b"12", (2,), dtype("u1", "|")), dtype("u1", "|", 4, metadata)))
    assert found.dtype == MgeDType("Quantized8Asymm", np.dtype("u1"), 0.5, 7)
    message = refusal(file(module(value=dtype("f4", "<", 4, metadata))))
    assert message == "the pickle is damaged: a dtype f4 whose metadata is no quantisation of MegEngine: a dict"


@pytest.mark.parametrize("custom", ["bfloat16", "intb1", "intb2", "intb4"])
def test_dtypes_of_megengines_own(custom: str) -> None:
    kind = call(
        name("numpy", "dtype"), name("megengine.core._imperative_rt", "py" + custom), pickle.NEWFALSE, pickle.NEWTRUE
    )
    size = 2 if custom == "bfloat16" else 1
    state = many(integer(3), text("<"), *[pickle.NONE] * 3, integer(size), integer(size), integer(112))
    assert attribute(build(kind, state)) == MgeDType(custom, np.dtype(f"u{size}"))


def test_protocol_2_bytes_are_text_that_is_encoded_by_us() -> None:
    encode = name("_codecs", "encode")
    assert attribute(call(encode, text("\xff\0"), text("latin1"))) == b"\xff\0"
    assert attribute(call(name("__builtin__", "bytes"))) == b""
    for arguments in ((text("x"), text("rot13")), (text("x"), text("utf-8")), (integer(1), text("latin1"))):
        assert "calls _codecs.encode" in refusal(file(module(value=call(encode, *arguments))), UnsafePickleError)
    assert "calls builtins.bytes with" in refusal(
        file(module(value=call(name("builtins", "bytes"), integer(9)))), UnsafePickleError
    )


BAD_ARRAYS = {
    "too few bytes": (array(b"1234", (2,)), "an array of shape (2,) and dtype float32 with 4 bytes"),
    "too many bytes": (array(b"12345678", (1,)), "an array of shape (1,) and dtype float32 with 8 bytes"),
    "a size": (array(b"", (-1,)), "an array whose shape is (-1,)"),
    "a huge size": (
        array(b"", (2**31 - 1,) * 4),
        f"an array of shape {(2**31 - 1,) * 4} and dtype float32 with 0 bytes",
    ),
    "many axes": (array(b"1234", (1,) * 33), "an array whose shape is (1, 1, 1"),
    "no data": (call(RECONSTRUCT, NDARRAY, many(integer(0)), binary(b"b")), "an array without data"),
    "no dtype": (array(b"1234", (1,), text("f4")), "an array whose dtype is 'f4'"),
    "a state": (build(call(RECONSTRUCT, NDARRAY, many(), binary(b"b")), integer(1)), "the state of an array is 1"),
    "fields": (
        build(DTYPE, many(integer(3), text("|"), pickle.NONE, many(text("a")), *[pickle.NONE] * 4)),
        "a dtype with fields",
    ),
    "byte order": (dtype("f4", "!"), "a dtype with the byte order '!'"),
    "array order": (
        call(name("numpy.core.numeric", "_frombuffer"), binary(b"1234"), dtype("f4"), many(integer(1)), text("A")),
        "an array of order 'A', expected C or F",
    ),
}


@pytest.mark.parametrize("case", BAD_ARRAYS)
def test_arrays_that_make_no_sense(case: str) -> None:
    data, message = BAD_ARRAYS[case]
    assert refusal(file(module(value=tensor(data)))).startswith(f"the pickle is damaged: {message}")


@pytest.mark.parametrize(
    "code", ["O", "O8", "|O", "V8", "S4", "U4", "M8", "m8", "c16", "f4,i4", "f16", "(2,)f4", "float32"]
)
def test_only_plain_dtypes(code: str) -> None:
    message = refusal(file(module(value=array(b"12345678", (1,), dtype(code)))), UnsafePickleError)
    assert message == f"the pickle has a numpy dtype {code!r}, which is not a plain number type{TAIL}"


def test_subclasses_of_ndarray_are_refused() -> None:
    data = call(RECONSTRUCT, name("numpy", "float32"), many(integer(0)), binary(b"b"))
    assert "has an array of class numpy.float32, expected numpy.ndarray" in refusal(file(data), UnsafePickleError)


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
