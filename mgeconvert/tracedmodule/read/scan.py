"""Reads a pickle's opcodes before anything is built from them.

CPython's unpickler is fast but trusts its input: a memo index of 2**31 makes it allocate gigabytes, and hashing deeply
nested tuples overflows its C stack. This scan follows the opcodes with a stack of stand-ins, skips the weights, and
reports every class and function the file names, with its byte offset. Only the opcodes that Python writes in protocols
2-5 pass: nothing of protocol 0 and 1, no persistent ids, extension codes or out-of-band buffers. Linear in the opcodes.
"""

from __future__ import annotations

import mmap
import pickle
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mgeconvert.errors import BadInputError, UnsafePickleError

MAX_TUPLE_DEPTH = 500
MAX_TUPLE_SIZE = 1 << 24
"""Limits for tuples within tuples: hashing takes C stack for the depth, and time for the parts, all spelled out."""
MAX_WIDE_KEYS = 1000
"""Keys that are integers of 8 bytes or more. Only those can be chosen so that thousands of them have one hash."""
MAX_NUMBER = 1 << 8
"""Bytes of an integer: Python does not write larger ones out."""
MAX_NAME = 1 << 12
"""Longer texts are no names; protocol 2 writes weights as text."""


@dataclass(frozen=True, slots=True)
class Name:
    """A class or function the pickle names, first at the byte `offset`."""

    module: str
    name: str
    offset: int

    @property
    def qualname(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(slots=True)
class Audit:
    """What a pickle names: `called` are the names it makes objects with and where, `root` is the result's class."""

    names: dict[tuple[str, str], Name] = field(default_factory=dict)
    called: dict[Name, int] = field(default_factory=dict)
    root: Name | None = None

    def name(self, module: Any, name: Any, offset: int) -> Name:
        """The class or function of that name; BadInputError where the two are not text."""
        if type(module) is not bytes or type(name) is not bytes:
            raise BadInputError(f"byte {offset}: a class whose name is not text: the file is damaged")
        key = (module.decode("utf-8", "replace"), name.decode("utf-8", "replace"))
        return self.names.setdefault(key, Name(*key, offset))


class _Keys:
    """What becomes a key of a dict or a member of a set, and what hashing all of it costs."""

    def __init__(self) -> None:
        self.parts = 0
        self.wide = 0

    def add(self, keys: Sequence[Any], offset: int) -> None:
        """UnsafePickleError for keys that take time without end: large tuples again and again, numbers that collide."""
        if _PLAIN.issuperset(map(type, keys)):
            return
        for key in keys:
            if type(key) is _Tuple:
                self.parts += key.size
                self.wide += key.wide
            elif key is _WIDE:
                self.wide += 1
        if self.parts > MAX_TUPLE_SIZE or self.wide > MAX_WIDE_KEYS:
            raise UnsafePickleError(f"byte {offset}: the pickle has keys that take hours to hash")


class _Tuple:
    """A tuple or frozenset on the stack: how deep they nest in it, and how many parts it has, all spelled out.

    Comparing two frozensets that are equal, and not one, looks at all parts of both."""

    __slots__ = ("depth", "size", "wide")

    def __init__(self, items: list[Any], offset: int) -> None:
        self.depth = 1
        self.size = 1 + len(items)
        self.wide = 0
        for item in items:
            if item is _WIDE:
                self.wide += 1
            elif type(item) is _Tuple:
                self.size += item.size
                self.wide += item.wide
                self.depth = max(self.depth, item.depth + 1)
        if self.depth > MAX_TUPLE_DEPTH or self.size > MAX_TUPLE_SIZE:
            raise UnsafePickleError(f"byte {offset}: the pickle nests tuples without end")


def _tuple(items: list[Any], offset: int) -> _Tuple:
    """The stand-in of a tuple; one for all of a length that hold neither tuples nor wide integers."""
    if not _PLAIN.issuperset(map(type, items)):
        return _Tuple(items, offset)
    count = len(items)
    if count not in _PLAIN_TUPLES:
        _PLAIN_TUPLES[count] = _Tuple(items, offset)
    return _PLAIN_TUPLES[count]


(_FLAT, _TEXT, _CALL, _TUPLE_N, _TUPLE, _APPEND, _TO_MARK, _PUT, _SETITEM, _GLOBAL, _STACK_GLOBAL,
 _POP, _POP_MARK, _DUP, _SKIP, _STOP, _LONG, _SETITEMS, _MEMBERS) = range(19)  # fmt: skip

_WIDE = object()
"""Stands for an integer of 8 bytes or more."""
_PLAIN = frozenset([type(None), bytes, Name])
"""The types of stand-ins that cost nothing to hash."""
_PLAIN_TUPLES: dict[int, _Tuple] = {}
"""Length -> the stand-in of tuples that hold nothing but these."""

_OPCODES = (
    # what it does to the stack, size of its argument, size of the length before a counted argument, opcodes
    (_FLAT, 0, 0, pickle.NONE + pickle.NEWTRUE + pickle.NEWFALSE),
    (_FLAT, 0, 0, pickle.EMPTY_TUPLE + pickle.EMPTY_LIST + pickle.EMPTY_DICT + pickle.EMPTY_SET),
    (_FLAT, 1, 0, pickle.BININT1),
    (_FLAT, 2, 0, pickle.BININT2),
    (_FLAT, 4, 0, pickle.BININT),
    (_FLAT, 8, 0, pickle.BINFLOAT),
    (_FLAT, 0, 1, pickle.SHORT_BINBYTES),
    (_FLAT, 0, 4, pickle.BINBYTES),
    (_LONG, 0, 1, pickle.LONG1),
    (_LONG, 0, 4, pickle.LONG4),
    (_FLAT, 0, 8, pickle.BINBYTES8 + pickle.BYTEARRAY8),
    (_TEXT, 0, 1, pickle.SHORT_BINUNICODE),
    (_TEXT, 0, 4, pickle.BINUNICODE),
    (_TEXT, 0, 8, pickle.BINUNICODE8),
    (_PUT, 1, 0, pickle.BINPUT),
    (_PUT, 4, 0, pickle.LONG_BINPUT),
    (_TO_MARK, 0, 0, pickle.APPENDS),
    (_SETITEMS, 0, 0, pickle.SETITEMS),
    (_MEMBERS, 0, 0, pickle.ADDITEMS + pickle.FROZENSET),
    (_TUPLE, 0, 0, pickle.TUPLE),
    (_TUPLE_N, 0, 0, pickle.TUPLE1 + pickle.TUPLE2 + pickle.TUPLE3),
    (_APPEND, 0, 0, pickle.APPEND),
    (_SETITEM, 0, 0, pickle.SETITEM),
    (_CALL, 0, 0, pickle.NEWOBJ + pickle.REDUCE),
    (_GLOBAL, 0, 0, pickle.GLOBAL),
    (_STACK_GLOBAL, 0, 0, pickle.STACK_GLOBAL),
    (_POP, 0, 0, pickle.POP),
    (_POP_MARK, 0, 0, pickle.POP_MARK),
    (_DUP, 0, 0, pickle.DUP),
    (_SKIP, 1, 0, pickle.PROTO),
    (_SKIP, 8, 0, pickle.FRAME),
    (_STOP, 0, 0, pickle.STOP),
)
_KINDS = {opcode: (effect, argument, counted) for effect, argument, counted, opcodes in _OPCODES for opcode in opcodes}
_FIXED = {opcode: 1 + size for opcode, (effect, size, counted) in _KINDS.items() if effect == _FLAT and not counted}
_SIZES = [_FIXED.get(opcode, 0) for opcode in range(256)]
"""Opcode -> its bytes with the argument, where it pushes something of which nothing more need be known; else 0."""
_UINT = struct.Struct("<I").unpack_from
_OUTSIDE = {
    opcode: what
    for opcodes, what in (
        (pickle.PERSID + pickle.BINPERSID, "a persistent id"),
        (pickle.EXT1 + pickle.EXT2 + pickle.EXT4, "an extension code"),
        (pickle.NEXT_BUFFER + pickle.READONLY_BUFFER, "an out-of-band buffer"),
    )
    for opcode in opcodes
}


def scan(data: mmap.mmap | bytes) -> Audit:
    """Audit the pickle at the start of `data`.

    BadInputError where it is cut off or damaged, UnsafePickleError where it reaches outside or is made to do harm; the
    message lacks the file's name.
    """
    audit = Audit()
    stack: list[Any] = []
    marks: list[int] = []
    memo: list[Any] = []
    keys = _Keys()
    start, position, end = 0, 0, len(data)
    called_before: set[int] = set()
    kinds, sizes, uint, push, remember = _KINDS, _SIZES, _UINT, stack.append, memo.append
    binget, long_binget, memoize = pickle.BINGET[0], pickle.LONG_BINGET[0], pickle.MEMOIZE[0]
    mark, build = pickle.MARK[0], pickle.BUILD[0]
    try:
        while True:
            start = position
            code = data[position]
            if code == long_binget:  # this and the next four are nine of ten opcodes
                position += 5
                push(memo[uint(data, start + 1)[0]])
                continue
            if code == memoize:
                remember(stack[-1])
                position += 1
                continue
            if size := sizes[code]:
                position += size
                push(None)
                continue
            if code == binget:
                position += 2
                push(memo[data[start + 1]])
                continue
            if code == mark:
                position += 1
                marks.append(len(stack))
                continue
            if code == build:
                position += 1
                del stack[-1]
                continue
            kind, argument, counted = kinds[code]
            position += 1 + argument
            if kind == _FLAT:
                position += counted + int.from_bytes(data[position : position + counted], "little")
                push(None)
            elif kind == _TEXT:
                begin = position + counted
                position = begin + int.from_bytes(data[position:begin], "little")
                push(data[begin:position] if position - begin < MAX_NAME else None)
            elif kind == _LONG:
                length = int.from_bytes(data[position : position + counted], "little")
                if length > MAX_NUMBER:
                    raise UnsafePickleError(f"byte {start}: the pickle has an integer of {length:,} bytes")
                position += counted + length
                push(_WIDE if length >= 8 else None)
            elif kind == _SETITEMS:
                bottom = marks.pop()
                keys.add(stack[bottom::2], start)
                del stack[bottom:]
            elif kind == _MEMBERS:
                bottom = marks.pop()
                keys.add(stack[bottom:], start)
                stack[bottom:] = [_tuple(stack[bottom:], start)] if code == pickle.FROZENSET[0] else []
            elif kind == _TO_MARK:
                del stack[marks.pop() :]
            elif kind == _APPEND:
                stack.pop()
            elif kind == _TUPLE_N:
                count = 1 + code - pickle.TUPLE1[0]
                stack[-count:] = [_tuple([stack[-number] for number in range(1, count + 1)], start)]
            elif kind == _TUPLE:
                bottom = marks.pop()
                stack[bottom:] = [_tuple(stack[bottom:], start)]
            elif kind == _CALL:
                stack.pop()
                called = stack[-1]
                if type(called) is not Name:
                    raise UnsafePickleError(f"byte {start}: the pickle calls something that is no class or function")
                if id(called) not in called_before:
                    called_before.add(id(called))
                    audit.called.setdefault(called, start)
            elif kind == _SETITEM:
                keys.add(stack[-2:-1], start)
                del stack[-2:]
            elif kind == _PUT:
                index = int.from_bytes(data[start + 1 : position], "little")
                if index > len(memo):
                    raise UnsafePickleError(f"byte {start}: the pickle skips from memo {len(memo)} to {index}")
                memo[index : index + 1] = [stack[-1]]
            elif kind == _STACK_GLOBAL:
                name, module = stack.pop(), stack.pop()
                stack.append(audit.name(module, name, start))
            elif kind == _GLOBAL:
                middle = data.find(b"\n", position)
                last = data.find(b"\n", middle + 1)
                if middle < 0 or last < 0:
                    position = end
                    raise IndexError
                stack.append(audit.name(data[position:middle], data[middle + 1 : last], start))
                position = last + 1
            elif kind == _POP:
                if marks and marks[-1] == len(stack):
                    marks.pop()
                else:
                    stack.pop()
            elif kind == _POP_MARK:
                del stack[marks.pop() :]
            elif kind == _DUP:
                stack.append(stack[-1])
            elif kind == _STOP:
                audit.root = stack[-1] if type(stack[-1]) is Name else None
                return audit
            if position > end:
                raise IndexError
    except KeyError:
        if code in _OUTSIDE:
            raise UnsafePickleError(f"byte {start}: the pickle refers to {_OUTSIDE[code]}") from None
        raise BadInputError(f"is damaged: byte {start} (0x{code:02x}) is no opcode of protocol 2-5") from None
    except (IndexError, struct.error):
        if position >= end:
            raise BadInputError(f"is cut off: the pickle goes on after its {end} bytes") from None
        raise BadInputError(f"is damaged: the opcode at byte {start} takes what is not there") from None
