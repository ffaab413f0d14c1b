"""The objects a written TracedModule consists of, with the fields MegEngine 1.13 gives them.

A `Recorder` makes the nodes and expressions of one graph in order, as MegEngine's tracer does: it numbers them, names
them uniquely, and links every node with its maker and its users. Source: megengine/traced_module/{node,expr,pytree,
traced_module}.py, and the bytes that MegEngine writes.
"""

from __future__ import annotations

import collections
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from mgeconvert.ir import Namer
from mgeconvert.version import NAME
from mgeconvert.version import VERSION as OURS

from .pickler import Instance, Name

VERSION = "1.13.0"
"""The MegEngine whose format is written."""
WRITER = f"{NAME} {OURS}"
"""Who wrote the file; MegEngine does not look at this."""
DEVICE = "xpux:0"
"""Wherever the MegEngine that loads the file computes by default."""

TRACED = "megengine.traced_module."
_TENSOR = Name("megengine.tensor", "Tensor")
_PARAMETER = Name("megengine.tensor", "Parameter")
_NODE = Name(TRACED + "node", "TensorNode")
_MODULE = Name("megengine.module.module", "Module")
_MODULE_NODE = Name(TRACED + "node", "ModuleNode")
_TREE, _LEAF = Name(TRACED + "pytree", "TreeDef"), Name(TRACED + "pytree", "LeafDef")
_INDEX = Name(TRACED + "pytree", "ArgsIndex")
_TENSOR_TYPES = (_TENSOR, _NODE, _INDEX)
_MODULE_TYPES = (_MODULE, _MODULE_NODE, Name(TRACED + "node", "NodeMixin"), _INDEX)

_PYTHON = {str: "str", int: "int", float: "float", bool: "bool", type(None): "NoneType", type(...): "ellipsis"}


def tensor(array: np.ndarray[Any, Any], trained: bool) -> Instance:
    """A Tensor, or a Parameter when it is trained."""
    return Instance(_PARAMETER if trained else _TENSOR, {}, (array, array.dtype, DEVICE))


def module_base(training: bool, name: str | None, parts: Sequence[str]) -> dict[str, Any]:
    """What every Module has; `parts` are the attributes that hold modules and containers."""
    short = None if name is None else name.rpartition(".")[2]
    return {
        "_modules": ["_forward_pre_hooks", "_forward_hooks", *parts], "name": None, "training": training,
        "quantize_disabled": False, "_forward_pre_hooks": collections.OrderedDict(),
        "_forward_hooks": collections.OrderedDict(), "_name": name, "_short_name": short,
    }  # fmt: skip


def builtin_module(module: str, kind: str, attributes: Mapping[str, Any], path: str) -> Instance:
    """A built-in module in inference mode, as it hangs on a TracedModule: its class is text."""
    parts = [key for key, value in attributes.items() if _is_part(value)]
    state = {**module_base(False, path, parts), **attributes}
    return Instance(
        Name(TRACED + "serialization", "_ModuleState"),
        {"module": (module, kind), "state": state, "version": VERSION},
    )


def _is_part(value: Any) -> bool:
    """Whether an attribute is a container or a module."""
    if isinstance(value, Instance):
        return value.kind not in (_TENSOR, _PARAMETER)
    return isinstance(value, tuple | list | dict)


def traced_module(
    path: str | None, attributes: Mapping[str, Any], graphs: Mapping[Any, Any], outputs: Mapping[Any, Any], argspec: Any
) -> Instance:
    """A TracedModule; one without graphs only holds `attributes` at their place in the module tree."""
    parts = ["argdef_graph_map", "argdef_outdef_map", "watch_points", "watch_node_value", "end_points"]
    parts += [key for key, value in attributes.items() if value.kind not in (_TENSOR, _PARAMETER)]
    state = {
        **module_base(True, path, [*parts, *([] if argspec is None else ["argspec"])]),
        "argdef_graph_map": dict(graphs), "argdef_outdef_map": dict(outputs), "_is_top": path is None,
        "watch_points": [], "watch_node_value": {}, "end_points": [], "is_qat": False, "argspec": argspec,
        **attributes, "dump_info": dump_info(),
    }  # fmt: skip
    return instance_of_traced_module(state)


def instance_of_traced_module(state: Mapping[str, Any]) -> Instance:
    """The TracedModule that has this state."""
    return Instance(Name(TRACED + "traced_module", "TracedModule"), dict(state))


def dump_info() -> dict[str, Any]:
    """What MegEngine notes of itself when it writes a TracedModule, and who wrote this one in truth."""
    lists = ("register_type", "register_container_type", "register_mdule", "register_function")
    return {"version": VERSION, **{name: [] for name in lists}, "writer": WRITER}


def argspec(names: Sequence[str]) -> Instance:
    """The signature ``forward(self, *names)``."""
    return Instance(Name("inspect", "FullArgSpec"), None, (["self", *names], None, None, None, [], None, {}))


