"""numpy's pickled arrays, dtypes and scalars, read without letting numpy see what the file says.

Forms: ``_reconstruct`` + BUILD (protocols 2-4), ``_frombuffer`` (protocol 5), ``scalar``, ``dtype`` + BUILD. The arrays
are views of the pickle's own bytes, read-only, without a copy (except big-endian ones).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from mgeconvert.errors import BadInputError, UnsafePickleError

from .short import kind_or_short, short
from .typeref import TypeRef
from .work import unpack

_PLAIN = frozenset(("b1", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8"))
_CUSTOM_MODULE = "megengine.core._imperative_rt"
_QUANTISED = {
    "QuantizedS1": "i1",
    "QuantizedS4": "i1",
    "Quantized4Asymm": "u1",
    "QuantizedS8": "i1",
    "Quantized8Asymm": "u1",
    "QuantizedS16": "i2",
    "QuantizedS32": "i4",
}


@dataclass(frozen=True, slots=True)
class MgeDType:
    """A dtype that numpy has not: quantized (``QuantizedS8`` with scale, and zero point if asymmetric) or ``bfloat16``.

    `storage` is the numpy dtype of the array that holds the values (one value per element).
    """

    name: str
    storage: np.dtype[Any]
    scale: float | None = None
    zero_point: int | None = None


DType: TypeAlias = "np.dtype[Any] | MgeDType"


def storage(dtype: DType) -> np.dtype[Any]:
    """The numpy dtype that holds the values of a dtype."""
    return dtype.storage if isinstance(dtype, MgeDType) else dtype


_CUSTOM = {
    "pybfloat16": MgeDType("bfloat16", np.dtype("u2")),
    "pyintb1": MgeDType("intb1", np.dtype("u1")),
    "pyintb2": MgeDType("intb2", np.dtype("u1")),
    "pyintb4": MgeDType("intb4", np.dtype("u1")),
}
"""numpy dtypes of MegEngine's own, one value per element."""

NUMPY_TYPES = frozenset({
    "bool", "bool_", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32",
    "float64",
})  # fmt: skip
"""numpy's scalar classes, with which MegEngine accepts dtypes to be named."""


class DTypeRecord:
    """A pickled numpy dtype: `stored` is that of the bytes in the file, `value` what it means, in native byte order."""

    __slots__ = ("_text", "stored", "value")
    stored: np.dtype[Any]
    value: DType

    def __init__(self, text: str, order: str = "|") -> None:
        self._text = text
        self._set(order, None)

    def __setstate__(self, state: Any) -> None:
        if type(state) is not tuple or len(state) not in (8, 9) or state[0] not in (3, 4):
            raise BadInputError(f"the state of a dtype is {kind_or_short(state)}, expected the 8 or 9 items of numpy")
        if any(part is not None for part in state[2:5]):
            raise BadInputError("a dtype with fields, expected a plain number type")
        if state[1] not in ("<", ">", "|", "="):
            raise BadInputError(f"a dtype with the byte order {kind_or_short(state[1])}")
        self._set(state[1], state[8] if len(state) == 9 else None)

    def _set(self, order: str, metadata: Any) -> None:
        custom = _CUSTOM.get(self._text)
        self.stored = np.dtype(order.replace("|", "=") + (custom.storage.str[1:] if custom else self._text))
        native = self.stored.newbyteorder("=")
        self.value = custom or (native if metadata is None else _quantized(metadata, native, self._text))


def _quantized(metadata: Any, storage: np.dtype[Any], text: str) -> MgeDType:
    """The quantized dtype that MegEngine describes in a dtype's metadata."""
    match metadata:
        case {"mgb_dtype": {"name": str(name), "scale": scale, **rest}} if _QUANTISED.get(name) == text:
            scale = scale.value if isinstance(scale, ScalarRecord) else scale
            zero_point = rest.get("zero_point")
            if isinstance(scale, float | int | np.floating) and isinstance(zero_point, int | None.__class__):
                return MgeDType(name, storage, float(scale), zero_point)
    raise BadInputError(f"a dtype {text} whose metadata is no quantization of MegEngine: {kind_or_short(metadata)}")


def dtype(*arguments: Any) -> DTypeRecord:
    """``numpy.dtype('f4', False, True)``"""
    kind = arguments[0] if arguments else None
    if isinstance(kind, TypeRef) and kind.module == _CUSTOM_MODULE and kind.name in _CUSTOM:
        return DTypeRecord(kind.name)
    if type(kind) is not str or kind[-2:] not in _PLAIN or kind[:-2] not in ("", "<", ">", "|", "="):
        shown = kind.qualname if isinstance(kind, TypeRef) else kind_or_short(kind)
        raise UnsafePickleError(f"has a numpy dtype {shown}, which is not a plain number type")
    return DTypeRecord(kind[-2:], kind[:-2] or "|")


