"""A whole file: subgraphs, signatures, metadata."""

from __future__ import annotations

from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.files import missing, noted
from mgeconvert.ir import Namer
from mgeconvert.recognise import STREAM
from mgeconvert.registry import Source

from ..model import Array, Model, ModelFile, Operator, Signature, Tensor
from .fields import (
    MetadataFields,
    ModelFields,
    OperatorCodeFields,
    OperatorFields,
    SignatureFields,
    SubGraphFields,
    TensorMapFields,
    options,
)
from .tables import Bytes, Table, root
from .tensors import Buffers, tensors_of

LARGEST_VARIABLE = 1 << 26
"""Elements of a variable, which the file does not hold, at most."""


@cache
def _names(enumeration: str) -> dict[int, str]:
    import tflite  # type: ignore[import-untyped,unused-ignore]

    return {number: name for name, number in vars(getattr(tflite, enumeration)).items() if isinstance(number, int)}


def read(source: Source) -> ModelFile:
    """The file; weights are views of it. BadInputError for anything that is no whole TFLite file."""
    if not isinstance(source, Path):
        return decode(source.read(), STREAM)
    if not source.is_file():
        raise missing(source)
    if source.stat().st_size < 8:
        return decode(source.read_bytes(), str(source))
    return decode(np.memmap(noted(source), np.uint8, "r"), str(source))


def decode(content: Any, path: str) -> ModelFile:
    """The file with these bytes; `path` is for messages."""
    whole = Bytes(content, path)
    model = root(whole)
    buffers = Buffers(whole, list(model.tables(ModelFields.BUFFERS)))
    codes = [_code(table) for table in model.tables(ModelFields.OPERATOR_CODES)]
    subgraphs, tensors = [], []
    for table in model.tables(ModelFields.SUBGRAPHS):
        graph, own = _subgraph(table, buffers, codes)
        subgraphs.append(graph)
        tensors.append(own)
    if not subgraphs:
        whole.damaged("no subgraphs")
    metadata = {
        table.text(MetadataFields.NAME): buffers.raw(table.scalar(MetadataFields.BUFFER, "I"))
        for table in model.tables(ModelFields.METADATA)
    }
    signatures = [_signature(table, tensors) for table in model.tables(ModelFields.SIGNATURES)]
    return ModelFile(path, subgraphs, signatures, metadata, model.text(ModelFields.DESCRIPTION))


def _code(table: Table) -> tuple[str, str]:
    """The operator's builtin name, and the code of a custom one; codes above 127 have a field of their own."""
    number = max(
        table.scalar(OperatorCodeFields.OLD_CODE, "b"),
        table.scalar(OperatorCodeFields.CODE, "i"),
    )
    name = _names("BuiltinOperator").get(number, f"operator {number}")
    return name, table.text(OperatorCodeFields.CUSTOM)


def _subgraph(table: Table, buffers: Buffers, codes: list[tuple[str, str]]) -> tuple[Model, list[Tensor]]:
    tensors = tensors_of(list(table.tables(SubGraphFields.TENSORS)), buffers)
    inputs = _chosen(table, SubGraphFields.INPUTS, tensors)
    outputs = _chosen(table, SubGraphFields.OUTPUTS, tensors)
    graph = Model(table.text(SubGraphFields.NAME))
    for side, chosen in ((graph.inputs, inputs), (graph.outputs, outputs)):
        name = Namer()
        side.update((name(tensor.name or "tensor"), tensor) for tensor in chosen if tensor is not None)
    for one in table.tables(SubGraphFields.OPERATORS):
        graph.operators.append(_operator(one, tensors, codes))
    made = {tensor for operator in graph.operators for tensor in operator.outputs}
    for tensor in tensors:
        if tensor.variable and tensor.array is None and tensor.is_static:
            if prod(int(dim) for dim in tensor.shape) > LARGEST_VARIABLE:
                table.bytes.damaged(f"variable {tensor.name} of shape {list(tensor.shape)}")
            tensor.array = _at_first(tensor)
        if 0 in tensor.shape and tensor not in made and tensor not in inputs and tensor.array is None:
            if prod(max(int(dim), 1) for dim in tensor.shape) > LARGEST_VARIABLE:
                table.bytes.damaged(f"tensor {tensor.name} of shape {list(tensor.shape)}")
            tensor.array = np.empty(tuple(int(dim) for dim in tensor.shape), tensor.dtype)
    return graph, tensors


def _at_first(tensor: Tensor) -> Array:
    """What a variable holds before the first run: the number that stands for zero."""
    zero = 0 if tensor.quantization is None else int(tensor.quantization.zero_point[0])
    shape = tuple(int(dim) for dim in tensor.shape)
    return np.full(shape, zero, tensor.dtype)


def _chosen(table: Table, field: int, tensors: list[Tensor]) -> list[Tensor | None]:
    """The tensors with the numbers of a vector; -1 stands for none."""
    numbers = table.vector(field, np.int32).tolist()
    for number in numbers:
        if not -1 <= number < len(tensors):
            table.bytes.damaged(f"tensor {number} of {len(tensors)}")
    return [None if number < 0 else tensors[number] for number in numbers]


def _operator(table: Table, tensors: list[Tensor], codes: list[tuple[str, str]]) -> Operator:
    number = table.scalar(OperatorFields.OPCODE, "I")
    if number >= len(codes):
        table.bytes.damaged(f"operator code {number} of {len(codes)}")
    op, custom = codes[number]
    outputs = [tensor for tensor in _chosen(table, OperatorFields.OUTPUTS, tensors) if tensor is not None]
    operator = Operator(op, _chosen(table, OperatorFields.INPUTS, tensors), outputs)
    for kind, field, enumeration in (
        (OperatorFields.OPTIONS_TYPE, OperatorFields.OPTIONS, "BuiltinOptions"),
        (OperatorFields.OPTIONS_2_TYPE, OperatorFields.OPTIONS_2, "BuiltinOptions2"),
    ):
        name = _names(enumeration).get(table.scalar(kind, "B"), "NONE")
        if name != "NONE":
            operator.options.update(options(name, table.table(field)))
    if op == "CUSTOM":
        operator.custom = (custom, bytes(_custom_options(table)))
    return operator


def _custom_options(table: Table) -> Array:
    offset, size = table.scalar(OperatorFields.CUSTOM_OFFSET, "Q"), table.scalar(OperatorFields.CUSTOM_SIZE, "Q")
    if offset > 1 and size > 1:
        return table.bytes.view(offset, np.uint8, size)
    return table.vector(OperatorFields.CUSTOM_OPTIONS, np.uint8)


def _signature(table: Table, tensors: list[list[Tensor]]) -> Signature:
    number = table.scalar(SignatureFields.SUBGRAPH, "I")
    if number >= len(tensors):
        table.bytes.damaged(f"a signature of subgraph {number} of {len(tensors)}")
    sides = []
    for field in (SignatureFields.INPUTS, SignatureFields.OUTPUTS):
        side = {}
        for entry in table.tables(field):
            index = entry.scalar(TensorMapFields.TENSOR, "I")
            if index >= len(tensors[number]):
                table.bytes.damaged(f"tensor {index} of {len(tensors[number])}")
            side[entry.text(TensorMapFields.NAME)] = tensors[number][index]
        sides.append(side)
    return Signature(table.text(SignatureFields.KEY), number, *sides)
