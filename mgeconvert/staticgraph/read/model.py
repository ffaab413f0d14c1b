"""Reads a static graph: from the bytes of a file to records."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, BinaryIO

from mgeconvert.errors import BadInputError
from mgeconvert.ir import Namer
from mgeconvert.recognise import COPY_AGAIN, HEAD, other_than, recognise
from mgeconvert.registry import Source
from mgeconvert.tracedmodule.read import model as pickled
from mgeconvert.tracedmodule.read.arrays import DType
from mgeconvert.tracedmodule.read.source import opened

from . import containers
from .cases import with_cases
from .containers import Container
from .dtypes import array_of, byte_count, dtype_of, plain
from .flat import Table
from .outputs import output_count
from .records import Operator, StaticGraph, Tensor, Variable
from .typeids import TYPES

EXPECTED, SUFFIX = "a static graph", ".mge"
DUMP = 'jit.trace(net, symbolic=True, capture_as_const=True) and its dump("model.mge")'
NEWEST_VERSION = 2
"""The model_version that MegEngine 1.13 writes."""


def read(source: Source) -> StaticGraph:
    """Read the static graph in a file or stream; arrays are views of the mapped file.

    Raises BadInputError, with the file's name, for everything that is no such model.
    """
    with opened(source) as (file, name):
        data = _mapped(file)
        if not containers.is_one(data):
            raise _other(file, bytes(data[:HEAD]), name)
    try:
        main, cases, wrapped = containers.unpack(data)
        graph = _read(main, name, wrapped)
        return _named_apart(with_cases(graph, [_read(case, name, "") for case in cases]))
    except BadInputError as error:
        raise BadInputError(f"{name}: is damaged: {error.message}", hint=error.hint or COPY_AGAIN) from error


def _named_apart(graph: StaticGraph) -> StaticGraph:
    """Every output under a name of its own: a value that is two of them is listed twice."""
    unique = Namer()
    return replace(graph, outputs=tuple((value, unique(name or f"output_{value}")) for value, name in graph.outputs))


def _other(file: BinaryIO, head: bytes, name: str) -> BadInputError:
    """What a file is that is no static graph; of a pickle, what is in it."""
    kind = recognise(head)
    if kind is not None and kind.format == "tm":
        try:
            file.seek(0)
            pickled.read(file)
        except BadInputError as error:
            fact, _, _ = error.message.rpartition(", expected a TracedModule")
            return BadInputError(f"{fact or error.message}, expected {EXPECTED}", hint=error.hint)
    return other_than(EXPECTED, SUFFIX, head, name, f"in MegEngine: {DUMP}")


def _mapped(file: BinaryIO) -> memoryview:
    """The file's bytes: a read-only map, which lives as long as its views."""
    file.seek(0, 2)
    if not file.tell():
        return memoryview(b"")
    return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _read(container: Container, name: str, wrapped: str) -> StaticGraph:
    reader = _V2(container) if container.kind == "mgv2" else _V1(container)
    operators = tuple(reader.operators())
    _check_order(operators)
    return StaticGraph(
        name, container.kind, wrapped, _version(reader.writer), reader.options, operators, reader.variables,
        tuple(reader.outputs(operators)),
    )  # fmt: skip


def _version(number: int) -> str:
    """``101300`` is 1.13.0."""
    return f"{number // 100000}.{number // 100 % 1000}.{number % 100}"


def _check_order(operators: Sequence[Operator]) -> None:
    known: set[int] = set()
    for number, operator in enumerate(operators):
        for value in operator.inputs:
            if value not in known:
                raise BadInputError(
                    f"operator {number} ({operator.type}) reads value {value}, which none before it computes"
                )
        for value in operator.outputs:
            if value in known:
                raise BadInputError(f"operator {number} ({operator.type}) computes value {value} a second time")
            known.add(value)


