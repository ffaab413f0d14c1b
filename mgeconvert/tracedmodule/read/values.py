"""Records of the values in a TracedModule: devices, quantization parameters, tensors, signatures.

Nothing here computes: `__setstate__` takes over the fields a converter needs, checks their types and drops the rest. A
field that the file leaves out is reported as damage when it is asked for.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from mgeconvert.errors import BadInputError

from .arrays import ArrayRecord, DType, DTypeRecord, storage
from .short import short


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
        key = next((key for key, (slot, _) in type(self).keys.items() if slot == name), name)
        raise BadInputError(f"a {self.source} has no {key.lstrip('_')}")


def _slots(kind: type) -> set[str]:
    return {name for base in kind.__mro__ for name in getattr(base, "__slots__", ())}


def text_keys(owner: str, state: Any) -> dict[str, Any]:
    """A state that is a dict with text keys; BadInputError for another one."""
    if type(state) is not dict or not all(type(key) is str for key in state):
        raise BadInputError(f"the state of a {owner} is not a dict with text keys")
    return state


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


class Group(Record):
    """The processes that a SyncBatchNorm was trained with; nothing of them matters at inference."""

    __slots__ = ("fields",)
    source = "megengine.distributed.group.Group"
    fields: dict[str, Any]

    def __setstate__(self, state: Any) -> None:
        self.fields = text_keys(self.source, state)


class NamedTuple(Record):
    """A record of a named tuple: made with its fields in order."""

    __slots__ = ()
    fields: ClassVar[tuple[tuple[str, tuple[type, ...]], ...]] = ()

    def __new__(cls, *values: Any) -> NamedTuple:
        if len(values) != len(cls.fields):
            raise BadInputError(f"a {cls.source} of {len(values)} fields, expected {len(cls.fields)}")
        self = super().__new__(cls)
        for (field, types), value in zip(cls.fields, values, strict=True):
            if not isinstance(value, types):
                raise BadInputError(f"{cls.source}.{field} is a {type(value).__name__}")
            setattr(self, field, value)
        return self


class QuantDtypeMeta(NamedTuple):
    """A quantized type: qmin and qmax are the ends of the integer range."""

    __slots__ = ("cname", "is_unsigned", "name", "np_dtype_str", "qmax", "qmin")
    source = "megengine.core.tensor.dtype.QuantDtypeMeta"
    fields = (
        ("name", (str,)),
        ("cname", (str, type(None))),
        ("np_dtype_str", (str,)),
        ("qmin", (int,)),
        ("qmax", (int,)),
        ("is_unsigned", (bool,)),
    )
    name: str
    cname: str | None
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
            raise BadInputError(f"{cls.source}({short(value)}), expected 1 or 2")
        self = super().__new__(cls)
        self.value = value
        return self

    @property
    def is_symmetric(self) -> bool:
        return self.value == 1


class TensorRecord(Record):
    """A Tensor: `array` is read-only, integers where `dtype` is quantized; `qparams` are a `QParams` or None.

    Takes the forms of all writers: three arguments (1.7-1.13), seven (the last development tree), or a state with
    ``data``, ``dtype``, ``device`` and ``qdict`` (1.6).
    """

    __slots__ = ("array", "dtype", "qparams")
    source = "megengine.tensor.Tensor"
    is_parameter: ClassVar[bool] = False
    array: np.ndarray[Any, Any]
    dtype: DType
    qparams: Any

    def __new__(cls, *arguments: Any) -> TensorRecord:
        self = super().__new__(cls)
        self.qparams = None
        if arguments:
            if len(arguments) not in (3, 7):
                raise BadInputError(f"a {cls.source} with {len(arguments)} arguments, expected 3 or 7")
            self._take(arguments[0], arguments[1])
        return self

    def __setstate__(self, state: Any) -> None:
        fields = text_keys(self.source, state)
        if "data" in fields:
            self._take(fields["data"], fields.get("dtype"))
        self.qparams = fields.get("qparams", fields.get("qdict"))

    def _take(self, data: Any, dtype: Any) -> None:
        if not isinstance(data, ArrayRecord):
            raise BadInputError(f"a {self.source} made of a {type(data).__name__}, expected an array")
        self.array, own = data.array, data.dtype
        self.dtype = dtype.value if isinstance(dtype, DTypeRecord) else own
        if storage(self.dtype) != storage(own):
            raise BadInputError(f"a {self.source} of {self.dtype} whose array is {own}")


class ParameterRecord(TensorRecord):
    """A Parameter."""

    __slots__ = ()
    source = "megengine.tensor.Parameter"
    is_parameter = True


class QParams(Record):
    """Quantization parameters: `scale` and `zero_point` are tensors or None."""

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
    """The quantization parameters of LSQ, which have a gradient scale too."""

    __slots__ = ()
    source = "megengine.quantization.utils.LSQParams"


class FullArgSpec(NamedTuple):
    """The signature of forward(); `args` starts with ``self``."""

    __slots__ = ("annotations", "args", "defaults", "kwonlyargs", "kwonlydefaults", "varargs", "varkw")
    source = "inspect.FullArgSpec"
    fields = (
        ("args", (list,)),
        ("varargs", (str, _NONE)),
        ("varkw", (str, _NONE)),
        ("defaults", (tuple, _NONE)),
        ("kwonlyargs", (list,)),
        ("kwonlydefaults", (dict, _NONE)),
        ("annotations", (dict,)),
    )
    args: list[str]
    varargs: str | None
    varkw: str | None
    defaults: tuple[Any, ...] | None
    kwonlyargs: list[str]
    kwonlydefaults: dict[str, Any] | None
    annotations: dict[str, Any]
