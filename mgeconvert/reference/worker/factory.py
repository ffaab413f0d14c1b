"""The module that a user's factory gives."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import os
import sys

import megengine as mge
import megengine.module as M

from .refusing import RefusedError

KWARGS_HINT = "give arguments with --kwargs '{\"name\": value}'"


def made_module(request):
    """The module that the factory gives."""
    title = request["target"] or request["hub"]
    sys.path[:0] = request["path"]
    if request["hub"]:
        repository, _, entry = request["hub"].rpartition(":")
        module = mge.hub.load(repository, entry, **request["kwargs"])
    else:
        factory = imported(request["target"])
        module = factory
        if not isinstance(factory, M.Module):
            if not callable(factory):
                raise RefusedError(
                    "%s: is a %s, expected a function, class or module" % (title, type(factory).__name__)
                )
            bind(title, factory, (), request["kwargs"], KWARGS_HINT)
            module = factory(**request["kwargs"])
        elif request["kwargs"]:
            raise RefusedError(title + ": is a module already, it takes no --kwargs")
    if not isinstance(module, M.Module):
        raise RefusedError("%s: gives a %s, expected a megengine.module.Module" % (title, type(module).__name__))
    return module


def imported(target):
    """What ``package.module:attribute`` names."""
    name, _, attributes = target.partition(":")
    try:
        found = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name + ".").startswith(error.name + "."):
            raise RefusedError(
                "%s: cannot import %s: no module named %s" % (target, name, error.name),
                "--path DIR says the folder it is in",
            ) from error
        raise RefusedError(
            "%s: needs the module %s, which is not installed beside MegEngine" % (target, error.name),
            "install it with the interpreter that `mgeconvert reference path` prints",
        ) from error
    except ImportError as error:
        if "relative import" not in str(error):
            raise
        folder, module = in_package(name)
        fact = "%s: imports relatively, which a module does only as part of its package" % target
        raise RefusedError(fact, "mgeconvert trace %s:%s --path %s" % (module, attributes, folder)) from error
    for attribute in attributes.split("."):
        if not hasattr(found, attribute):
            close = difflib.get_close_matches(attribute, dir(found), 3)
            raise RefusedError(
                "%s: %s has no %s" % (target, name, attribute),
                "did you mean %s?" % " or ".join(close) if close else None,
            )
        found = getattr(found, attribute)
    return found


def in_package(name):
    """The folder to import from, and the module's name with the packages that it lies in."""
    folder, parts = os.path.dirname(importlib.util.find_spec(name).origin), name.split(".")
    for _ in parts[1:]:
        folder = os.path.dirname(folder)
    while True:
        folder, package = os.path.split(folder)
        parts.insert(0, package)
        if not os.path.exists(os.path.join(folder, "__init__.py")):
            return os.path.relpath(folder), ".".join(parts)


def bind(title, function, positional, named, hint):
    """The function's arguments; RefusedError says what does not bind."""
    signature = inspect.signature(function)
    try:
        return signature.bind(*positional, **named)
    except TypeError as error:
        raise RefusedError("%s%s: %s" % (title, signature, error), hint) from error