class _V2:
    """The root table of an mgv2 file."""

    def __init__(self, container: Container) -> None:
        self._root = container.buffer().root("Model")
        self.writer: int = self._root["mge_version"]
        version = self._root["model_version"]
        if version > NEWEST_VERSION:
            raise BadInputError(
                f"its format version is {version}, written by MegEngine {_version(self.writer)}; "
                f"versions up to {NEWEST_VERSION} (MegEngine 1.13) are known",
                hint="dump it again with model_version=2",
            )
        meta = self._root["metadata"]
        self.options: int = 0 if meta is None else meta["optimize_options"]
        self.variables = {
            index: Variable(table["name"] or "", tuple(table["shape"]), _dtype(table, "dtype"))
            for index, table in enumerate(self._root["middle_tensors"])
        }

    def operators(self) -> Iterator[Operator]:
        for table in self._root["oprs"]:
            type_name = table["type"] or TYPES.get(table["type_id"]) or f"type {table['type_id']}"
            yield Operator(
                type=type_name,
                version=table["opr_version"],
                name=table["name"] or "",
                params=_params(table),
                inputs=tuple(table["inputs"]),
                outputs=tuple(table["outputs"]),
                tensors=tuple(_tensor(each, each["data"], _packed(each)) for each in table["tensors"]),
                output_dtype=_dtype(table, "output_dtype"),
                data=tuple(bytes(blob["data"]) for blob in table["custom_data"]),
            )

    def outputs(self, operators: Sequence[Operator]) -> Iterator[tuple[int, str]]:
        known = {value for operator in operators for value in operator.outputs}
        found = [(each["compact_id"], each["original_id"]) for each in self._root["output_vars_idx"]]
        aliases = [(each["id"], each["name"]) for each in self._root["output_alias"]]
        if aliases:
            by_id = {original: compact for compact, original in found}
            pairs = [(by_id.get(original, -1), name or "") for original, name in aliases]
        else:
            pairs = [(compact, self.variables.get(compact, Variable()).name) for compact, _ in found]
        yield from _checked(pairs, known)


class _V1:
    """The root table of an mgb1 file, and its tensor values one after the other."""

    def __init__(self, container: Container) -> None:
        self._root = container.buffer().root("Graph")
        self.writer: int = self._root["mgb_version"]
        meta = self._root["metadata"]
        self.options: int = 0 if meta is None else meta["optimize_options"]
        self.variables: dict[int, Variable] = {}
        self._values, self._at = container.values, 0

    def operators(self) -> Iterator[Operator]:
        total = 0
        for table in self._root["oprs"]:
            type_name = TYPES.get(table["type_id"]) or f"type {table['type_id']}"
            names = table["output_name"]
            params = _params(table)
            inputs = tuple(table["inputs"])
            tensors = tuple(_tensor(each, self._bytes(each)) for each in table["tensors"])
            count = len(names) or output_count(type_name, params, len(inputs), len(tensors))
            self.variables.update({total + i: Variable(name or "") for i, name in enumerate(names)})
            outputs = tuple(range(total, total + count))
            total += count
            yield Operator(
                type=type_name,
                version=0,
                name=table["name"] or "",
                params=params,
                inputs=inputs,
                outputs=outputs,
                tensors=tensors,
                output_dtype=_dtype(table, "output_dtype"),
                data=tuple(bytes(blob["data"]) for blob in table["blobs"]),
            )

    def _bytes(self, table: Table) -> memoryview:
        size, start = table["data_size"], self._at + table["offset"]
        if not size:
            return self._values[:0]
        if start + size - table["offset"] > len(self._values):
            raise BadInputError(f"a tensor of {size} bytes at byte {start} of {len(self._values)} bytes of values")
        self._at += size
        return self._values[start : self._at]

    def outputs(self, operators: Sequence[Operator]) -> Iterator[tuple[int, str]]:
        known = {value for operator in operators for value in operator.outputs}
        found = [each["compact_id"] for each in self._root["output_vars_idx"]]
        yield from _checked([(value, self.variables.get(value, Variable()).name) for value in found], known)


def _checked(pairs: Iterable[tuple[int, str]], known: set[int]) -> Iterator[tuple[int, str]]:
    for value, name in pairs:
        if value not in known:
            raise BadInputError(f"its output {name or value} is a value that no operator computes")
        yield value, name


def _params(table: Table) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    first = table["param"]
    pairs = ([] if first is None else [first]) + table["additional_params"]
    return tuple((kind, {} if fields is None else _plain(kind, fields)) for kind, fields in pairs)


def _plain(kind: str, table: Table) -> Mapping[str, Any]:
    """The fields by name; one that is called dtype is a type."""
    if kind == "DType":
        return {"dtype": dtype_of(table)}
    fields = table.values()
    return fields | {"dtype": plain(fields["dtype"])} if "dtype" in fields else fields


def _dtype(table: Table, name: str) -> DType | None:
    """The type in a field, None where the file says nothing."""
    said = table[name]
    return None if said is None else dtype_of(said)


def _packed(table: Table) -> str:
    """The memory format of values that are not row by row."""
    said = table["format"]
    return "" if said is None or said[0] != "Image2DPackedTensorFormat" else said[0]


def _tensor(table: Table, data: memoryview, packed: str = "") -> Tensor:
    name, shape, dtype = table["name"] or "", tuple(table["shape"]), dtype_of(table["dtype"])
    if not len(data) or packed:
        return Tensor(name, shape, dtype, None, packed)
    wanted = byte_count(shape, dtype)
    if wanted != len(data):
        sizes = ",".join(map(str, shape))
        raise BadInputError(
            f"the tensor {name or 'without name'} is {dtype.name}[{sizes}], {wanted} bytes, with "
            f"{len(data)} bytes of values"
        )
    return Tensor(name, shape, dtype, array_of(data, shape, dtype))
