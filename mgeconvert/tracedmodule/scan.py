"""Reads a pickle's opcodes before anything is built from them.

The C unpickler is fast but trusts its input: a memo index of 2**31 makes it allocate gigabytes, and hashing deeply nested
tuples overflows its stack. This scan follows the opcodes with a stack of stand-ins, skips the weights, and reports every
class and function the file names, with its byte offset. Only opcodes that pickles of protocol 2-5 are made of pass: no
persistent ids, extension codes, out-of-band buffers, and nothing of protocol 0 and 1. Linear in the opcodes.
"""

from __future__ import annotations

import mmap
import pickletools
from dataclasses import dataclass, field
from typing import Any

from mgeconvert.errors import BadInputError, UnsafePickleError

MAX_TUPLE_DEPTH = 500
MAX_TUPLE_SIZE = 1 << 24
"""Limits for tuples nested in tuples: their hash takes C stack for the first and time for the second."""


MAX_NAME = 1 << 12
"""Longer texts are no names; protocol 2 writes weights as text."""


@dataclass(frozen=True, slots=True)
class Name:
    """A class or function the pickle names, at the byte `offset` where it does so first."""

    module: str
    name: str
    offset: int

    @property
    def qualname(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(slots=True)
class Audit:
    """What a pickle is made of: `called` are the names with which it builds objects, `root` the class of the result."""

    protocol: int = 0
    names: dict[tuple[str, str], Name] = field(default_factory=dict)
    called: dict[Name, int] = field(default_factory=dict)
    root: Name | None = None
    end: int = 0


class _Tuple:
    """A tuple that holds tuples or more than nothing: how deep, and how many parts once all are spelled out."""

    __slots__ = ("depth", "size")

    def __init__(self, items: list[Any]) -> None:
        self.depth = 1
        self.size = 1 + len(items)
        for item in items:
            if type(item) is _Tuple:
                self.size += item.size
                self.depth = max(self.depth, item.depth + 1)


(_FLAT, _GET, _MEMOIZE, _PUT, _MARK, _TO_MARK, _TEXT, _BUILD, _CALL, _TUPLE, _TUPLE_N, _GLOBAL, _STACK_GLOBAL,
 _POP, _APPEND, _SETITEM, _DUP, _POP_MARK, _SKIP, _STOP) = range(20)  # fmt: skip
_PROTO, _FRAME = b"\x80"[0], b"\x95"[0]

_KINDS: dict[int, tuple[int, int, int]] = {}
"""Opcode -> (what it does to the stack, size of its fixed argument, size of the length before a counted argument)."""
for _effect, _opcodes in {
    _FLAT: "NONE NEWTRUE NEWFALSE EMPTY_TUPLE EMPTY_LIST EMPTY_DICT EMPTY_SET BININT BININT1 BININT2 LONG1 LONG4 BINFLOAT "
    "BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8",
    _TEXT: "SHORT_BINUNICODE BINUNICODE BINUNICODE8",
    _GET: "BINGET LONG_BINGET",
    _PUT: "BINPUT LONG_BINPUT",
    _TO_MARK: "APPENDS SETITEMS ADDITEMS",
    _CALL: "REDUCE NEWOBJ",
    _TUPLE_N: "TUPLE1 TUPLE2 TUPLE3",
    _SKIP: "PROTO FRAME",
    _MEMOIZE: "MEMOIZE",
    _MARK: "MARK",
    _BUILD: "BUILD",
    _TUPLE: "TUPLE FROZENSET",
    _GLOBAL: "GLOBAL",
    _STACK_GLOBAL: "STACK_GLOBAL",
    _POP: "POP",
    _APPEND: "APPEND",
    _SETITEM: "SETITEM",
    _DUP: "DUP",
    _POP_MARK: "POP_MARK",
    _STOP: "STOP",
}.items():
    for _opcode in pickletools.opcodes:
        if _opcode.name in _opcodes.split():
            _size = _opcode.arg.n if _opcode.arg is not None else 0
            _length = {pickletools.TAKEN_FROM_ARGUMENT1: 1, pickletools.TAKEN_FROM_ARGUMENT4: 4,
                       pickletools.TAKEN_FROM_ARGUMENT4U: 4, pickletools.TAKEN_FROM_ARGUMENT8U: 8}.get(_size, 0)  # fmt: skip
            _KINDS[ord(_opcode.code)] = (_effect, max(_size, 0), _length)

_NAMES = {ord(opcode.code): opcode.name for opcode in pickletools.opcodes}


def scan(data: mmap.mmap | bytes) -> Audit:
    """Audit the pickle at the start of `data`; BadInputError where it is cut off or damaged."""
    audit = Audit()
    stack: list[Any] = []
    marks: list[int] = []
    memo: list[Any] = []
    position, end = 0, len(data)
    kinds = _KINDS
    start = 0
    try:
        while True:
            start = position
            code = data[position]
            kind, fixed, counted = kinds[code]
            position += 1 + fixed
            if kind == _GET:
                stack.append(memo[data[start + 1] if fixed == 1 else int.from_bytes(data[start + 1 : position], "little")])
            elif kind == _MEMOIZE:
                memo.append(stack[-1])
            elif kind == _FLAT:
                if counted:
                    position += counted + int.from_bytes(data[position : position + counted], "little")
                stack.append(None)
            elif kind == _TEXT:
                begin = position + counted
                position = begin + int.from_bytes(data[position:begin], "little")
                stack.append(data[begin:position] if position - begin < MAX_NAME else None)
            elif kind == _MARK:
                marks.append(len(stack))
            elif kind == _TO_MARK:
                del stack[marks.pop() :]
                stack[-1]
            elif kind == _BUILD or kind == _POP or kind == _APPEND:
                stack.pop()
                if kind != _POP:
                    stack[-1]
            elif kind == _CALL:
                stack.pop()
                called = stack[-1]
                if type(called) is Name:
                    audit.called.setdefault(called, start)
                else:
                    raise UnsafePickleError(f"byte {start}: the pickle calls something that is not a class or function")
            elif kind == _PUT:
                index = int.from_bytes(data[start + 1 : position], "little")
                if index > len(memo):
                    raise BadInputError(f"byte {start}: memo index {index} where {len(memo)} is next: the file is damaged")
                memo[index:index + 1] = [stack[-1]]
            elif kind == _TUPLE_N or kind == _TUPLE:
                bottom = marks.pop() if kind == _TUPLE else len(stack) - code + 0x84
                if bottom < 0:
                    raise IndexError
                item = _Tuple(stack[bottom:])
                if item.depth > MAX_TUPLE_DEPTH or item.size > MAX_TUPLE_SIZE:
                    raise BadInputError(f"byte {start}: tuples nested {item.depth} deep: not written by MegEngine")
                stack[bottom:] = [item]
            elif kind == _SETITEM:
                del stack[-2:]
                stack[-1]
            elif kind == _SKIP:
                if code == _PROTO:
                    audit.protocol = data[start + 1]
            elif kind == _STACK_GLOBAL:
                name, module = stack.pop(), stack.pop()
                stack.append(_name(audit, module, name, start))
            elif kind == _GLOBAL:
                middle = data.find(b"\n", position)
                position = data.find(b"\n", middle + 1) + 1
                if middle < 0 or position < 1:
                    raise IndexError
                stack.append(_name(audit, data[start + 1 : middle], data[middle + 1 : position - 1], start))
            elif kind == _DUP:
                stack.append(stack[-1])
            elif kind == _POP_MARK:
                del stack[marks.pop() :]
            else:
                audit.root = stack[-1] if type(stack[-1]) is Name else None
                audit.end = position
                return audit
            if position > end:
                raise IndexError
    except KeyError:
        code = data[start]
        shown = f"opcode {_NAMES[code]}" if code in _NAMES else f"0x{code:02x}"
        raise BadInputError(f"byte {start}: {shown} is in no pickle of protocol 2-5: the file is damaged") from None
    except IndexError:
        if position >= end:
            raise BadInputError(f"is cut off: the pickle breaks off at byte {end}, inside its data") from None
        raise BadInputError(f"byte {start}: the pickle takes from an empty stack: the file is damaged") from None


def _name(audit: Audit, module: Any, name: Any, offset: int) -> Name:
    if type(module) is not bytes or type(name) is not bytes:
        raise BadInputError(f"byte {offset}: a class whose name is not text: the file is damaged")
    key = (module.decode("utf-8", "replace"), name.decode("utf-8", "replace"))
    return audit.names.setdefault(key, Name(*key, offset))