def tree(kind: str, keys: Any, children: Sequence[Instance]) -> Instance:
    """A TreeDef of a container class: ``builtins.tuple``; `keys` are those of a dict."""
    module, _, name = kind.rpartition(".")
    leaves = sum(child.state["num_leaves"] for child in children)
    return Instance(
        _TREE, {"type": Name(module, name), "aux_data": keys, "children_defs": list(children), "num_leaves": leaves}
    )


def leaf(types: tuple[Name, ...], constant: Any = None) -> Instance:
    """A LeafDef of what may stand there, and the value of a constant."""
    fields = {"type": types, "aux_data": None, "children_defs": [], "num_leaves": 1, "const_val": constant}
    return Instance(_LEAF, fields)


def tensor_leaf() -> Instance:
    return leaf(_TENSOR_TYPES)


def flatten(value: Any, leaves: list[Any]) -> Instance:
    """MegEngine's ``tree_flatten``: appends the leaves and returns the structure."""
    if isinstance(value, Instance):
        leaves.append(value)
        return leaf(_MODULE_TYPES if value.kind is _MODULE_NODE else _TENSOR_TYPES)
    if isinstance(value, tuple | list):
        return tree(f"builtins.{type(value).__name__}", None, [flatten(item, leaves) for item in value])
    if isinstance(value, dict):
        keys = tuple(sorted(value))
        return tree("builtins.dict", keys, [flatten(value[key], leaves) for key in keys])
    if isinstance(value, slice):
        return tree("builtins.slice", None, [flatten(item, leaves) for item in (value.start, value.stop, value.step)])
    leaves.append(value)
    return leaf((Name("builtins", _PYTHON[type(value)]), _INDEX), value)


def identifier(text: str) -> str:
    """`text` as a name of Python: letters of any script, digits and underscores, no digit first."""
    name = re.sub(r"\W+", "_", text) or "_"
    return name if name.isidentifier() else f"_{name}"


def input_names(names: Iterable[str]) -> list[str]:
    """What the inputs of those names are called in a TracedModule, in order: identifiers, each once, none `self`."""
    unique = Namer(["self"])
    return [unique(identifier(name)) for name in names]


