"""Every field of every record that a TracedModule is read from, missing or of a wrong type: bad input that names it."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import mgeconvert
from mgeconvert.errors import BadInputError, UnsupportedError
from mgeconvert.tracedmodule.lower import driver, table
from mgeconvert.tracedmodule.lower.attributes import EXPECTED
from mgeconvert.tracedmodule.read import allowed, records, values
from tests.harness import goldens

MISSING = object()
WRONG = ("a",)
"""No field may be that: a tuple of text."""
TUPLE_READ = "megengine.quantization.utils."
NEVER_READ = {
    "aux_data of LeafDef", "const_val of LeafDef", "grad_scale of QParams", "module_type of ModuleNode",
}  # fmt: skip
"""What the writer keeps and no reader needs, so that it may be anything."""
OLDER_LACK = NEVER_READ | {
    "_name of ModuleNode", "_name of TensorNode", "_qparams of TensorNode", "_qualname of ModuleNode",
    "_qualname of TensorNode", "children_defs of LeafDef", "dtype_meta of QParams", "mode of QParams",
    "name of Constant", "name of Input", "inputs of Input", "outputs of Input", "out_def of CallFunction",
    "out_def of CallMethod", "scale of QParams", "version of Apply", "version of CallFunction", "version of CallMethod",
    "zero_point of QParams",
}  # fmt: skip
"""What files of older writers lack, and what only other records refer to."""
_WITHOUT = """activation.GELU activation.ReLU activation.SiLU activation.Sigmoid concat.Concat dropout.Dropout
identity.Identity qat.module.QATModule._apply_fakequant_with_observer qat.quant_dequant.DequantStub
quant_dequant.DequantStub quant_dequant.QuantStub quantized.quant_dequant.DequantStub"""
IN_NO_FILE = """quantized.conv.ConvTransposeRelu2d quantized.conv_transpose_bn.ConvTransposeBn2d
quantized.conv_transpose_bn.ConvTransposeBnRelu2d"""
NOT_READ = {f"megengine.module.{name}" for name in f"{_WITHOUT} {IN_NO_FILE}".split()}
"""Modules without attributes that matter, and those that no golden file has."""
MODULES_LACK = {"mode", "nonlinear_mode", "nonlinearity", "output_padding", "padding_mode"}
"""Attributes of modules that older writers do not write."""
RECORDS = [
    record
    for record in allowed._RECORDS
    if record.keys and not issubclass(record, records.ModuleRecord) and record is not values.Device
]
FIELDS = [
    (record, key)
    for record in RECORDS
    for key in record.keys
    if record is not records.LSQParams  # MegEngine's own files of it are read with the fields of QParams
]


class Changed:
    """While it is open, the states of records of one class are read with one field changed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: str, key: str, value: object) -> None:
        self.seen = False
        self._owner, self._key, self._value = owner, key, value
        for kind in RECORDS:
            if kind.source == owner:
                read = kind.__setstate__
                monkeypatch.setattr(kind, "__setstate__", self._through(read, _fields_of(kind)))
        monkeypatch.setattr(records.ModuleRecord, "__setstate__", self._through(_MODULE, _own))
        monkeypatch.setattr(records.ModuleState, "__setstate__", self._through(_STATE, _inner))

    def _through(self, read: Callable[..., None], fields: Callable[..., Any]) -> Callable[..., None]:
        def changed(record: Any, state: Any) -> None:
            found = fields(record, state)
            if found is not None and found[0] == self._owner and self._key in found[1]:
                self.seen = True
                if self._value is MISSING:
                    del found[1][self._key]
                else:
                    found[1][self._key] = self._value
            read(record, state)

        return changed


_MODULE, _STATE = records.ModuleRecord.__setstate__, records.ModuleState.__setstate__


def _fields_of(kind: type[records.Record]) -> Callable[..., Any]:
    def fields(record: Any, state: Any) -> Any:
        if type(record) is not kind:
            return None
        return kind.source, state[1] if kind.source.startswith(TUPLE_READ) else state

    return fields


def _own(record: Any, state: Any) -> Any:
    return type(record).source, state


def _inner(_: Any, state: Any) -> Any:
    return ".".join(state["module"]), state["state"]


@functools.cache
def _members() -> list[bytes]:
    """The TracedModules of the golden files, small ones first."""
    archives = [path for path in sorted(goldens.FOLDER.rglob("*.tar.xz")) if not path.name.startswith("static")]
    members = [content for path in archives for name, content in goldens.unpacked(path).items() if name[-4:] == ".pkl"]
    return sorted((content for content in members if len(content) < 100_000), key=len)


def _with(owner: str) -> Iterator[bytes]:
    """The files that name a class."""
    module, _, name = owner.rpartition(".")
    return (each for each in _members() if module.encode() in each and name.encode() in each)


def _outcome(content: bytes) -> str:
    """``read``, or what is wrong with the file."""
    try:
        mgeconvert.load(io.BytesIO(content), "tm")
    except (BadInputError, UnsupportedError) as error:
        return str(error)
    return "read"


def test_every_field_of_a_record_is_known() -> None:
    known = {f"{key} of {record.__name__}" for record, key in FIELDS}
    assert known >= OLDER_LACK


@pytest.mark.parametrize(("record", "key"), FIELDS, ids=lambda item: item if isinstance(item, str) else item.__name__)
def test_a_field_of_a_record(record: type[records.Record], key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{key} of {record.__name__}"
    for value, allowed_to_be in ((WRONG, NEVER_READ), (MISSING, OLDER_LACK)):
        with monkeypatch.context() as patch:
            changed = Changed(patch, record.source, key, value)
            error = next((found for content in _with(record.source) if (found := _tried(changed, content))), None)
        if name == "grad_scale of QParams":  # of LSQ only
            continue
        assert error is not None, f"no golden file has {name}"
        if name in allowed_to_be:
            assert error == "read" or key.lstrip("_") in error, (name, error)
        else:
            assert key.lstrip("_") in error, (name, error)


def _tried(changed: Changed, content: bytes) -> str | None:
    """What came of a file with the change, ``read`` or the message; None for a file without the field."""
    outcome = _outcome(content)
    return outcome if changed.seen else None


def _module_classes() -> list[str]:
    driver.load_table()
    return [key for key in table.lowered() if key.startswith(("megengine.module.", "megengine.quantization."))]


@pytest.mark.parametrize("owner", _module_classes())
def test_the_attributes_of_a_module(owner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are read of the first file that has such a module."""
    read: set[str] = set()
    attribute = driver.attribute

    def noted(record: records.ModuleRecord, name: str, path: str) -> Any:
        if record.qualname == owner:
            read.add(name)
        return attribute(record, name, path)

    with monkeypatch.context() as patch:
        patch.setattr(driver, "attribute", noted)
        content = next((each for each in _with(owner) if (_outcome(each), read)[1]), None)
    assert content is not None or owner in NOT_READ
    assert read <= set(EXPECTED)
    for name in sorted(read):
        for value in (WRONG, MISSING):
            with monkeypatch.context() as patch:
                error = _tried(Changed(patch, owner, name, value), content or b"")
            if value is MISSING and name in MODULES_LACK:
                assert error == "read" or name in (error or "")
            else:
                assert error is not None
                assert name in error, (owner, name, error)
