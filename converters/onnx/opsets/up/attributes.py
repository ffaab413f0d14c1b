"""Attributes of nodes as the IR has them."""

from __future__ import annotations

import onnx

from mgeconvert.errors import refuse
from mgeconvert.ir import Attribute, Container
from mgeconvert.ir.inference import type_from

from ...read.file import ModelFile


def plain_attribute(attribute: onnx.AttributeProto, file: ModelFile) -> Attribute:
    """The value of an attribute that is no graph; a sparse tensor with its zeros, a tensor's type as a `Container`."""
    kinds = onnx.AttributeProto
    match attribute.type:
        case kinds.FLOAT:
            return attribute.f
        case kinds.INT:
            return attribute.i
        case kinds.STRING:
            return attribute.s.decode(errors="replace")
        case kinds.TENSOR:
            return file.array(attribute.t)
        case kinds.TYPE_PROTO:
            of = type_from(attribute.tp, attribute.name)
            return of if isinstance(of, Container) else Container("tensor", of)
        case kinds.SPARSE_TENSOR:
            return file.dense(attribute.sparse_tensor)
        case kinds.FLOATS:
            return tuple(attribute.floats)
        case kinds.INTS:
            return tuple(attribute.ints)
        case kinds.STRINGS:
            return tuple(text.decode(errors="replace") for text in attribute.strings)
    refuse(f"attribute {attribute.name} of type {kinds.AttributeType.Name(attribute.type)}")