class Recorder:
    """Records one graph. `name` is the graph's, of the top module the traced class's; `qualname`, the same by default,
    is the first part of all qualified names: ``Net.layer1``."""

    def __init__(self, name: str, reserved: Sequence[str] = (), qualname: str = "") -> None:
        self.name = name
        self.qualname = qualname or name
        self.exprs: list[Instance] = []
        self.nodes: list[Instance] = []
        self.inputs: list[Instance] = []
        self.used: dict[str, Instance | None] = dict.fromkeys(reserved)
        self.counts: dict[str, int] = {}
        self.device = Instance(Name("megengine.core._imperative_rt.common", "CompNode"), DEVICE)
        self.module = self._input("self", self.qualname, None)

    def input(self, name: str, shape: Sequence[int], dtype: Any, qparams: Any = None) -> Instance:
        """A tensor among the arguments of forward()."""
        return self._input(name, f"{self.qualname}.[{name}]", (tuple(shape), dtype, qparams))

    def module_input(self, name: str, kind: Name) -> Instance:
        """A module among the arguments of forward()."""
        return self._input(name, f"{self.qualname}.[{name}]", None, kind)

    def attribute(
        self, path: str, kind: Name | None, shape: Sequence[int] = (), dtype: Any = None, name: str = ""
    ) -> Instance:
        """GetAttr of a built-in module (`kind` is its class) or a tensor; `name` is the node's, by default the path."""
        expr = self._expr("GetAttr", [self.module], name=path)
        tensor = None if kind else (tuple(shape), dtype)
        return self._node(expr, self.unique(name or path), f"{self.qualname}.{path}", tensor, kind)

    def constant(
        self, value: Instance, name: str, kind: Name | None, shape: Sequence[int], dtype: Any, label: str | None
    ) -> Instance:
        """A tensor or a built-in module that hangs nowhere; `label` is the expression's own name."""
        expr = self._expr("Constant", [], value=value, name=label)
        tensor = None if kind else (tuple(shape), dtype)
        return self._node(expr, self.unique(name), f"{self.qualname}.[{name}]", tensor, kind)

    def expression(self, kind: str, inputs: list[Instance], fields: Mapping[str, Any]) -> Instance:
        """An expression with fields as they are; its results are added with `result`."""
        return self._expr(kind, inputs, **fields)

    def result(
        self, expr: Instance, name: str, qualname: str, tensor: tuple[Any, ...] | None, module: Name | None = None
    ) -> Instance:
        """The next result of an expression; `tensor` is its shape, dtype and quantization parameters, None for a
        module, whose class is `module`."""
        return self._node(expr, self.unique(name), qualname, tensor, module)

    def method(
        self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], outputs: Sequence[tuple[str, str, Any, Any]]
    ) -> list[Instance]:
        """CallMethod: a module's ``__call__``, or a method of the tensor args[0]. `outputs` are (name, qualified name
        below the graph's, shape, dtype)."""
        inputs, constants, definition = _arguments(args, kwargs)
        fields = {"const_val": constants, "method": name, "arg_def": definition}
        return self._call("CallMethod", inputs, fields, outputs)

    def function(
        self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], outputs: Sequence[tuple[str, str, Any, Any]]
    ) -> list[Instance]:
        """CallFunction, by the function's full name."""
        inputs, constants, definition = _arguments(args, kwargs)
        module, _, function = name.rpartition(".")
        fields = {"func": (module, function), "const_val": constants, "arg_def": definition}
        return self._call("CallFunction", inputs, fields, outputs)

    def opdef(
        self, kind: str, inputs: list[Instance], fields: Mapping[str, Any], outputs: Sequence[tuple[str, str, Any, Any]]
    ) -> list[Instance]:
        """Apply of a raw operator."""
        operator = {**fields, "opdef_type": Name("megengine.core._imperative_rt.ops", kind)}
        expr = self._expr("Apply", inputs, opdef_state=operator, version=VERSION)
        return [self._node(expr, name, qualname, (shape, dtype)) for name, qualname, shape, dtype in outputs]

    def graph(self, outputs: Sequence[Instance]) -> Instance:
        """The InternalGraph."""
        space = {"name": self.name, "qualname": self.qualname, "_used_names": dict(self.used)}
        total = len(self.inputs) + len(self.exprs)
        state = {
            "_exprs": self.exprs, "_inputs": self.inputs, "_outputs": list(outputs), "_watch_point": [],
            "_end_point": [], "_namespace": Instance(Name(TRACED + "traced_module", "NameSpace"), space),
            "_rst": collections.defaultdict(list), "_name": self.name,
            "_qualname": self.qualname,
        }  # fmt: skip
        if self.is_top:
            state["_total_ids"] = (len(self.nodes), total)
        return Instance(Name(TRACED + "traced_module", "InternalGraph"), state)

    def unique(self, wanted: str) -> str:
        """A node name that is not taken: ``relu_out``, ``relu_out_1``, ..."""
        name = identifier(wanted)
        while name in self.used:
            name = self._numbered(re.sub(r"_\d+$", "", name))
        self.used[name] = None
        return name

    def label(self, place: str, kind: str) -> str:
        """The qualified name of a call at a place, below the graph's: ``layer1.0.[func_relu]``, unique."""
        text = f"{place}.[{kind}" if place else f"[{kind}"
        if text not in self.counts:
            self.counts[text] = 0
            return f"{text}]"
        return f"{self._numbered(text)}]"

    def _numbered(self, text: str) -> str:
        self.counts[text] = self.counts.get(text, 0) + 1
        return f"{text}_{self.counts[text]}"

    @property
    def is_top(self) -> bool:
        """Whether the graph is that of the top module."""
        return self.name == self.qualname

    def _input(self, name: str, qualname: str, tensor: Any, kind: Name = _MODULE) -> Instance:
        expr = self._expr("Input", [], name=name)
        self.exprs.pop()
        node = self._node(expr, name, qualname, tensor, None if tensor else kind)
        self.inputs.append(node)
        return node

    def _call(
        self, kind: str, inputs: list[Instance], fields: dict[str, Any], outputs: Sequence[tuple[str, str, Any, Any]]
    ) -> list[Instance]:
        expr = self._expr(kind, inputs, **fields, version=VERSION)
        nodes = [self._node(expr, name, qualname, (shape, dtype)) for name, qualname, shape, dtype in outputs]
        expr.state["out_def"] = (
            tensor_leaf() if len(nodes) == 1 else tree("builtins.tuple", None, [tensor_leaf() for _ in nodes])
        )
        return nodes

    def _expr(self, kind: str, inputs: list[Instance], **fields: Any) -> Instance:
        number = len(self.exprs) + len(self.inputs)
        state = {"_id": number, "_disable_remove": False, "inputs": inputs, **fields, "outputs": []}
        expr = Instance(Name(TRACED + "expr", kind), state)
        for node in inputs:
            node.state["users"].append(expr)
        self.exprs.append(expr)
        return expr

    def _node(self, expr: Instance, name: str, qualname: str, tensor: Any, module: Name | None = None) -> Instance:
        state = {"expr": expr, "users": [], "_id": len(self.nodes)}
        if tensor is None:
            assert module is not None
            state |= {"_name": name, "_qualname": qualname, "module_type": (module.module, module.name)}
        else:
            shape, dtype, *qparams = tensor
            state |= {"_qparams": qparams[0] if qparams else None, "_shape": shape, "_dtype": dtype}
            state |= {"_device": self.device, "_name": name, "_qualname": qualname}
        node = Instance(_NODE if tensor else _MODULE_NODE, state)
        self.nodes.append(node)
        self.used[name] = node
        expr.state["outputs"].append(node)
        return node


def _arguments(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[list[Instance], list[Any], Instance]:
    """Nodes, constants with their position among all leaves, and the structure."""
    leaves: list[Any] = []
    definition = flatten((args, dict(kwargs)), leaves)
    constants = [(index, value) for index, value in enumerate(leaves) if not isinstance(value, Instance)]
    return [value for value in leaves if isinstance(value, Instance)], constants, definition
