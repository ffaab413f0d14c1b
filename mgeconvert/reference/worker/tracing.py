"""Traces a user's module, and compares the trace with the module on a second, different input."""

from __future__ import annotations

import contextlib
import sys

import megengine as mge
import numpy as np
from megengine.traced_module import trace_module
from megengine.traced_module.pytree import SUPPORTED_TYPE

from .arguments import as_recorded, assembled, renewed, with_tensors
from .factory import bind, imported, made_module
from .refusing import RefusedError
from .truth import arrays_of, called, check_random, differ, explained, first_differs, others
from .values import save_arrays, typed, types
from .watching import watched
from .weights import load_weights

INPUT_HINT = "give --input [NAME=]SHAPE[:DTYPE] once for each argument"


def trace(request):
    """Import and call the user's factory, trace the module it gives, save the pickle and what it computes.

    The request has `target` (package.module:factory) or `hub` (repository:entry), `path` (folders to import from),
    `kwargs`, `weights` (a file or None) with `holders` (entries that hold a state dict), `arrays` (an npz) and
    `entries` (see `assembled`) or `feeds` (module:attribute) for the arguments, `allow_baked`, and the files to write,
    `model` and `recorded`. The answer describes inputs and outputs; `notes` are what is to be known of the weights,
    `warnings` what the trace holds though it should not. What the code prints goes to stderr.
    """
    with contextlib.redirect_stdout(sys.stderr):
        module = made_module(request)
        title = request["target"] or request["hub"]
        notes = load_weights(module, request["weights"], request["holders"]) if request["weights"] else []
        module.eval()
        bound = bind(title + ": forward", module.forward, *arguments(request), INPUT_HINT)
        given = as_recorded(module, bound.args, bound.kwargs)
        result, places = watched(called, module, given)
        check_tensors(title, result, "")
        check_random(title, places, lambda: differ(arrays_of(called(module, given)), arrays_of(result)))
        args, kwargs = renewed(given)
        traced = trace_module(module, *args, **kwargs)
        mge.save(traced, request["model"])
        saved = mge.load(request["model"])
        inputs, eager = arrays_of(given), arrays_of(result)
        outputs = arrays_of(called(saved, given))
        if differ(outputs, eager):
            raise RefusedError(first_differs(title, differ(arrays_of(called(module, given)), eager)))
        warnings = explained(places)
        found, problem = others(title, module, saved, given, places)
        if problem is not None and not request["allow_baked"]:
            raise problem
        warnings += found if problem is None else [str(problem)]
        save_arrays(request["recorded"], inputs=inputs, outputs=outputs)
        return {
            "inputs": types(inputs), "outputs": types(outputs), "structure": typed(result),
            "notes": notes, "warnings": warnings,
        }  # fmt: skip


def arguments(request):
    """The positional and keyword arguments that the request gives, with tensors."""
    if request["feeds"]:
        given = imported(request["feeds"])
        given = given() if callable(given) else given
        if isinstance(given, (np.ndarray, mge.Tensor)):
            given = (given,)
        if not isinstance(given, (dict, tuple, list)):
            fact = "is a %s, expected the arguments of forward(): a dict by name or a tuple in order"
            raise RefusedError("%s: %s" % (request["feeds"], fact % type(given).__name__))
        positional, named = ((), given) if isinstance(given, dict) else (given, {})
    else:
        with np.load(request["arrays"]) as archive:
            arrays = [archive[name] for name in archive.files]
        positional, named = assembled(request["entries"], arrays)
    return with_tensors(list(positional)), with_tensors(dict(named))


def check_tensors(title, result, place):
    """Refuse outputs that are no tensors, nor lists, tuples and dicts of them."""
    if isinstance(result, tuple) and type(result) not in SUPPORTED_TYPE:
        fact = "%s: forward returns%s a %s, which MegEngine cannot trace" % (title, at(place), type(result).__name__)
        raise RefusedError(fact, "return a tuple or a dict, or megengine.traced_module.register_supported_type(...)")
    if isinstance(result, (list, tuple)):
        parts = list(enumerate(result))
    elif isinstance(result, dict):
        parts = list(result.items())
    elif result is None or isinstance(result, mge.Tensor):
        return
    else:
        fact = "%s: forward returns%s a %s, expected tensors in lists, tuples or dicts"
        raise RefusedError(fact % (title, at(place), type(result).__name__))
    for key, part in parts:
        check_tensors(title, part, place + "[%r]" % (key,))


def at(place):
    return " at " + place if place else ""
