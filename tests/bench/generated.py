"""Writes TracedModule pickles of any length without MegEngine: what the bench measures growth with.

The records are those that MegEngine 1.13 writes, in its order, except that nodes do not list their users (which makes
MegEngine's own pickles nest one level deeper with every operator).
"""

from __future__ import annotations

import collections
import inspect
import pickle
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

CHANNELS = 4
VERSION = "1.13.0"
CLASSES = {
    "megengine.core._imperative_rt.common": ("CompNode",),
    "megengine.module.module": ("Module",),
    "megengine.tensor": ("Tensor", "Parameter"),
    "megengine.traced_module.expr": ("Input", "GetAttr", "CallMethod", "CallFunction"),
    "megengine.traced_module.node": ("TensorNode", "ModuleNode", "NodeMixin"),
    "megengine.traced_module.pytree": ("TreeDef", "LeafDef", "ArgsIndex"),
    "megengine.traced_module.serialization": ("_ModuleState",),
    "megengine.traced_module.traced_module": ("TracedModule", "InternalGraph", "NameSpace"),
}


def write_chain(path: Path, operators: int, channels: int = CHANNELS) -> None:
    """A module that calls `operators` operators in a row: a 1x1 Conv2d, relu, ``x + 0.25``, clip, and again."""
    with _megengine() as classes:
        module = Chain(classes, operators, channels).module()
        path.write_bytes(pickle.dumps(module, protocol=4))


class Chain:
    """Builds the records; `k` makes an instance of MegEngine's class of a name."""

    def __init__(self, classes: dict[str, type], operators: int, channels: int) -> None:
        self.classes = classes
        self.shape = (1, channels, 6, 6)
        self.count = 0
        self.random = np.random.default_rng(0)
        self.attributes: dict[str, Any] = {}
        self.exprs: list[Any] = []
        tensor, module = ("Tensor", "TensorNode", "ArgsIndex"), ("Module", "ModuleNode", "NodeMixin", "ArgsIndex")
        self.tensor_leaf = self.leaf(tuple(classes[name] for name in tensor))
        self.module_leaf = self.leaf(tuple(classes[name] for name in module))
        self.self_node = self.input(
            "self", self.node("ModuleNode", "self", module_type=("megengine.module.module", "Module"))
        )
        self.x = self.input("x", self.tensor("x"))
        value = self.x
        steps = (self.conv, self.relu, self.add, self.clip)
        for number in range(operators):
            value = steps[number % len(steps)](value, number)
        self.result = value

    def k(self, kind: str, /, **state: Any) -> Any:
        record = self.classes[kind]()
        record.__dict__.update(state)
        return record

    def id(self) -> int:
        self.count += 1
        return self.count

    def leaf(self, kinds: tuple[type, ...], value: Any = None) -> Any:
        return self.k("LeafDef", type=kinds, aux_data=None, children_defs=[], num_leaves=1, const_val=value)

    def tree(self, kind: type, children: list[Any], keys: Any = None) -> Any:
        return self.k(
            "TreeDef", type=kind, aux_data=keys, children_defs=children, num_leaves=sum(c.num_leaves for c in children)
        )

    def arguments(self, *leaves: Any) -> Any:
        return self.tree(tuple, [self.tree(tuple, list(leaves)), self.tree(dict, [], ())])

    def node(self, kind: str, /, name: str, **state: Any) -> Any:
        return self.k(kind, expr=None, users=[], _id=self.id(), _name=name, _qualname=f"Chain.{name}", **state)

    def tensor(self, name: str) -> Any:
        return self.node(
            "TensorNode",
            name,
            _qparams=None,
            _shape=self.shape,
            _dtype=np.dtype(np.float32),
            _device=self.classes["CompNode"](),
        )

    def input(self, name: str, node: Any) -> Any:
        self.expr("Input", [], node, name=name)
        self.exprs.pop()
        return node

    def expr(self, kind: str, inputs: list[Any], output: Any, /, **state: Any) -> Any:
        expr = self.k(kind, _id=self.id(), _disable_remove=False, inputs=inputs, outputs=[output], **state)
        output.expr = expr
        self.exprs.append(expr)
        return output

    def conv(self, x: Any, number: int) -> Any:
        name = f"conv{number}"
        self.attributes[name] = conv_state(self)
        kind = ("megengine.module.conv", "Conv2d")
        node = self.expr("GetAttr", [self.self_node], self.node("ModuleNode", name, module_type=kind), name=name)
        leaves = self.arguments(self.module_leaf, self.tensor_leaf)
        return self.method("__call__", [node, x], [], leaves, f"{name}_out")

    def relu(self, x: Any, number: int) -> Any:
        return self.function("relu", x, [], self.arguments(self.tensor_leaf), f"relu{number}")

    def add(self, x: Any, number: int) -> Any:
        leaves = self.arguments(self.tensor_leaf, self.leaf((float,), 0.25))
        return self.method("__add__", [x], [(1, 0.25)], leaves, f"add{number}")

    def clip(self, x: Any, number: int) -> Any:
        leaves = self.arguments(self.tensor_leaf, self.leaf((float,), -1.0), self.leaf((float,), 1.0))
        return self.function("clip", x, [(1, -1.0), (2, 1.0)], leaves, f"clip{number}", "elemwise")

    def method(self, method: str, inputs: list[Any], constants: list[Any], leaves: Any, name: str) -> Any:
        call = {"const_val": constants, "method": method, "arg_def": leaves, "out_def": self.tensor_leaf}
        return self.expr("CallMethod", inputs, self.tensor(name), **call, version=VERSION)

    def function(self, function: str, x: Any, constants: list[Any], leaves: Any, name: str, home: str = "nn") -> Any:
        call = {"const_val": constants, "arg_def": leaves, "out_def": self.tensor_leaf}
        where = (f"megengine.functional.{home}", function)
        return self.expr("CallFunction", [x], self.tensor(name), func=where, **call, version=VERSION)

    def module(self) -> Any:
        arguments = self.arguments(self.module_leaf, self.tensor_leaf)
        graph = self.k(
            "InternalGraph",
            _exprs=self.exprs,
            _inputs=[self.self_node, self.x],
            _outputs=[self.result],
            _watch_point=[],
            _end_point=[],
            _namespace=self.k("NameSpace", name="Chain", qualname="Chain", _used_names={}),
            _rst=collections.defaultdict(list),
            _name="Chain",
            _qualname="Chain",
            _total_ids=(self.count + 1, self.count + 1),
        )
        lists = ("register_type", "register_container_type", "register_mdule", "register_function")
        return self.k(
            "TracedModule",
            **module_state(["argspec", *self.attributes]),
            argdef_graph_map={arguments: graph},
            argdef_outdef_map={arguments: self.tensor_leaf},
            _is_top=True,
            watch_points=[],
            watch_node_value={},
            end_points=[],
            is_qat=False,
            argspec=inspect.FullArgSpec(["self", "x"], None, None, None, [], None, {}),
            **self.attributes,
            dump_info={"version": VERSION, **{name: [] for name in lists}},
        )


