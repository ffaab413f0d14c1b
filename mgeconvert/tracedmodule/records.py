"""Inert stand-ins for the classes that a TracedModule pickle names.

Nothing here computes: `__setstate__` takes over the fields a converter needs, checks their types and drops the rest.
A field that the file leaves out is reported as damage when it is asked for. State dictionaries of modules stay
dictionaries (`attributes`), so that an attribute called ``name`` or ``expr`` never meets a field of the record.
"""

from __future__ import annotations

from typing import Any, ClassVar

from mgeconvert.errors import BadInputError, UnsafePickleError

from .arrays import ArrayRecord, DTypeRecord
from .typeref import TypeRef


class Record:
    """Base of all records: `keys` maps the state's keys to (slot, allowed types); other keys are dropped."""

    __slots__ = ()
    source: ClassVar[str] = ""
    """The dotted name of the class in the file."""
    keys: ClassVar[dict[str, tuple[str, tuple[type, ...]]]] = {}

    def __setstate__(self, state: Any) -> None:
        if type(state) is not dict:
            raise BadInputError(f"the state of a {self.source} is a {type(state).__name__}, expected a dict")
        for key, (slot, types) in self.keys.items():
            if key in state:
                value = state[key]
                if not isinstance(value, types):
                    expected = " or ".join(kind.__name__ for kind in types)
                    raise BadInputError(f"{self.source}.{key} is a {type(value).__name__}, expected {expected}")
                setattr(self, slot, value)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in _slots(type(self)):
            raise AttributeError(f"{type(self).__name__} has no attribute {name}")
        raise BadInputError(f"a {self.source} has no {name.lstrip('_')}: the file is damaged or not written by MegEngine")


def _slots(kind: type) -> set[str]:
    return {name for base in kind.__mro__ for name in getattr(base, "__slots__", ())}


_NONE = type(None)


class CompNode(Record):
    """A device name such as ``xpux:0`` or ``cpu0:0``."""

    __slots__ = ("name",)
    source = "megengine.core._imperative_rt.common.CompNode"
    name: str

    def __setstate__(self, state: Any) -> None:
        if type(state) is not str:
            raise BadInputError(f"the state of a {self.source} is a {type(state).__name__}, expected a str")
        self.name = state


class Device(Record):
    """A device given as a constant argument."""

    __slots__ = ("comp_node",)
    source = "megengine.core._wrap.Device"
    keys: ClassVar = {"_cn": ("comp_node", (CompNode,))}
    comp_node: CompNode


class QuantDtypeMeta(Record):
    """A quantised type: qmin and qmax are the ends of the integer range."""

    __slots__ = ("cname", "is_unsigned", "name", "np_dtype_str", "qmax", "qmin")
    source = "megengine.core.tensor.dtype.QuantDtypeMeta"

    def __new__(
        cls, name: str, cname: str, np_dtype_str: str, qmin: int, qmax: int, is_unsigned: bool = False
    ) -> QuantDtypeMeta:
        self = super().__new__(cls)
        self.name, self.cname, self.np_dtype_str = name, cname, np_dtype_str
        self.qmin, self.qmax, self.is_unsigned = qmin, qmax, is_unsigned
        return self

    name: str
    cname: str
    np_dtype_str: str
    qmin: int
    qmax: int
    is_unsigned: bool


class QuantMode(Record):
    """1 is SYMMERTIC, 2 is ASYMMERTIC (MegEngine's spelling)."""

    __slots__ = ("value",)
    source = "megengine.quantization.utils.QuantMode"
    value: int

    def __new__(cls, value: int) -> QuantMode:
        if value not in (1, 2):
            raise BadInputError(f"{cls.source}({value!r}), expected 1 or 2")
        self = super().__new__(cls)
        self.value = value
        return self

    @property
    def is_symmetric(self) -> bool:
        return self.value == 1


