"""Inert stand-ins for the classes that a TracedModule pickle names."""

from __future__ import annotations

from .graph import (
    Apply,
    CallFunction,
    CallMethod,
    Constant,
    Expr,
    GetAttr,
    Input,
    InternalGraph,
    ModuleNode,
    NameSpace,
    Node,
    TensorNode,
)
from .modules import ModuleRecord, ModuleState, TracedModuleRecord
from .values import (
    CompNode,
    Device,
    FullArgSpec,
    Group,
    LSQParams,
    ParameterRecord,
    QParams,
    QuantDtypeMeta,
    QuantMode,
    Record,
    TensorRecord,
)

__all__ = [
    "Apply",
    "CallFunction",
    "CallMethod",
    "CompNode",
    "Constant",
    "Device",
    "Expr",
    "FullArgSpec",
    "GetAttr",
    "Group",
    "Input",
    "InternalGraph",
    "LSQParams",
    "ModuleNode",
    "ModuleRecord",
    "ModuleState",
    "NameSpace",
    "Node",
    "ParameterRecord",
    "QParams",
    "QuantDtypeMeta",
    "QuantMode",
    "Record",
    "TensorNode",
    "TensorRecord",
    "TracedModuleRecord",
]