def module_state(modules: list[str]) -> dict[str, Any]:
    """What every module's ``__dict__`` has."""
    return {
        "_modules": modules,
        "name": None,
        "training": False,
        "quantize_disabled": False,
        "_forward_pre_hooks": collections.OrderedDict(),
        "_forward_hooks": collections.OrderedDict(),
        "_name": None,
        "_short_name": None,
    }


def conv_state(chain: Chain) -> Any:
    """A 1x1 convolution of the chain's channels that keeps the numbers in range; its weights are like no other's."""
    channels = chain.shape[1]
    shape = (channels, channels, 1, 1)
    state = {
        "conv_mode": "cross_correlation",
        "compute_mode": "default",
        "padding_mode": "zeros",
        **module_state([]),
        "in_channels": channels,
        "out_channels": channels,
        "kernel_size": (1, 1),
        "stride": (1, 1),
        "padding": (0, 0),
        "output_padding": 0,
        "dilation": (1, 1),
        "groups": 1,
        "weight": chain.classes["Parameter"](chain.random.uniform(0.5, 1.5, shape).astype(np.float32) / channels),
        "bias": chain.classes["Parameter"](chain.random.uniform(-0.1, 0.1, (1, channels, 1, 1)).astype(np.float32)),
    }
    return chain.k("_ModuleState", module=("megengine.module.conv", "Conv2d"), state=state, version=VERSION)


class _Plain:
    """Pickled as NEWOBJ and BUILD of its ``__dict__``."""


class _Array(_Plain):
    """A tensor: NEWOBJ with the array, its dtype and the device."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __reduce__(self) -> Any:
        return _NEW, (type(self), self.array, self.array.dtype, "xpux:0"), {}


class _Device(_Plain):
    """A CompNode: its state is text."""

    def __reduce__(self) -> Any:
        return _NEW, (type(self),), "xpux:0"


_NEW = object().__reduce_ex__(2)[0]
_BASES = {"Tensor": _Array, "Parameter": _Array, "CompNode": _Device}


@contextmanager
def _megengine() -> Iterator[dict[str, type]]:
    """Stand-ins for MegEngine's classes under its module names, so that pickle can name them."""
    classes = {
        name: type(name, (_BASES.get(name, _Plain),), {"__module__": home, "__qualname__": name})
        for home, names in CLASSES.items()
        for name in names
    }
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "megengine"}
    for home, names in CLASSES.items():
        parts = home.split(".")
        for length in range(1, len(parts) + 1):
            sys.modules.setdefault(".".join(parts[:length]), types.ModuleType(".".join(parts[:length])))
        for name in names:
            setattr(sys.modules[home], name, classes[name])
    try:
        yield classes
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "megengine"]:
            del sys.modules[name]
        sys.modules.update(before)


if __name__ == "__main__":
    write_chain(Path(sys.argv[1]), *map(int, sys.argv[2:]))
