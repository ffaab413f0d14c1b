"""Lists MegEngine's public callables that a TracedModule could name; runs in the reference environment.

    python megengine_api.py > names.json

Functions and classes count where they are defined. Private names, and what every Python object has, do not count.
"""

import importlib
import inspect
import json
import pkgutil
import sys

FUNCTIONS = (
    "debug_param", "distributed", "elemwise", "external", "inplace", "loss", "math", "metric", "nn", "quantized",
    "tensor", "utils", "vision",
)  # fmt: skip


def functions():
    """megengine.functional, module by module."""
    for name in FUNCTIONS:
        module = importlib.import_module("megengine.functional." + name)
        for key, value in vars(module).items():
            public = not key.startswith("_") and callable(value) and not inspect.isclass(value)
            if public and getattr(value, "__module__", "") == module.__name__:
                yield module.__name__ + "." + value.__qualname__


def modules(package, base):
    """megengine.module with its qat and quantized subpackages."""
    for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        module = importlib.import_module(info.name)
        for key, value in vars(module).items():
            if inspect.isclass(value) and issubclass(value, base) and value.__module__ == info.name and key[0] != "_":
                yield info.name + "." + value.__qualname__


def members(prefix, owner):
    """What a class or module has beyond a plain object."""
    for name in dir(owner):
        special = name.startswith("__") and name.endswith("__")
        if name not in dir(object) and (special or not name.startswith("_")):
            yield prefix + name


def main():
    """Write the sorted list."""
    import megengine
    import megengine.functional
    import megengine.module
    from megengine.core.ops import builtin

    names = set(functions())
    names |= set(modules(megengine.module, megengine.module.Module))
    names |= set(members("megengine.tensor.Tensor.", megengine.Tensor))
    names |= {
        name
        for name in members("megengine.core.ops.builtin.", builtin)
        if inspect.isclass(getattr(builtin, name.rpartition(".")[2]))
    }
    names |= {"megengine.random." + name for name in megengine.random.__all__}
    json.dump(sorted(names), sys.stdout, indent=0)


if __name__ == "__main__":
    main()
