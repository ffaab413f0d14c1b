"""What the small TracedModules of `fixtures.py` are made with: numbers, layers, and the files as they are collected."""

from __future__ import annotations

import collections
import io
import pathlib
import sys
import types

import megengine as mge
import megengine.module as M  # noqa: N812 -- as in MegEngine's documentation
import megengine.traced_module as tm
import numpy as np

mge.config.async_level = 0
# MegEngine 1.13 sorts the graphs of a module by their TreeDef, which has no order; older versions write several
tm.pytree.TreeDef.__lt__ = lambda self, other: repr(self) < repr(other)
ARCHIVE = pathlib.Path(__file__).parents[1] / "goldens" / "tracedmodule.tar.xz"
FILES: dict[str, bytes] = {}

Pair = collections.namedtuple("Pair", "first second")
Pair.__module__ = "mynet"
sys.modules["mynet"] = types.ModuleType("mynet")
sys.modules["mynet"].Pair = Pair
tm.register_supported_type(Pair, lambda pair: (list(pair), None), lambda values, _: Pair(*values))


def values(*shape: int, scale: float = 1.0) -> np.ndarray:
    return ((np.arange(np.prod(shape)) % 17 - 8) * scale / 4).astype("float32").reshape(shape)


def tensor(*shape: int) -> mge.Tensor:
    return mge.tensor(values(*shape))


def linear(inputs: int = 4, outputs: int = 4) -> M.Linear:
    layer = M.Linear(inputs, outputs)
    layer.weight[...] = mge.tensor(values(outputs, inputs, scale=0.5))
    layer.bias[...] = mge.tensor(values(outputs))
    return layer


def flat(result):
    if isinstance(result, mge.Tensor):
        return [result.numpy()]
    items = [result[key] for key in sorted(result)] if isinstance(result, dict) else result
    return [leaf for item in items for leaf in flat(item)]


def add(name, traced, *inputs, protocol=None, save=mge.save, **keywords):
    """Store the traced module and what it computes."""
    stream = io.BytesIO()
    save(traced, stream, **({} if protocol is None else {"pickle_protocol": protocol}))
    FILES[name + ".pkl"] = stream.getvalue()
    leaves = [leaf.numpy().copy() for leaf in _leaves([inputs, [keywords[key] for key in sorted(keywords)]])]
    outputs = flat(traced(*inputs, **keywords))
    arrays = {f"in_{n}": array for n, array in enumerate(leaves)} | {
        f"out_{n}": array for n, array in enumerate(outputs)
    }
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    FILES[name + ".npz"] = stream.getvalue()


def _leaves(value):
    if isinstance(value, mge.Tensor):
        return [value]
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value)]
    return [leaf for item in value for leaf in _leaves(item)] if isinstance(value, (list, tuple)) else []


def case(*inputs, **keywords):
    """A module class whose traced instance is stored under the class' name."""

    def register(kind):
        net = kind()
        net.eval()
        add(kind.__name__.lower(), tm.trace_module(net, *inputs, **keywords), *inputs, **keywords)
        return kind

    return register
