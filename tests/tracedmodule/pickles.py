"""Pickles put together by hand, opcode by opcode, for what no pickler would write."""

from __future__ import annotations

import pickle
import struct

PROTO = b"\x80\x04"
TRACED_MODULE = ("megengine.traced_module.traced_module", "TracedModule")


def text(value: str) -> bytes:
    data = value.encode()
    return pickle.BINUNICODE + struct.pack("<I", len(data)) + data


def integer(value: int) -> bytes:
    return pickle.BININT + struct.pack("<i", value)


def binary(value: bytes) -> bytes:
    return pickle.BINBYTES + struct.pack("<I", len(value)) + value


def name(module: str, attribute: str) -> bytes:
    """A class or function."""
    return text(module) + text(attribute) + pickle.STACK_GLOBAL


def many(*items: bytes) -> bytes:
    """A tuple."""
    return pickle.MARK + b"".join(items) + pickle.TUPLE


def call(callable_: bytes, *arguments: bytes) -> bytes:
    return callable_ + many(*arguments) + pickle.REDUCE


def new(cls: bytes, *arguments: bytes) -> bytes:
    return cls + many(*arguments) + pickle.NEWOBJ


def build(value: bytes, state: bytes) -> bytes:
    return value + state + pickle.BUILD


def mapping(**items: bytes) -> bytes:
    pairs = b"".join(text(key) + value for key, value in items.items())
    return pickle.EMPTY_DICT + pickle.MARK + pairs + pickle.SETITEMS


def module(**attributes: bytes) -> bytes:
    """A TracedModule with these attributes."""
    return build(new(name(*TRACED_MODULE)), mapping(**attributes))


def file(value: bytes) -> bytes:
    """The whole pickle."""
    return PROTO + value + pickle.STOP


DTYPE = call(name("numpy", "dtype"), text("f4"), pickle.NEWFALSE, pickle.NEWTRUE)
NDARRAY = name("numpy", "ndarray")
RECONSTRUCT = name("numpy.core.multiarray", "_reconstruct")


def dtype(code: str, order: str = "<", version: int = 3, *metadata: bytes) -> bytes:
    state = [integer(version), text(order), *[pickle.NONE] * 3, integer(-1), integer(-1), integer(0), *metadata]
    return build(call(name("numpy", "dtype"), text(code), pickle.NEWFALSE, pickle.NEWTRUE), many(*state))


def array(data: bytes, shape: tuple[int, ...], kind: bytes | None = None, fortran: bool = False) -> bytes:
    order = pickle.NEWTRUE if fortran else pickle.NEWFALSE
    state = many(integer(1), many(*map(integer, shape)), kind or dtype("f4"), order, binary(data))
    return build(call(RECONSTRUCT, NDARRAY, many(integer(0)), binary(b"b")), state)


def tensor(value: bytes, kind: bytes | None = None) -> bytes:
    return build(new(name("megengine.tensor", "Tensor"), value, kind or dtype("f4"), text("xpux:0")), mapping())
