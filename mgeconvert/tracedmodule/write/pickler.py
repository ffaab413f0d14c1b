"""Writes pickles as MegEngine itself writes them: protocol 4, classes by name, nothing imported.

An object of a class is an `Instance`: the class's name, what its constructor gets, its state. Shared objects are
written once, weights straight from their arrays, and the same objects give the same bytes. Nesting costs memory, not
Python's stack: a graph is one long chain of references.
"""

from __future__ import annotations

import collections
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

LARGE = 1 << 16
"""Arrays of this many bytes are handed to the stream as they are."""


@dataclass(frozen=True, slots=True)
class Name:
    """A class or function as a value, by its dotted name: ``megengine.tensor.Tensor``."""

    module: str
    name: str


@dataclass(slots=True, eq=False)
class Instance:
    """An object: NEWOBJ of a class with arguments, and BUILD of its state (None: without). The state may change until
    it is written, so that objects can refer to each other."""

    kind: Name
    state: Any = None
    arguments: tuple[Any, ...] = ()


@dataclass(slots=True, eq=False)
class Called:
    """What a function gives: REDUCE of the function and its arguments."""

    function: Name
    arguments: tuple[Any, ...]


def write(root: Any, stream: BinaryIO) -> None:
    """Write the pickle of `root` (instances, names, numpy arrays and dtypes, plain Python objects)."""
    _Writer(stream).run(root)


class _Writer:
    def __init__(self, stream: BinaryIO) -> None:
        self.emit = stream.write
        self.memo: dict[Any, int] = {}
        self.alive: list[Any] = []
        """Keeps what the memo knows by its address."""

    def run(self, root: Any) -> None:
        self.emit(b"\x80\x04")
        stack = [self.parts(root)]
        while stack:
            part = next(stack[-1], _END)
            if part is _END:
                stack.pop()
            elif not self.atom(part):
                stack.append(self.parts(part))
        self.emit(b".")

    def atom(self, value: Any) -> bool:
        """Write what has no parts or is known already; False for everything else."""
        kind = type(value)
        if value is None or kind is bool:
            self.emit(b"N" if value is None else b"\x88" if value else b"\x89")
        elif kind is int:
            self.emit(_int(value))
        elif kind is float:
            self.emit(b"G" + struct.pack(">d", value))
        elif kind is str:
            if not self.known(value):
                data = value.encode("utf-8", "surrogatepass")
                self.emit(_counted(b"\x8c", b"X", b"\x8d", len(data)) + data)
                self.remember(value)
        elif kind is bytes:
            self.emit(_counted(b"C", b"B", b"\x8e", len(value)) + value)
        elif kind is tuple and not value:
            self.emit(b")")
        else:
            return self.known(_key(value))
        return True

    def parts(self, value: Any) -> Iterator[Any]:
        """Write a compound object, yielding its parts where they belong."""
        writer = _COMPOUND.get(type(value))
        if writer is not None:
            yield from writer(self, value)
        elif isinstance(value, np.dtype):
            yield from self.dtype(value)
        else:
            raise TypeError(f"a {type(value).__name__} cannot be written to a TracedModule")

    def a_list(self, value: list[Any]) -> Iterator[Any]:
        self.emit(b"]")
        self.remember(_key(value), value)
        if value:
            self.emit(b"(")
            yield from value
            self.emit(b"e")

    def a_dict(self, value: dict[Any, Any]) -> Iterator[Any]:
        self.emit(b"}")
        self.remember(_key(value), value)
        yield from self.items(value)

    def items(self, value: dict[Any, Any]) -> Iterator[Any]:
        if value:
            self.emit(b"(")
            for key, item in value.items():
                yield key
                yield item
            self.emit(b"u")

    def a_tuple(self, value: tuple[Any, ...]) -> Iterator[Any]:
        if len(value) > 3:
            self.emit(b"(")
        yield from value
        self.emit((b")", b"\x85", b"\x86", b"\x87", b"t")[min(len(value), 4)])
        self.remember(_key(value), value)

    def ordered(self, value: collections.OrderedDict[Any, Any]) -> Iterator[Any]:
        yield from self.reduce(Name("collections", "OrderedDict"))
        self.remember(_key(value), value)
        yield from self.items(value)

    def default(self, value: collections.defaultdict[Any, Any]) -> Iterator[Any]:
        yield from self.reduce(Name("collections", "defaultdict"), Name("builtins", "list"))
        self.remember(_key(value), value)
        yield from self.items(value)

    def reduce(self, function: Name, *arguments: Any) -> Iterator[Any]:
        yield function
        yield arguments
        self.emit(b"R")

    def name(self, value: Name) -> Iterator[Any]:
        """``type(None)`` and ``type(...)`` have no name that can be imported."""
        if value in _TYPE_OF:
            yield from self.reduce(Name("builtins", "type"), _TYPE_OF[value])
        else:
            yield value.module
            yield value.name
            self.emit(b"\x93")
        self.remember(value)

    def ellipsis(self, _: Any) -> Iterator[Any]:
        yield Name("builtins", "Ellipsis")

    def dtype(self, value: np.dtype[Any]) -> Iterator[Any]:
        """MegEngine's quantized types are integers with metadata, which makes the state another version."""
        yield from self.reduce(Name("numpy", "dtype"), value.str[1:], False, True)
        self.remember(_key(value), value)
        state = ("|" if value.itemsize == 1 else "<", None, None, None, -1, -1, 0)
        yield (3, *state) if value.metadata is None else (4, *state, dict(value.metadata))
        self.emit(b"b")

    def array(self, value: np.ndarray[Any, Any]) -> Iterator[Any]:
        """The state holds the array's own bytes, in C order and little endian."""
        dtype = value.dtype if value.dtype.isnative else value.dtype.newbyteorder("<")
        yield from self.reduce(_RECONSTRUCT, Name("numpy", "ndarray"), (0,), b"b")
        self.remember(_key(value), value)
        self.emit(b"(")
        yield from (1, value.shape, dtype, False)
        flat = np.ascontiguousarray(value, dtype).reshape(-1).view(np.uint8)
        self.emit(_counted(b"C", b"B", b"\x8e", flat.nbytes))
        self.emit(flat.data if flat.nbytes >= LARGE else flat.tobytes())
        self.emit(b"tb")

    def called(self, value: Called) -> Iterator[Any]:
        yield from self.reduce(value.function, *value.arguments)
        self.remember(_key(value), value)

    def instance(self, value: Instance) -> Iterator[Any]:
        yield value.kind
        yield value.arguments
        self.emit(b"\x81")
        self.remember(_key(value), value)
        if value.state is not None:
            yield value.state
            self.emit(b"b")

    def known(self, key: Any) -> bool:
        index = self.memo.get(key)
        if index is None:
            return False
        self.emit(b"h" + bytes((index,)) if index < 256 else b"j" + struct.pack("<I", index))
        return True

    def remember(self, key: Any, value: Any = None) -> None:
        self.emit(b"\x94")
        self.memo[key] = len(self.memo)
        self.alive.append(value)