class TensorRecord(Record):
    """A Tensor: `array` backed by the file's bytes, `dtype` a numpy dtype or an `MgeDType`, `qparams` or None.

    Takes the forms of all writers: three arguments (1.7-1.13), seven (the last development tree), or a state with
    ``data``, ``dtype``, ``device`` and ``qdict`` (1.6).
    """

    __slots__ = ("_array", "_dtype", "qparams")
    source = "megengine.tensor.Tensor"
    is_parameter: ClassVar[bool] = False

    def __new__(cls, *arguments: Any) -> TensorRecord:
        self = super().__new__(cls)
        self.qparams = None
        if arguments:
            if len(arguments) not in (2, 3, 7):
                raise BadInputError(f"a {cls.source} with {len(arguments)} arguments, expected 3")
            self._take(arguments[0], arguments[1])
        return self

    qparams: Any

    def _take(self, array: Any, dtype: Any) -> None:
        if not isinstance(array, ArrayRecord) or not isinstance(dtype, DTypeRecord | _NONE):
            raise BadInputError(
                f"a {self.source} of {type(array).__name__} and {type(dtype).__name__}, expected an array and a dtype"
            )
        self._array = array
        self._dtype = array.dtype_record if dtype is None else dtype

    _array: ArrayRecord
    _dtype: DTypeRecord

    def __setstate__(self, state: Any) -> None:
        if type(state) is not dict:
            raise BadInputError(f"the state of a {self.source} is a {type(state).__name__}, expected a dict")
        if "data" in state:
            self._take(state["data"], state.get("dtype"))
        self.qparams = state.get("qparams", state.get("qdict"))

    @property
    def array(self) -> Any:
        """The read-only numpy array; integers where the dtype is quantised."""
        return self._array.array

    @property
    def dtype(self) -> Any:
        return self._dtype.value


class ParameterRecord(TensorRecord):
    """A Parameter."""

    __slots__ = ()
    source = "megengine.tensor.Parameter"
    is_parameter = True


class QParams(Record):
    """Quantisation parameters: `scale` and `zero_point` are tensors or None."""

    __slots__ = ("dtype_meta", "grad_scale", "mode", "scale", "zero_point")
    source = "megengine.quantization.utils.QParams"
    keys: ClassVar = {
        "mode": ("mode", (QuantMode,)),
        "dtype_meta": ("dtype_meta", (QuantDtypeMeta, _NONE)),
        "scale": ("scale", (TensorRecord, _NONE)),
        "zero_point": ("zero_point", (TensorRecord, _NONE)),
        "grad_scale": ("grad_scale", (TensorRecord, float, _NONE)),
    }
    mode: QuantMode
    dtype_meta: QuantDtypeMeta | None
    scale: TensorRecord | None
    zero_point: TensorRecord | None

    def __setstate__(self, state: Any) -> None:
        if type(state) is not tuple or len(state) != 2 or state[0] is not None:
            raise BadInputError(f"the state of a {self.source} is not (None, fields)")
        super().__setstate__(state[1])


class LSQParams(QParams):
    """The quantisation parameters of LSQ, which have a gradient scale too."""

    __slots__ = ()
    source = "megengine.quantization.utils.LSQParams"


class FullArgSpec(Record):
    """The signature of forward(); `args` starts with ``self``."""

    __slots__ = ("args", "defaults", "kwonlyargs", "kwonlydefaults", "varargs", "varkw")
    source = "inspect.FullArgSpec"
    args: list[str]
    varargs: str | None
    varkw: str | None
    defaults: tuple[Any, ...] | None
    kwonlyargs: list[str]
    kwonlydefaults: dict[str, Any] | None

    def __new__(
        cls,
        args: list[str],
        varargs: str | None,
        varkw: str | None,
        defaults: tuple[Any, ...] | None,
        kwonlyargs: list[str],
        kwonlydefaults: dict[str, Any] | None,
        annotations: dict[str, Any],
    ) -> FullArgSpec:
        self = super().__new__(cls)
        self.args, self.varargs, self.varkw, self.defaults = args, varargs, varkw, defaults
        self.kwonlyargs, self.kwonlydefaults = kwonlyargs, kwonlydefaults
        return self


