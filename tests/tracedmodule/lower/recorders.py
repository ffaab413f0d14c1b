"""Handlers of walked calls for tests: computed by numpy, or only recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mgeconvert.tracedmodule.lower import walk
from mgeconvert.tracedmodule.lower.walk import TracedCall
from mgeconvert.tracedmodule.read.arrays import MgeDType
from mgeconvert.tracedmodule.read.records import ModuleRecord, TensorRecord
from mgeconvert.tracedmodule.read.typeref import TypeRef
from tests.tracedmodule import files as traced_files


def dequantised(array: np.ndarray, dtype: Any) -> np.ndarray:
    if isinstance(dtype, MgeDType) and dtype.name == "bfloat16":
        return (array.astype("u4") << 16).view("f4")
    if isinstance(dtype, MgeDType):
        return (array.astype("f4") - (dtype.zero_point or 0)) * dtype.scale
    return array


def set_item(x: np.ndarray, key: Any, value: Any) -> np.ndarray:
    x = x.copy()
    x[key] = value
    return x


def as_index(key: Any) -> Any:
    """Index tensors of MegEngine as numpy takes them."""
    if isinstance(key, tuple):
        return tuple(map(as_index, key))
    return int(key) if isinstance(key, np.ndarray) and key.ndim == 0 else key


def new(cls: TypeRef, data: Any, dtype: Any = None, *_: Any, **__: Any) -> np.ndarray:
    assert cls.qualname in ("megengine.tensor.Tensor", "megengine.tensor.Parameter")
    return np.array(data, dtype)


def linear(module: ModuleRecord, x: np.ndarray) -> np.ndarray:
    return x @ module.attributes["weight"].array.T + module.attributes["bias"].array


COMPUTE: dict[str, Callable[..., Any]] = {
    "megengine.tensor.Tensor.__add__": lambda x, y: x + y,
    "megengine.tensor.Tensor.__iadd__": lambda x, y: x + y,
    "megengine.tensor.Tensor.__sub__": lambda x, y: x - y,
    "megengine.tensor.Tensor.__mul__": lambda x, y: x * y,
    "megengine.tensor.Tensor.__getitem__": lambda x, key: x[as_index(key)],
    "megengine.tensor.Tensor.__setitem__": lambda x, key, value: set_item(x, as_index(key), value),
    "megengine.tensor.Tensor.__new__": new,
    "megengine.tensor.Tensor.astype": lambda x, dtype: x.astype(dtype),
    "megengine.tensor.Tensor.detach": lambda x: x,
    "megengine.tensor.Tensor.mean": lambda x, axis, keepdims: x.mean(axis, keepdims=keepdims),
    "megengine.tensor.Tensor.sum": lambda x, axis, keepdims: x.sum(axis, keepdims=keepdims),
    "megengine.tensor.Tensor.reshape": lambda x, *shape: x.reshape(as_index(shape)),
    "megengine.functional.nn.relu": lambda x: np.maximum(x, 0),
    "megengine.functional.nn.linear": lambda x, weight, bias, _: x @ weight.T + bias,
    "megengine.functional.tensor.zeros": lambda shape, *, dtype, **_: np.zeros(shape, dtype),
    "megengine.functional.tensor.zeros_like": lambda x: np.zeros_like(x),
    "megengine.module.linear.Linear": linear,
    "megengine.module.activation.ReLU": lambda _, x: np.maximum(x, 0),
    "megengine.module.identity.Identity": lambda _, x: x,
    "megengine.core.ops.builtin.GetVarShape": lambda x, **_: np.array(x.shape, "i4"),
    "megengine.core.ops.builtin.Copy": lambda x, **_: x,
    "megengine.core.ops.builtin.Elemwise": lambda x, mode: {"RELU": np.maximum(x, 0)}[mode],
}


class Numpy:
    """Computes the calls with numpy and records them."""

    def __init__(self) -> None:
        self.calls: list[TracedCall] = []
        self.tensors: list[tuple[str, TensorRecord]] = []

    def call(self, call: TracedCall) -> Sequence[np.ndarray]:
        self.calls.append(call)
        return [np.asarray(COMPUTE[call.key](*call.args, **call.kwargs))]

    def tensor(self, record: TensorRecord, path: str) -> np.ndarray:
        self.tensors.append((path, record))
        return dequantised(record.array, record.dtype)


class Recorder(Numpy):
    """Records the calls; values are the names of their nodes."""

    def call(self, call: TracedCall) -> Sequence[Any]:
        self.calls.append(call)
        return call.names

    def tensor(self, record: TensorRecord, path: str) -> Any:
        self.tensors.append((path, record))
        return path


def record(name: str) -> tuple[Recorder, list[Any]]:
    traced, recorder = traced_files.read(name), Recorder()
    return recorder, walk.walk(traced, [info.name for info in traced.inputs], recorder)
