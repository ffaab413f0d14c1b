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

from .typeref import TypeRef

_PLAIN = frozenset(("b1", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"))
_CUSTOM = {"pybfloat16": "bfloat16", "pyintb1": "intb1", "pyintb2": "intb2", "pyintb4": "intb4"}
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
    """A dtype that numpy has not: quantised (``QuantizedS8`` with scale, and zero point if asymmetric) or ``bfloat16``.

    `storage` is the numpy dtype of the array that holds the values (one value per element).
    """

    name: str
    storage: np.dtype[Any]
    scale: float | None = None
    zero_point: int | None = None


DType: TypeAlias = "np.dtype[Any] | MgeDType"


class DTypeRecord:
    """A pickled numpy dtype; `value` is what it means."""

    __slots__ = ("_order", "_quant", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._order = "|"
        self._quant: tuple[str, float, int | None] | None = None

    def __setstate__(self, state: Any) -> None:
        if type(state) is not tuple or len(state) not in (8, 9) or state[0] not in (3, 4):
            raise BadInputError(f"the state of a dtype is {_short(state)}, expected the 8 or 9 items of numpy 1 and 2")
        if any(part is not None for part in state[2:5]):
            raise BadInputError(f"a dtype with fields ({_short(state)}), expected a plain number type")
        if state[1] not in ("<", ">", "|", "="):
            raise BadInputError(f"a dtype with byte order {_short(state[1])}")
        self._order = state[1]
        if len(state) == 9 and state[8] is not None:
            self._quant = _quantised(state[8], self._text)

    @property
    def stored(self) -> np.dtype[Any]:
        """The numpy dtype of the bytes in the file."""
        if self._text in _CUSTOM:
            return np.dtype("<u2" if self._text == "pybfloat16" else "<u1")
        return np.dtype(("" if self._order in "|=" else self._order) + self._text)

    @property
    def value(self) -> DType:
        """A numpy dtype in native byte order, or an `MgeDType`."""
        stored = self.stored.newbyteorder("=")
        if self._text in _CUSTOM:
            return MgeDType(_CUSTOM[self._text], stored)
        return MgeDType(self._quant[0], stored, self._quant[1], self._quant[2]) if self._quant else stored


def _quantised(metadata: Any, text: str) -> tuple[str, float, int | None] | None:
    if type(metadata) is not dict or "mgb_dtype" not in metadata:
        return None
    fields = metadata["mgb_dtype"]
    if type(fields) is not dict or _QUANTISED.get(fields.get("name")) != text:
        raise BadInputError(f"a quantised dtype of {text} with {_short(fields)}")
    scale, zero_point = fields.get("scale"), fields.get("zero_point")
    if type(scale) not in (float, int) or type(zero_point) not in (int, type(None)):
        raise BadInputError(f"a quantised dtype of {text} with {_short(fields)}")
    return fields["name"], float(scale), zero_point


def dtype(*arguments: Any) -> DTypeRecord:
    """``numpy.dtype('f4', False, True)``"""
    kind = arguments[0] if arguments else None
    if isinstance(kind, TypeRef) and kind.name in _CUSTOM:
        return DTypeRecord(kind.name)
    if type(kind) is not str or kind.lstrip("<>=|") not in _PLAIN:
        shown = kind.qualname if isinstance(kind, TypeRef) else _short(kind)
        raise UnsafePickleError(f"has a numpy dtype {shown}, which is not a plain number type")
    record = DTypeRecord(kind.lstrip("<>=|"))
    if kind[0] in "<>":
        record._order = kind[0]
    return record


class ArrayRecord:
    """A pickled numpy array or scalar; `array` is the numpy object."""

    __slots__ = ("_array", "_dtype")

    def __init__(self) -> None:
        self._array: np.ndarray[Any, Any] | None = None
        self._dtype: DTypeRecord | None = None

    def __setstate__(self, state: Any) -> None:
        if type(state) is not tuple or len(state) != 5 or state[0] not in (1, 0):
            raise BadInputError(f"the state of an array is {_short(state)}, expected (1, shape, dtype, order, bytes)")
        self.fill(state[4], state[2], state[1], bool(state[3]))

    def fill(self, data: Any, dtype: Any, shape: Any, fortran: bool) -> None:
        if not isinstance(dtype, DTypeRecord):
            raise BadInputError(f"an array of dtype {_short(dtype)}")
        if type(shape) is not tuple or not all(type(dim) is int and dim >= 0 for dim in shape) or len(shape) > 32:
            raise BadInputError(f"an array of shape {_short(shape)}")
        if not isinstance(data, bytes | bytearray | memoryview):
            raise BadInputError(f"an array whose data is a {type(data).__name__}, expected bytes")
        stored, size = dtype.stored, math.prod(shape)
        length = data.nbytes if isinstance(data, memoryview) else len(data)
        if size * stored.itemsize != length:
            raise BadInputError(f"an array of shape {shape} and dtype {stored} with {length} bytes")
        flat = np.frombuffer(data, stored) if length else np.empty(0, stored)
        if not stored.isnative:
            flat = flat.astype(stored.newbyteorder("="))
        array = flat.reshape(shape, order="F" if fortran else "C")
        array.flags.writeable = False
        self._array, self._dtype = array, dtype

    @property
    def array(self) -> np.ndarray[Any, Any]:
        if self._array is None:
            raise BadInputError("an array without data")
        return self._array

    @property
    def dtype_record(self) -> DTypeRecord:
        if self._dtype is None:
            raise BadInputError("an array without data")
        return self._dtype

    @property
    def value(self) -> Any:
        """The array."""
        return self.array


class ScalarRecord(ArrayRecord):
    """A pickled numpy scalar; `value` is the numpy scalar."""

    __slots__ = ()

    @property
    def value(self) -> Any:
        return self.array[()]


def reconstruct(kind: Any, shape: Any, typecode: Any) -> ArrayRecord:
    """``numpy.core.multiarray._reconstruct(numpy.ndarray, (0,), b'b')``"""
    if not isinstance(kind, TypeRef) or kind.qualname != "numpy.ndarray":
        raise UnsafePickleError(f"has an array of class {_short(kind)}, expected numpy.ndarray")
    return ArrayRecord()


def frombuffer(data: Any, dtype: Any, shape: Any, order: Any, axis_order: Any = None) -> ArrayRecord:
    """``numpy.core.numeric._frombuffer(bytes, dtype, shape, 'C')``"""
    if order not in ("C", "F") or axis_order is not None:
        raise BadInputError(f"an array of order {_short(order)}, expected C or F")
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
        raise UnsafePickleError(f"has a dtype class of {_short(kind)}")
    return TypeRef("numpy", f"dtype[{kind.name}]")


def encode(text: Any, encoding: Any) -> bytes:
    """``_codecs.encode(text, 'latin1')``: how protocol 2 writes bytes."""
    if type(text) is not str or encoding not in ("latin1", "latin-1"):
        raise UnsafePickleError(f"calls _codecs.encode with {_short(encoding)}, expected 'latin1'")
    return text.encode("latin-1")


def _short(value: Any) -> str:
    if isinstance(value, TypeRef):
        return value.qualname
    if isinstance(value, str | int | float | bytes | None.__class__):
        return repr(value)[:60]
    return f"a {type(value).__name__}"
