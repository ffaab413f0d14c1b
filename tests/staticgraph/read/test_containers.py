"""The containers of static graphs, and what is said of files that are damaged or something else."""

from __future__ import annotations

import pickle
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest

import mgeconvert
from mgeconvert.errors import BadInputError, MgeconvertError
from mgeconvert.ir import Graph
from mgeconvert.staticgraph.describe import describe
from mgeconvert.staticgraph.read.containers import unpack
from mgeconvert.staticgraph.read.model import read
from mgeconvert.verification.recorded import along

from .. import files

FUZZED = 300
"""Mutations of each file."""
CASES = files.PATH.with_name("static_cases.mge")
"""A linear layer with a test case in front, dumped by real MegEngine."""


def golden(form: str, start: str) -> bytes:
    """The dump of the first row whose name begins so."""
    row = next(row for _, row in files.dumped(form) if row.id.startswith(start))
    return files.model(form, row)


def load(data: bytes, folder: Path) -> Graph:
    path = folder / "model.mge"
    path.write_bytes(data)
    return mgeconvert.load(path)


def shown(graph: Graph) -> list[str]:
    return [node.op for node in graph.nodes]


def packed(model: bytes, method: str = "NONE", count: int = 1) -> bytes:
    """MegEngine Lite's pack, as its schema has it."""
    b = flatbuffers.Builder(len(model) + 256)
    data = b.CreateByteVector(model)
    name = b.CreateString("net")
    decryption = b.CreateString(method)
    b.StartObject(4)
    b.PrependUOffsetTRelativeSlot(0, name, 0)
    b.PrependUOffsetTRelativeSlot(3, decryption, 0)
    header = b.EndObject()
    b.StartObject(1)
    b.PrependUOffsetTRelativeSlot(0, data, 0)
    content = b.EndObject()
    b.StartObject(3)
    b.PrependUOffsetTRelativeSlot(0, header, 0)
    b.PrependUOffsetTRelativeSlot(2, content, 0)
    entry = b.EndObject()
    b.StartVector(4, count, 4)
    for _ in range(count):
        b.PrependUOffsetTRelative(entry)
    models = b.EndVector()
    b.StartObject(1)
    b.PrependUOffsetTRelativeSlot(0, models, 0)
    b.Finish(b.EndObject())
    return b"packed_model" + bytes(b.Output())


def test_the_container_without_feature_bits(tmp_path: Path) -> None:
    old = golden("old", "conv2d-float16")
    assert shown(load(b"MGBS" + old[12:], tmp_path)) == shown(load(old, tmp_path))


def test_a_lite_pack(tmp_path: Path) -> None:
    model = golden("plain", "conv2d-float16")
    assert shown(load(model, tmp_path)) == shown(load(packed(model), tmp_path))
    assert describe(tmp_path / "model.mge").writer == "MegEngine 1.13.0 (mgv2 in MegEngine Lite pack)"


def test_test_cases_are_what_is_recorded(tmp_path: Path) -> None:
    recorded = along(CASES, mgeconvert.registry.frontend("mge"))
    graph = mgeconvert.load(CASES)
    assert recorded is not None
    assert not isinstance(recorded, Path)
    assert list(recorded.inputs) == list(graph.inputs)
    assert list(recorded.outputs) == list(graph.outputs)
    report = mgeconvert.convert(CASES, tmp_path / "model.onnx")
    assert report.verification is not None
    assert report.verification.truth == f"the recorded outputs of {CASES}"


def test_weights_are_views_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "model.mge"
    path.write_bytes(golden("plain", "conv2d-float16"))
    arrays = [tensor.array for op in read(path).operators for tensor in op.tensors if tensor.array is not None]
    assert arrays
    assert all(not array.flags.owndata and not array.flags.writeable for array in arrays)


def patched(data: bytes, place: Callable[[memoryview], int], form: str, value: int) -> bytes:
    changed = bytearray(data)
    struct.pack_into(form, changed, place(memoryview(data)), value)
    return bytes(changed)


def field(table: str, name: str) -> Callable[[memoryview], int]:
    """Where a field of the root table (or of its first operator with that field) stands in an mgv2 file."""

    def place(data: memoryview) -> int:
        root = unpack(data)[0].buffer().root("Model")
        tables = [root] if table == "Model" else root["oprs"]
        for each in tables:
            at = each._at(each._fields[name].id, 4)
            if at is not None and (name != "inputs" or len(each["inputs"])):
                return 4 + at
        raise AssertionError(name)

    return place


def vector(name: str, element: int) -> Callable[[memoryview], int]:
    def place(data: memoryview) -> int:
        at = field("Operator", name)(data)
        return at + struct.unpack_from("<I", data, at)[0] + 4 + 4 * element

    return place


def table_of(name: str) -> Callable[[memoryview], Any]:
    """The first operator's table that has something in a field."""

    def find(data: memoryview) -> Any:
        return next(table for table in unpack(data)[0].buffer().root("Model")["oprs"] if table[name])

    return find


def own_table(data: memoryview) -> int:
    """Where the distance of an operator's table to its vtable stands."""
    return 4 + int(table_of("inputs")(data)._position)


def vtable(word: int) -> Callable[[memoryview], int]:
    """A word of an operator's vtable: 0 its size, 1 the table's size."""
    return lambda data: 4 + int(table_of("inputs")(data)._vtable) + 2 * word


