"""Records of modules. Their state stays a dictionary, `attributes`, so that no attribute's name means anything here."""

from __future__ import annotations

from typing import Any

from mgeconvert.errors import BadInputError

from .arrays import ArrayRecord, DTypeRecord
from .short import short
from .values import FullArgSpec, Record, text_keys
from .work import spend


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
        self.attributes = _values(text_keys(self.source, state))


class ModuleState(ModuleRecord):
    """How a built-in module that hangs on a TracedModule is stored: the class name is text."""

    __slots__ = ()
    source = "megengine.traced_module.serialization._ModuleState"

    def __setstate__(self, state: Any) -> None:
        fields = text_keys(self.source, state)
        module = fields.get("module")
        if type(module) is not tuple or len(module) != 2 or not all(type(part) is str for part in module):
            raise BadInputError(f"{self.source}.module is {short(module)}, expected (module, class)")
        self.qualname = ".".join(module)
        self.attributes = _values(text_keys(self.qualname, fields.get("state")))
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
        return {".".join(pair) for pair in pairs if type(pair) is tuple and all(type(part) is str for part in pair)}

    def _field(self, key: str, kind: type) -> Any:
        value = self.attributes.get(key)
        if type(value) is not kind:
            raise BadInputError(f"{self.source}.{key} is a {type(value).__name__}, expected {kind.__name__}")
        return value


def _values(state: dict[str, Any]) -> dict[str, Any]:
    """Arrays and dtypes among the attributes as numpy knows them."""
    spend(1 + len(state))
    return {key: value.value if isinstance(value, ArrayRecord | DTypeRecord) else value for key, value in state.items()}


def _text_or_none(value: Any) -> str | None:
    return value if type(value) is str else None
