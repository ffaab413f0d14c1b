"""Records of the graph classes: nodes, expressions, graphs. Links back (users, a node's expression) are dropped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from mgeconvert.errors import BadInputError

from .arrays import DType, dtype_of
from .modules import ModuleRecord
from .short import short
from .typeref import TypeRef
from .values import QParams, Record, TensorRecord, text_keys
from .work import spend

_NONE = type(None)
MAX_NAME = 1 << 12
"""Characters of names: every call below a module repeats the module's."""


class Node(Record):
    """A variable of a graph; `name` is None where the writer gave none, `qualname` in files of MegEngine 1.6."""

    __slots__ = ("name", "qualname")
    source = "megengine.traced_module.node.Node"
    keys: ClassVar = {"_name": ("name", (str, _NONE)), "_qualname": ("qualname", (str, _NONE))}
    name: str | None
    qualname: str | None

    def __setstate__(self, state: Any) -> None:
        self.name, self.qualname = None, None
        super().__setstate__(state)
        names: tuple[str | None, str | None] = (self.name, self.qualname)
        for name in names:
            if name is not None and len(name) > MAX_NAME:
                count = f"{len(name):,} characters, expected at most {MAX_NAME:,}"
                raise BadInputError(f"{self.source} with a name of {count}")


class ModuleNode(Node):
    """A variable that holds a module; `module_type` is (module, class)."""

    __slots__ = ("module_type",)
    source = "megengine.traced_module.node.ModuleNode"
    keys: ClassVar = Node.keys | {"module_type": ("module_type", (object,))}
    module_type: Any


class TensorNode(Node):
    """A variable that holds a tensor; `shape` and `dtype` are those of the first call at trace time."""

    __slots__ = ("dtype", "qparams", "shape")
    source = "megengine.traced_module.node.TensorNode"
    keys: ClassVar = Node.keys | {
        "_shape": ("shape", (tuple, _NONE)),
        "_qparams": ("qparams", (QParams, _NONE)),
    }
    shape: tuple[int, ...] | None
    dtype: DType | None
    qparams: QParams | None

    def __setstate__(self, state: Any) -> None:
        self.shape, self.qparams = None, None
        super().__setstate__(state)
        self.dtype = dtype_of(state.get("_dtype"))
        sizes: tuple[Any, ...] = self.shape or ()
        if not all(type(size) is int and size >= 0 for size in sizes):
            raise BadInputError(f"{self.source}._shape is {short(sizes)}, expected sizes")


class Expr(Record):
    """One step of a graph."""

    __slots__ = ("inputs", "outputs")
    source = "megengine.traced_module.expr.Expr"
    keys: ClassVar = {"inputs": ("inputs", (list,)), "outputs": ("outputs", (list,))}
    inputs: list[Node]
    outputs: list[Node]


class Input(Expr):
    """Marks an input of a graph; only nodes refer to it."""

    __slots__ = ("name",)
    source = "megengine.traced_module.expr.Input"
    keys: ClassVar = Expr.keys | {"name": ("name", (str, _NONE))}
    name: str | None


class GetAttr(Expr):
    """Reads the attribute `name` (dotted: of a submodule) of the module in inputs[0]."""

    __slots__ = ("name",)
    source = "megengine.traced_module.expr.GetAttr"
    keys: ClassVar = Expr.keys | {"name": ("name", (str,))}
    name: str


class Constant(Expr):
    """A tensor or built-in module that was captured while tracing."""

    __slots__ = ("name", "value")
    source = "megengine.traced_module.expr.Constant"
    keys: ClassVar = Expr.keys | {"name": ("name", (str, _NONE)), "value": ("value", (TensorRecord, ModuleRecord))}
    name: str | None
    value: TensorRecord | ModuleRecord


class Versioned(Expr):
    """A step that computes; `version` of the writer is None for MegEngine 1.6."""

    __slots__ = ("version",)
    keys: ClassVar = Expr.keys | {"version": ("version", (str,))}
    version: str | None

    def __setstate__(self, state: Any) -> None:
        self.version = None
        super().__setstate__(state)