def union_value(data: memoryview) -> int:
    """Where a vtable says the place of the parameter, whose kind stays."""
    table = table_of("param")(data)
    return 4 + int(table._vtable) + 4 + 2 * (int(table._fields["param"].id) + 1)


def first_size(data: memoryview) -> int:
    """The first size of a tensor that holds values."""
    tensors = (tensor for table in unpack(data)[0].buffer().root("Model")["oprs"] for tensor in table["tensors"])
    tensor = next(tensor for tensor in tensors if len(tensor["data"]))
    at = 4 + int(tensor._at(tensor._fields["shape"].id, 4))
    return at + int(struct.unpack_from("<I", data, at)[0]) + 4


ROW = "conv2d-float16"
BAD = [
    (lambda _: b"", "is empty, expected a static graph"),
    (lambda data: data[:200], "is damaged: its operators would take"),
    (lambda data: data[:9] + b"xx" + data[11:], "is of no known format"),
    (lambda data: patched(data, field("Model", "model_version"), "<I", 3),
     "is damaged: its format version is 3, written by MegEngine 1.13.0; versions up to 2 (MegEngine 1.13) are known"),
    (lambda data: patched(data, field("Model", "oprs"), "<I", 2**31), "is damaged: refers to bytes"),
    (lambda data: patched(data, vector("inputs", -1), "<I", 2**31 - 1), "is damaged: refers to bytes"),
    (lambda data: patched(data, vector("inputs", 0), "<I", 77),
     "is damaged: operator 2 (ReshapeV1) reads value 77, which none before it computes"),
    (lambda data: patched(data, vector("inputs", 0), "<I", 2),
     "is damaged: operator 2 (ReshapeV1) reads value 2, which none before it computes"),
    (lambda data: patched(data, own_table, "<i", 2**30), "is damaged: refers to bytes -1073741476 to -1073741474 of"),
    (lambda data: patched(data, vtable(0), "<H", 60000), "is damaged: refers to bytes 318 to 60318 of"),
    (lambda data: patched(data, vtable(1), "<H", 4), "is damaged: a field at byte 32 of a table of 4 bytes"),
    (lambda data: patched(data, union_value, "<H", 0), "is damaged: the param has a kind and no value"),
    (lambda data: patched(data, first_size, "<I", 2**31),
     "is damaged: the tensor without name is int32[2147483648], 8589934592 bytes, with 16 bytes of values"),
    (lambda data: patched(data, vector("outputs", 0), "<I", 1), "computes value 1 a second time"),
    (lambda _: b"MGBC" + bytes(12) + struct.pack("<Q", 2**40), "its tensor values would take 1099511627776 bytes"),
    (lambda _: b"MGBC" + b"\1" + bytes(30), "its feature bits ask for something"),
    (lambda data: b"mgbtest0" + struct.pack("<I", 9) + data, "a graph should begin, there is nothing"),
    (lambda data: packed(data, "AES_default"), "the model in the MegEngine Lite pack is encrypted with AES_default"),
    (lambda data: packed(data, count=2), "the MegEngine Lite pack holds 2 models, expected one"),
    (lambda _: pickle.dumps({"a": 1}, 4), "is a dict (1 entry: a), expected a static graph"),
    (lambda _: b"PK\3\4 weights.npy", "is a numpy archive (.npz), expected a static graph"),
]  # fmt: skip


@pytest.mark.parametrize(("damage", "fact"), BAD, ids=[fact[:40] for _, fact in BAD])
def test_bad_files_are_answered_with_one_clear_message(
    damage: Callable[[bytes], bytes], fact: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInputError) as error:
        load(damage(golden("plain", ROW)), tmp_path)
    assert fact in str(error.value)
    assert error.value.hint


@pytest.mark.parametrize("form", ["plain", "old"])
def test_truncated_anywhere(form: str, tmp_path: Path) -> None:
    data = golden(form, ROW)
    for end in range(0, len(data) - 1, 13):
        with pytest.raises(BadInputError):
            load(data[:end], tmp_path)


@pytest.mark.parametrize(
    ("form", "start"), [("plain", ROW), ("old", ROW), ("optimized", "Softmax"), ("plain", "topk-float16")]
)
def test_mutations_never_end_in_another_error(form: str, start: str, tmp_path: Path) -> None:
    data = golden(form, start)
    generator = random.Random(20)
    for _ in range(FUZZED):
        changed = bytearray(data)
        for _ in range(generator.choice([1, 1, 2, 8])):
            changed[generator.randrange(len(changed))] = generator.choice(
                [0, 1, 0x7F, 0x80, 0xFF, generator.randrange(256)]
            )
        try:
            load(bytes(changed), tmp_path)
        except MgeconvertError as error:
            assert str(error)  # noqa: PT017 (most mutations are harmless, the others must be answered)


def test_values_of_less_than_a_byte() -> None:
    from mgeconvert.staticgraph.read.dtypes import array_of, byte_count
    from mgeconvert.tracedmodule.read.arrays import MgeDType

    signed = MgeDType("QuantizedS4", np.dtype("i1"), 0.5)
    assert byte_count((2, 3), signed) == 4
    assert array_of(memoryview(bytes([0x21, 0x0F, 0x87, 0x01])), (2, 3), signed).tolist() == [[1, 2, -1], [7, -8, 1]]
