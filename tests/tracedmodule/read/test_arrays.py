"""Arrays, dtypes and scalars in a pickle, as every numpy and MegEngine writes them, and those that make no sense."""

from __future__ import annotations

import pickle
import struct
from typing import Any

import numpy as np
import pytest

from mgeconvert.errors import UnsafePickleError
from mgeconvert.tracedmodule.read import arrays
from mgeconvert.tracedmodule.read.arrays import MgeDType
from mgeconvert.tracedmodule.read.typeref import TypeRef
from tests.tracedmodule.pickles import (
    DTYPE,
    NDARRAY,
    RECONSTRUCT,
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
    tensor,
    text,
)
from tests.tracedmodule.read.loaded import TAIL, attribute, load, refusal


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
    assert message == "the pickle is damaged: a dtype f4 whose metadata is no quantization of MegEngine: a dict"


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