class ArrayRecord:
    """A pickled numpy array: `array` is a read-only view of the pickle's bytes, `dtype` what its values mean."""

    __slots__ = ("_filled",)

    def __init__(self) -> None:
        self._filled: tuple[np.ndarray[Any, Any], DType] | None = None

    def __setstate__(self, state: Any) -> None:
        if type(state) is not tuple or len(state) != 5 or state[0] != 1:
            shown = kind_or_short(state)
            raise BadInputError(f"the state of an array is {shown}, expected (1, shape, dtype, order, bytes)")
        self.fill(state[4], state[2], state[1], bool(state[3]))

    def fill(self, data: Any, dtype: Any, shape: Any, fortran: bool) -> None:
        """Take over the bytes, checking them against dtype and shape."""
        if not isinstance(dtype, DTypeRecord):
            raise BadInputError(f"an array whose dtype is {kind_or_short(dtype)}")
        if type(shape) is not tuple or len(shape) > 32 or not all(type(dim) is int and dim >= 0 for dim in shape):
            raise BadInputError(f"an array whose shape is {short(shape)}")
        if not isinstance(data, bytes | bytearray):
            raise BadInputError(f"an array whose data is {kind_or_short(data)}, expected bytes")
        unpack(len(data))
        stored = dtype.stored
        if math.prod(shape) * stored.itemsize != len(data):
            raise BadInputError(f"an array of shape {shape} and dtype {stored} with {len(data)} bytes")
        flat = np.frombuffer(data, stored) if data else np.empty(0, stored)
        array = flat.astype(stored.newbyteorder("="), copy=False).reshape(shape, order="F" if fortran else "C")
        array.flags.writeable = False
        self._filled = array, dtype.value

    @property
    def array(self) -> np.ndarray[Any, Any]:
        return self._get()[0]

    @property
    def dtype(self) -> DType:
        return self._get()[1]

    @property
    def value(self) -> Any:
        """The array."""
        return self.array

    def _get(self) -> tuple[np.ndarray[Any, Any], DType]:
        if self._filled is None:
            raise BadInputError("an array without data")
        return self._filled


class ScalarRecord(ArrayRecord):
    """A pickled numpy scalar; `value` is the numpy scalar."""

    __slots__ = ()

    @property
    def value(self) -> Any:
        return self.array[()]


def dtype_of(value: Any) -> DType | None:
    """The dtype that a dtype or a class of numpy stands for, or None."""
    if isinstance(value, DTypeRecord):
        return value.value
    if isinstance(value, TypeRef) and value.module == "numpy" and value.name in NUMPY_TYPES:
        return np.dtype(value.name.rstrip("_"))
    return None


def reconstruct(kind: Any, *_: Any) -> ArrayRecord:
    """``numpy.core.multiarray._reconstruct(numpy.ndarray, (0,), b'b')``; a shape and a type that BUILD overrides"""
    if not isinstance(kind, TypeRef) or kind.qualname != "numpy.ndarray":
        raise UnsafePickleError(f"has an array of class {kind_or_short(kind)}, expected numpy.ndarray")
    return ArrayRecord()


def frombuffer(data: Any, dtype: Any, shape: Any, order: Any, axis_order: Any = None) -> ArrayRecord:
    """``numpy.core.numeric._frombuffer(bytes, dtype, shape, 'C')``"""
    if order not in ("C", "F") or axis_order is not None:
        raise BadInputError(f"an array of order {kind_or_short(order)}, expected C or F")
    record = ArrayRecord()
    record.fill(data, dtype, shape, order == "F")
    return record


def scalar(dtype: Any, data: Any) -> ScalarRecord:
    """``numpy.core.multiarray.scalar(dtype, bytes)``"""
    record = ScalarRecord()
    record.fill(data, dtype, (), False)
    return record


def dtype_class(kind: Any) -> TypeRef:
    """``numpy.core._DType_reconstruct(numpy.int32)``: the class of a dtype, kept as a name."""
    if not isinstance(kind, TypeRef):
        raise UnsafePickleError(f"has a dtype class of {kind_or_short(kind)}")
    return TypeRef("numpy", f"dtype[{kind.name}]")


def encode(text: Any, encoding: Any) -> bytes:
    """``_codecs.encode(text, 'latin1')``: how protocol 2 writes bytes."""
    if type(text) is not str or encoding not in ("latin1", "latin-1"):
        raise UnsafePickleError(f"calls _codecs.encode with {kind_or_short(encoding)}, expected 'latin1'")
    return text.encode("latin-1")