_END = object()
_RECONSTRUCT = Name("numpy.core.multiarray", "_reconstruct")
_TYPE_OF = {Name("builtins", "NoneType"): None, Name("builtins", "ellipsis"): ...}
_COMPOUND: dict[type, Callable[[_Writer, Any], Iterator[Any]]] = {
    Instance: _Writer.instance,
    Called: _Writer.called,
    Name: _Writer.name,
    list: _Writer.a_list,
    dict: _Writer.a_dict,
    tuple: _Writer.a_tuple,
    np.ndarray: _Writer.array,
    collections.OrderedDict: _Writer.ordered,
    collections.defaultdict: _Writer.default,
    type(...): _Writer.ellipsis,
}


def _key(value: Any) -> Any:
    """What the memo knows an object by: names and dtypes by what they say, everything else by identity."""
    if type(value) is Name:
        return value
    return ("dtype", value.str, repr(value.metadata)) if isinstance(value, np.dtype) else id(value)


def _int(value: int) -> bytes:
    if 0 <= value < 256:
        return b"K" + bytes((value,))
    if 0 <= value < 65536:
        return b"M" + struct.pack("<H", value)
    if -(1 << 31) <= value < 1 << 31:
        return b"J" + struct.pack("<i", value)
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes((len(data),)) + data


def _counted(short: bytes, medium: bytes, long: bytes, count: int) -> bytes:
    """The opcode for a text or bytes of that length, and the length."""
    if count < 256:
        return short + bytes((count,))
    return medium + struct.pack("<I", count) if count < 1 << 32 else long + struct.pack("<Q", count)
