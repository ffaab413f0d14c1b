"""mgeconvert: read, optimize, convert and verify neural network models without their framework.

    graph = mgeconvert.load("model.pkl")
    mgeconvert.save(graph, "model.onnx")
    mgeconvert.convert("model.pkl", "model.onnx", io="model.npz")

Importing the package costs nothing: each name is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import version

__version__ = version.VERSION

if TYPE_CHECKING:
    from .api import ConversionReport, convert, load, optimize, run, save, verify
    from .ir import Graph, Node, Value
    from .verification.report import VerificationReport

_HOMES = {
    "ConversionReport": "api",
    "Graph": "ir",
    "Node": "ir",
    "Value": "ir",
    "VerificationReport": "verification.comparison",
    "convert": "api",
    "load": "api",
    "optimize": "api",
    "run": "api",
    "save": "api",
    "verify": "api",
}

__all__ = [
    "ConversionReport",
    "Graph",
    "Node",
    "Value",
    "VerificationReport",
    "__version__",
    "convert",
    "load",
    "optimize",
    "run",
    "save",
    "verify",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value: object = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
