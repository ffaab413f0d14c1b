"""The module tree in ONNX files: name scopes of nodes, in the form that PyTorch's exporter writes them.

Of a node of ``layer1.0``, called ``relu``, the metadata says

    pkg.torch.onnx.name_scopes       ['', 'layer1', 'layer1.0', 'relu']
    pkg.torch.onnx.class_hierarchy   ['Net', 'Sequential', 'Block', 'Relu']
    namespace                        : Net/layer1: Sequential/layer1.0: Block/relu: Relu

The first entries are the modules around the node, the last one is the node itself and its operator. Nodes have metadata
since IR version 10, which is that of opset 21. Names of older exporters nest with slashes:
``/layer1/layer1.0/conv1/Conv``. The second call of a module is ``layer1@1``, the third ``layer1@2``, as torch.export
counts them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from mgeconvert.ir import Node
from mgeconvert.ir.scopes import Scope
from mgeconvert.ir.tree_statistics import exported, modules_of

NAMES, CLASSES, NAMESPACE = "pkg.torch.onnx.name_scopes", "pkg.torch.onnx.class_hierarchy", "namespace"
SINCE = 10
"""The IR version whose nodes have metadata."""
MOST = 200
"""How many modules may stand around a node; more are taken for no tree."""


class CallCounts:
    """Counts the calls of each module in the order in which they are met: 0 the first."""

    def __init__(self) -> None:
        self._numbers: dict[Scope, int] = {}
        self._counts: dict[str, int] = {}

    def number(self, scope: Scope) -> int:
        """Which call of its module the scope is."""
        if scope not in self._numbers:
            self._numbers[scope] = self._counts.get(scope.path, 0)
            self._counts[scope.path] = self._numbers[scope] + 1
        return self._numbers[scope]


def metadata(node: Node, name: str, calls: CallCounts) -> dict[str, str]:
    """What a node called `name` says of the modules around it that were called, which a list of modules is not; nothing
    where none is known. `calls` counts those of one file."""
    if node.scope is None or node.scope.parent is None:
        return {}
    around = [(path, kind, scope) for path, kind, scope in modules_of(node) if scope is not None or not path]
    numbers = [0 if scope is None else calls.number(scope) for _, _, scope in around]
    paths = [f"{path}@{count}" if count else path for (path, _, _), count in zip(around, numbers, strict=True)]
    names = [*paths, name]
    classes = [*(kind or "Module" for _, kind, _ in around), node.op]
    namespace = "/".join(f"{path}: {kind}" for path, kind in zip(names, classes, strict=True))
    return {NAMESPACE: namespace, CLASSES: repr(classes), NAMES: repr(names)}


class NameScopes:
    """The scopes around the nodes of one file; the calls of modules are known by their names."""

    def __init__(self) -> None:
        self._scopes: dict[str, Scope] = {}

    def around(self, said: Mapping[str, str], path: str) -> Scope | None:
        """The scope of the module around a node: what its metadata says, else what its path says, which begins with a
        slash where an exporter made it."""
        names, classes = _texts(said.get(NAMES)), _texts(said.get(CLASSES))
        if names and len(names) == len(classes) <= MOST:
            return self._nested(dict(zip(names[:-1], classes[:-1], strict=True)))
        if path.startswith("/") and path.count("/") <= MOST:
            return self._nested(dict.fromkeys(["", *exported(path)], ""))
        return None

    def _nested(self, modules: Mapping[str, str]) -> Scope | None:
        parent: Scope | None = None
        for name, kind in modules.items():
            if name not in self._scopes:
                self._scopes[name] = Scope(_COUNTED.sub("", name), kind, None, parent)
            parent = self._scopes[name]
        return parent


_COUNTED = re.compile(r"@\d+$")
"""The count of a call in its name."""


def _texts(text: str | None) -> list[str]:
    """The strings in a list as Python writes it; none where it is something else."""
    if text is None or len(text) > 1 << 16:
        return []
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return []
    return value if isinstance(value, list) and all(isinstance(item, str) for item in value) else []
