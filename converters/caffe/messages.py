"""Message classes built at run time from the tables in `schema`, in descriptor pools of their own.

No protoc, and no clash with another ``caffe_pb2`` in the process: the default pool is never touched.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any, TypeAlias

from google.protobuf import message_factory
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool

from . import schema

Message: TypeAlias = Any
"""A protobuf message; its attributes are those of the table."""

LIMIT = (1 << 31) - 1
"""Protobuf reads no message larger than this; a caffemodel is one message."""

_FIELD = re.compile(r"(?P<name>\w+) (?P<number>\d+) (?P<type>\w+|\{[^}]*\})(?P<repeated>\*?)(?: = (?P<default>\S+))?$")
_SCALARS = {
    "bool": FieldDescriptorProto.TYPE_BOOL,
    "bytes": FieldDescriptorProto.TYPE_BYTES,
    "double": FieldDescriptorProto.TYPE_DOUBLE,
    "float": FieldDescriptorProto.TYPE_FLOAT,
    "int32": FieldDescriptorProto.TYPE_INT32,
    "int64": FieldDescriptorProto.TYPE_INT64,
    "string": FieldDescriptorProto.TYPE_STRING,
    "uint32": FieldDescriptorProto.TYPE_UINT32,
}


def model_message(name: str) -> Message:
    """A new, empty message of that name as a prototxt holds it."""
    return _classes(schema.MODEL, "mgeconvert.caffe.model")[name]()


def weights_message(name: str) -> Message:
    """A new, empty message of that name as a caffemodel holds it."""
    return _classes(schema.WEIGHTS, "mgeconvert.caffe.weights")[name]()


@functools.cache
def _classes(table: str, package: str) -> dict[str, Any]:
    file = FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto2")
    for name, fields in re.findall(r"^(\w+)\n((?:    .*\n)+)", table, re.MULTILINE):
        message = file.message_type.add(name=name)
        for text in " ".join(fields.split()).split("; "):
            _add_field(message, text, package)
    pool = DescriptorPool()
    pool.Add(file)
    class_of = _class_maker(pool)
    return {
        message.name: class_of(pool.FindMessageTypeByName(f"{package}.{message.name}")) for message in file.message_type
    }


def _class_maker(pool: DescriptorPool) -> Callable[[Any], Any]:
    """What makes the class of a descriptor; protobuf before 4.22 has it as a method of a factory."""
    made: Callable[[Any], Any] | None = getattr(message_factory, "GetMessageClass", None)
    if made is not None:
        return made
    older: Callable[[Any], Any] = message_factory.MessageFactory(pool).GetPrototype
    return older


def _add_field(message: DescriptorProto, text: str, package: str) -> None:
    parts = _FIELD.match(text)
    assert parts, text
    field = message.field.add(name=parts["name"], number=int(parts["number"]))
    field.label = FieldDescriptorProto.LABEL_REPEATED if parts["repeated"] else FieldDescriptorProto.LABEL_OPTIONAL
    kind = parts["type"]
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    elif kind.startswith("{"):
        enum = message.enum_type.add(name=f"{parts['name']}_enum")
        for item in kind[1:-1].split():
            value, number = item.split(":")
            enum.value.add(name=value, number=int(number))
        field.type = FieldDescriptorProto.TYPE_ENUM
        field.type_name = f".{package}.{message.name}.{enum.name}"
    else:
        field.type = FieldDescriptorProto.TYPE_MESSAGE
        field.type_name = f".{package}.{kind}"
    if parts["default"]:
        field.default_value = parts["default"]