class ModuleRecord(Record):
    """A built-in module: `qualname` is its class (``megengine.module.conv.Conv2d``), `attributes` its state.

    `version` is the writer's (``1.13.0``) or None where a module hangs inside another one or the writer is 1.6.
    """

    __slots__ = ("attributes", "qualname", "version")
    source = "megengine.module.module.Module"

    def __new__(cls) -> ModuleRecord:
        self = super().__new__(cls)
        self.qualname, self.attributes, self.version = cls.source, {}, None
        return self

    qualname: str
    attributes: dict[str, Any]
    version: str | None

    def __setstate__(self, state: Any) -> None:
        self.attributes = _values(_attributes(self.source, state))


class ModuleState(ModuleRecord):
    """How a built-in module that hangs on a TracedModule is stored: the class name is text."""

    __slots__ = ()
    source = "megengine.traced_module.serialization._ModuleState"

    def __setstate__(self, state: Any) -> None:
        fields = _attributes(self.source, state)
        module = fields.get("module")
        if type(module) is not tuple or len(module) != 2 or not all(type(part) is str for part in module):
            raise BadInputError(f"{self.source}.module is {module!r}, expected (module, class)")
        self.qualname = ".".join(module)
        self.attributes = _values(_attributes(self.qualname, fields.get("state")))
        self.version = _text_or_none(fields.get("version"))


class TracedModuleRecord(ModuleRecord):
    """A module with graphs; the attributes its graphs read are in `attributes`."""

    __slots__ = ()
    source = "megengine.traced_module.traced_module.TracedModule"

    @property
    def graphs(self) -> dict[Any, Any]:
        """InternalGraph by argument structure."""
        return self._field("argdef_graph_map", dict)  # type: ignore[no-any-return]

    @property
    def out_defs(self) -> dict[Any, Any]:
        """Structure of the outputs by argument structure."""
        return self._field("argdef_outdef_map", dict)  # type: ignore[no-any-return]

    @property
    def argspec(self) -> FullArgSpec | None:
        argspec = self.attributes.get("argspec")
        return argspec if isinstance(argspec, FullArgSpec) else None

    @property
    def dump_info(self) -> dict[str, Any]:
        """The writer's version and what it had registered."""
        info = self.attributes.get("dump_info")
        return info if type(info) is dict else {}

    @property
    def registered_containers(self) -> set[str]:
        """Dotted names of the container classes that were registered with `register_supported_type`."""
        listed = self.dump_info.get("register_container_type")
        pairs = listed if isinstance(listed, list | tuple) else ()
        return {".".join(map(str, pair)) for pair in pairs if isinstance(pair, list | tuple)}

    def _field(self, key: str, kind: type) -> Any:
        value = self.attributes.get(key)
        if type(value) is not kind:
            raise BadInputError(f"{self.source}.{key} is a {type(value).__name__}, expected {kind.__name__}")
        return value


class Node(Record):
    """A variable of a graph; `name` is None where the writer gave none."""

    __slots__ = ("name", "qualname")
    keys: ClassVar = {"_name": ("name", (str, _NONE)), "_qualname": ("qualname", (str, _NONE))}
    source = "megengine.traced_module.node.Node"
    name: str | None
    qualname: str | None


class ModuleNode(Node):
    """A variable that holds a module."""

    __slots__ = ("module_type",)
    source = "megengine.traced_module.node.ModuleNode"
    keys: ClassVar = Node.keys | {"module_type": ("module_type", (tuple, type, TypeRef))}
    module_type: Any


class TensorNode(Node):
    """A variable that holds a tensor; `shape` and `dtype` are those of the first call at trace time."""

    __slots__ = ("dtype_record", "qparams", "shape")
    source = "megengine.traced_module.node.TensorNode"
    keys: ClassVar = Node.keys | {
        "_shape": ("shape", (tuple, _NONE)),
        "_dtype": ("dtype_record", (DTypeRecord, TypeRef, _NONE)),
        "_qparams": ("qparams", (QParams, _NONE)),
    }
    shape: tuple[int, ...] | None
    qparams: QParams | None
    dtype_record: Any

    @property
    def dtype(self) -> Any:
        """A numpy dtype, an `MgeDType` or None."""
        return self.dtype_record.value if isinstance(self.dtype_record, DTypeRecord) else None