class FunctionOrMethod(Versioned):
    """What method and function calls share: how their arguments and results are put together."""

    __slots__ = ("arg_def", "const_val", "out_def")
    keys: ClassVar = Versioned.keys | {
        "const_val": ("const_val", (list,)),
        "arg_def": ("arg_def", (Record,)),
        "out_def": ("out_def", (Record, _NONE)),
    }
    const_val: list[tuple[int, Any]]
    arg_def: Any
    out_def: Any

    def __setstate__(self, state: Any) -> None:
        self.out_def = None
        super().__setstate__(state)


class CallMethod(FunctionOrMethod):
    """A method of a tensor, or ``__call__`` of a module."""

    __slots__ = ("method",)
    source = "megengine.traced_module.expr.CallMethod"
    keys: ClassVar = FunctionOrMethod.keys | {"method": ("method", (str,))}
    method: str


class CallFunction(FunctionOrMethod):
    """A call of the function `func`: (module, qualified name), which 1.6 names as a global."""

    __slots__ = ("func",)
    source = "megengine.traced_module.expr.CallFunction"
    keys: ClassVar = FunctionOrMethod.keys | {"func": ("func", (tuple, TypeRef))}
    func: tuple[str, str]

    def __setstate__(self, state: Any) -> None:
        super().__setstate__(state)
        func = state.get("func")
        if isinstance(func, TypeRef):
            self.func = (func.module, func.name)
        if len(self.func) != 2 or not all(type(part) is str for part in self.func):
            raise BadInputError(f"{self.source}.func is {short(self.func)}, expected (module, function)")


class Apply(Versioned):
    """A raw operator: the class `opdef_type` with its `fields`, which 1.6 keeps under another key with the version."""

    __slots__ = ("fields", "opdef_type")
    source = "megengine.traced_module.expr.Apply"
    fields: dict[str, Any]
    opdef_type: TypeRef

    def __setstate__(self, state: Any) -> None:
        super().__setstate__(state)
        if "opdef_state" in state:
            fields = _copy(text_keys(self.source, state["opdef_state"]))
            kind = fields.pop("opdef_type", None)
        else:
            fields = _copy(text_keys(self.source, state.get("opdef")))
            kind = fields.pop("type", None)
            fields.pop("version", None)
        if not isinstance(kind, TypeRef):
            raise BadInputError(f"a {self.source} that names no operator class")
        self.fields, self.opdef_type = fields, kind


class InternalGraph(Record):
    """The steps of one module for one argument structure; inputs[0] is the module itself."""

    __slots__ = ("exprs", "inputs", "name", "outputs")
    source = "megengine.traced_module.traced_module.InternalGraph"
    keys: ClassVar = {
        "_name": ("name", (str, _NONE)),
        "_exprs": ("exprs", (list,)),
        "_inputs": ("inputs", (list,)),
        "_outputs": ("outputs", (list,)),
    }
    name: str | None
    exprs: list[Expr]
    inputs: list[Node]
    outputs: list[Node]

    def check(self) -> None:
        """BadInputError unless every step is an expression between nodes, and every node is made before it is read."""
        known: set[Node] = set()
        seen: set[int] = set()
        _make(known, self.inputs)
        for expr in self.exprs:
            if not isinstance(expr, Expr):
                raise BadInputError(f"a {type(expr).__name__} among the expressions of a graph")
            if id(expr) in seen:
                raise BadInputError("an expression stands twice in a graph")
            seen.add(id(expr))
            spend(1 + len(expr.inputs) + len(expr.outputs))
            _read(known, expr.inputs)
            _make(known, expr.outputs)
        _read(known, self.outputs)
        for node in self.outputs:
            if not isinstance(node, TensorNode | ModuleNode):
                raise BadInputError(f"a {type(node).__name__} among the outputs of a graph")


def _copy(state: dict[str, Any]) -> dict[str, Any]:
    spend(1 + len(state))
    return dict(state)


def _make(known: set[Node], nodes: Sequence[Any]) -> None:
    for node in nodes:
        if not isinstance(node, Node):
            raise BadInputError(f"a {type(node).__name__} among the variables of a graph")
        known.add(node)


def _read(known: set[Node], nodes: Sequence[Any]) -> None:
    for node in nodes:
        if not isinstance(node, Node) or node not in known:
            shown = (node.name if isinstance(node, Node) else None) or type(node).__name__
            raise BadInputError(f"the variable {shown} is read before it is made")


class NameSpace(Record):
    """The names a graph has used; nothing of it is needed."""

    __slots__ = ()
    source = "megengine.traced_module.traced_module.NameSpace"
