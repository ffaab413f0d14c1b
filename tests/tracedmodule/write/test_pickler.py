"""The pickle writer: what it writes is what Python and numpy read back, without recursion, the same bytes each time."""

from __future__ import annotations

import collections
import io
import pickle
import pickletools
import sys
from typing import Any

import numpy as np
import pytest

from mgeconvert.tracedmodule.write.pickler import Instance, Name, write


def written(value: Any) -> bytes:
    stream = io.BytesIO()
    write(value, stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    "value",
    [
        None, True, False, 0, 255, 256, 65535, 65536, -1, -(1 << 31), 1 << 31, -(1 << 63), 1 << 80, 0.1, -0.0,
        float("inf"), "", "text", "é" * 200, "x" * 70000, b"", b"bytes", bytes(300), ..., (), (1,), (1, 2), (1, 2, 3),
        (1, 2, 3, 4), [], [1, [2, []]], {}, {"a": {"b": (None, [])}}, type(None), type(...),
        collections.OrderedDict(a=1),
    ],
    ids=lambda value: repr(value)[:20],
)  # fmt: skip
def test_plain_values_come_back(value: Any) -> None:
    named = {type(None): Name("builtins", "NoneType"), type(...): Name("builtins", "ellipsis")}
    stored = named[value] if isinstance(value, type) else value
    data = written([stored, stored])
    assert pickle.loads(data) == [value, value]
    assert [type(item) for item in pickle.loads(data)] == [type(value)] * 2
    pickletools.dis(data, io.StringIO())


@pytest.mark.parametrize(
    "array",
    [
        np.array(3.5, np.float32), np.zeros((0, 4), np.float32), np.arange(6, dtype=np.int32).reshape(2, 3),
        np.arange(6, dtype=np.int32).reshape(2, 3).T, np.array([True, False]), np.arange(4, dtype=">f4"),
        np.arange(9, dtype=np.float16)[::2], np.arange(40000, dtype=np.float32), np.arange(3, dtype=np.uint8),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)  # fmt: skip
def test_arrays_come_back(array: np.ndarray) -> None:
    back = pickle.loads(written(array))
    assert back.dtype == array.dtype.newbyteorder("<")
    assert back.shape == array.shape
    assert np.array_equal(back, array)


def test_shared_objects_are_written_once() -> None:
    array, inner = np.zeros(100, np.float32), [1]
    first, second, third, fourth = pickle.loads(written([array, array, inner, inner]))
    assert first is second
    assert third is fourth


def test_objects_may_refer_to_each_other() -> None:
    kind = Name("types", "SimpleNamespace")
    one, two = Instance(kind, {}), Instance(kind, {})
    one.state["other"], two.state["other"] = two, one
    back = pickle.loads(written(one))
    assert back.other.other is back


def test_a_long_chain_takes_no_stack() -> None:
    chain: list[Any] = []
    for _ in range(20 * sys.getrecursionlimit()):
        chain = [chain]
    data = written(chain)
    assert data.count(b"]") > sys.getrecursionlimit()
    assert pickle.loads(data)


def test_dtypes_and_names_are_equal_by_what_they_say() -> None:
    data = written([np.dtype("f4"), np.dtype(np.float32), Name("numpy", "ndarray"), Name("numpy", "ndarray")])
    assert data.count(b"ndarray") == 1
    assert pickle.loads(data) == [np.dtype("f4"), np.dtype("f4"), np.ndarray, np.ndarray]


def test_other_objects_are_refused() -> None:
    with pytest.raises(TypeError, match="a set cannot be written to a TracedModule"):
        written({1})