class Expr(Record):
    """One step of a graph."""

    __slots__ = ("inputs", "outputs")
    source = "megengine.traced_module.expr.Expr"
    keys: ClassVar = {"inputs": ("inputs", (list,)), "outputs": ("outputs", (list,))}
    inputs: list[Node]
    outputs: list[Node]


class Input(Expr):
    """Marks an input of a graph."""

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


class _Call(Expr):
    """What method and function calls share; `version` is None for a file of MegEngine 1.6."""

    __slots__ = ("arg_def", "const_val", "out_def", "version")
    keys: ClassVar = Expr.keys | {
        "const_val": ("const_val", (list,)),
        "arg_def": ("arg_def", (Record,)),
        "out_def": ("out_def", (Record, _NONE)),
        "version": ("version", (str,)),
    }
    const_val: list[tuple[int, Any]]
    arg_def: Any
    out_def: Any
    version: str | None

    def __setstate__(self, state: Any) -> None:
        self.version = None
        self.out_def = None
        super().__setstate__(state)


class CallMethod(_Call):
    """A method of a tensor, or ``__call__`` of a module."""

    __slots__ = ("method",)
    source = "megengine.traced_module.expr.CallMethod"
    keys: ClassVar = _Call.keys | {"method": ("method", (str,))}
    method: str


class CallFunction(_Call):
    """A call of the function `func`: (module, qualified name)."""

    __slots__ = ("func",)
    source = "megengine.traced_module.expr.CallFunction"
    keys: ClassVar = _Call.keys | {"func": ("func", (tuple,))}
    func: tuple[str, str]


class Apply(Expr):
    """A raw operator: `opdef_type` and its `fields`."""

    __slots__ = ("fields", "opdef_type", "version")
    source = "megengine.traced_module.expr.Apply"
    keys: ClassVar = Expr.keys | {"version": ("version", (str,))}
    fields: dict[str, Any]
    opdef_type: TypeRef
    version: str | None

    def __setstate__(self, state: Any) -> None:
        self.version = None
        super().__setstate__(state)
        fields = dict(_attributes(self.source, state.get("opdef_state", state.get("opdef"))))
        kind = fields.pop("opdef_type", None) or fields.pop("type", None)
        if not isinstance(kind, TypeRef):
            raise BadInputError(f"{self.source} names no operator class")
        self.fields, self.opdef_type = fields, kind


class InternalGraph(Record):
    """The steps of one module for one argument structure; inputs[0] is the module itself."""

    __slots__ = ("exprs", "inputs", "name", "outputs")
    source = "megengine.traced_module.traced_module.InternalGraph"
    keys: ClassVar = {
        "_exprs": ("exprs", (list,)),
        "_inputs": ("inputs", (list,)),
        "_outputs": ("outputs", (list,)),
        "_name": ("name", (str, _NONE)),
    }
    exprs: list[Expr]
    inputs: list[Node]
    outputs: list[Node]
    name: str | None


class NameSpace(Record):
    """The names a graph has used; ignored."""

    __slots__ = ()
    source = "megengine.traced_module.traced_module.NameSpace"


class ForeignType:
    """A class of the user's own that the file names, never imported: only good as the type of a registered container."""

    __slots__ = ("module", "name")

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name

    @property
    def qualname(self) -> str:
        return f"{self.module}.{self.name}"

    def __call__(self, *arguments: Any) -> Any:
        raise UnsafePickleError(f"calls {self.qualname}")

    def __setstate__(self, state: Any) -> None:
        raise UnsafePickleError(f"changes {self.qualname}")


def _attributes(owner: str, state: Any) -> dict[str, Any]:
    if type(state) is not dict or not all(type(key) is str for key in state):
        raise BadInputError(f"the state of a {owner} is not a dict with text keys")
    return state


def _values(state: dict[str, Any]) -> dict[str, Any]:
    """Arrays and dtypes among the attributes as numpy knows them."""
    return {
        key: value.value if isinstance(value, ArrayRecord | DTypeRecord) else value for key, value in state.items()
    }


def _text_or_none(value: Any) -> str | None:
    return value if type(value) is str else None
