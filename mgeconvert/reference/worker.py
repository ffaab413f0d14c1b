"""The MegEngine worker: a stand-alone script for CPython 3.8-3.10 that imports nothing of mgeconvert.

    python worker.py REQUEST.json ANSWER.json

The request names a command and files; the answer is ``{"result": ...}`` or ``{"error": {"kind", "message", "trace"}}``,
also when what failed is the user's code. Arrays go through npz files: pickled arrays of numpy 2 do not load in numpy 1.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib
import inspect
import json
import linecache
import os
import re
import sys
import sysconfig
import traceback
import zlib

import megengine as mge
import megengine.functional as F
import megengine.module as M
import numpy as np
from megengine.core import set_option
from megengine.core._imperative_rt.core2 import apply
from megengine.core.ops import builtin
from megengine.traced_module import TracedModule, trace_module
from megengine.traced_module.expr import Apply, CallFunction, CallMethod
from megengine.traced_module.pytree import tree_flatten

# The default asynchronous mode gives wrong numbers for several arange calls without a sync.
set_option("async_level", 0)


def run(request):
    """Compute saved TracedModules: each job's `model` takes `inputs` to `outputs`, npz files in the order of forward().

    The answer is each one's output structure as text.
    """
    structures = []
    for job in request["jobs"]:
        model = mge.load(job["model"])
        with np.load(job["inputs"]) as archive:
            inputs = [archive[name] for name in archive.files]
        arrays, structure = compute(model, inputs)
        save_arrays(job["outputs"], outputs=arrays)
        structures.append(structure)
    return structures


def rows(request):
    """Trace, save and compute every row; a row's failure is its own and does not stop the others.

    A row has `id`, `source` (defines the module class Row), `arguments` and `parameters` (names in the npz `arrays`).
    """
    answers = []
    with np.load(request["arrays"]) as archive:
        arrays = {name: archive[name] for name in archive.files}
    for number, row in enumerate(request["rows"]):
        folder = os.path.join(request["folder"], str(number))
        os.mkdir(folder)
        try:
            answers.append(dict(make_row(row, arrays, folder), folder=folder))
        except Exception as error:
            answers.append({"error": describe(error)})
    return answers


def make_row(row, arrays, folder):
    """Write model.pkl and io.npz; what was called is in the answer."""
    namespace = {"mge": mge, "megengine": mge, "F": F, "M": M, "np": np, "builtin": builtin, "apply": apply}
    linecache.cache[row["id"]] = (len(row["source"]), None, row["source"].splitlines(True), row["id"])  # for tracebacks
    exec(compile(row["source"], row["id"], "exec"), namespace)
    module = namespace["Row"]()
    randomize(module, row["id"])
    for attribute, key in row["parameters"].items():
        setattr(module, attribute, mge.Parameter(arrays[key]))
    module.eval()
    inputs = [arrays[key] for key in row["arguments"]]
    traced = trace_module(module, *[mge.Tensor(array.copy()) for array in inputs])
    path = os.path.join(folder, "model.pkl")
    mge.save(traced, path)
    eager = [leaf.numpy() for leaf in tensors(module(*[mge.Tensor(array.copy()) for array in inputs]))]
    outputs, structure = compute(mge.load(path), inputs)
    same = [np.allclose(saved, direct, rtol=1e-5, atol=1e-6, equal_nan=True) for saved, direct in zip(outputs, eager)]
    if len(outputs) != len(eager) or not all(same):
        raise ValueError("the saved module computes something else than the module it was traced from")
    save_arrays(os.path.join(folder, "io.npz"), inputs=inputs, outputs=outputs)
    return {"calls": sorted(set(calls(traced))), "structure": structure}


class RefusedError(Exception):
    """What was asked for cannot be traced; the hint says what the user can do."""

    def __init__(self, message, hint=None):
        super().__init__(message)
        self.hint = hint


def trace(request):
    """Import and call the user's factory, trace the module it gives, save the pickle and what it computes.

    The request has `target` (package.module:factory) or `hub` (repository:entry), `path` (folders to import from),
    `kwargs`, `weights` (a state dict's file or None), `inputs` (an npz) with `names` (one each, None: positional), and
    the files to write, `model` and `recorded`. The answer describes inputs and outputs. What the code prints goes to
    stderr.
    """
    with contextlib.redirect_stdout(sys.stderr):
        module = made_module(request)
        title = request["target"] or request["hub"]
        if request["weights"]:
            load_weights(module, request["weights"])
        module.eval()
        with np.load(request["inputs"]) as archive:
            given = [mge.Tensor(archive[name]) for name in archive.files]
        positional = [tensor for tensor, name in zip(given, request["names"]) if name is None]
        named = {name: tensor for tensor, name in zip(given, request["names"]) if name is not None}
        bound = bind(title + ": forward", module.forward, positional, named, INPUT_HINT)
        result = module(*bound.args, **bound.kwargs)
        check_tensors(title, result, "")
        traced = trace_module(module, *bound.args, **bound.kwargs)
        mge.save(traced, request["model"])
        again = mge.load(request["model"])(*bound.args, **bound.kwargs)
        inputs = [tensor.numpy() for tensor in tensors((bound.args, bound.kwargs))]
        outputs, eager = ([leaf.numpy() for leaf in tensors(each)] for each in (again, result))
        same = [np.allclose(a, b, rtol=1e-4, atol=1e-5, equal_nan=True) for a, b in zip(outputs, eager)]
        if len(outputs) != len(eager) or not all(same):
            raise RefusedError(
                title + ": the traced module computes something else than the module: it is not deterministic"
            )
        save_arrays(request["recorded"], inputs=inputs, outputs=outputs)
        return {"inputs": types(inputs), "outputs": types(outputs), "structure": typed(result)}


INPUT_HINT = "give --input [NAME=]SHAPE[:DTYPE] once for each argument"
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
    for attribute in attributes.split("."):
        if not hasattr(found, attribute):
            close = difflib.get_close_matches(attribute, dir(found), 3)
            raise RefusedError(
                "%s: %s has no %s" % (target, name, attribute),
                "did you mean %s?" % " or ".join(close) if close else None,
            )
        found = getattr(found, attribute)
    return found


def bind(title, function, positional, named, hint):
    """The function's arguments; RefusedError says what does not bind."""
    signature = inspect.signature(function)
    try:
        return signature.bind(*positional, **named)
    except TypeError as error:
        raise RefusedError("%s%s: %s" % (title, signature, error), hint) from error


def load_weights(module, path):
    """A state dict, or a checkpoint that holds one under "state_dict"."""
    state = mge.load(path)
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    if not isinstance(state, dict):
        raise RefusedError("%s: holds a %s, expected a state dict" % (path, type(state).__name__))
    wanted = set(module.state_dict())
    for fact, names in (("lacks", wanted - set(state)), ("has the unknown", set(state) - wanted)):
        if names:
            listed = ", ".join(sorted(names)[:5]) + (", ..." if len(names) > 5 else "")
            raise RefusedError("%s: %s %s: it is not the state of this network" % (path, fact, listed))
    module.load_state_dict(state)


def check_tensors(title, result, place):
    """Refuse outputs that are no tensors, nor lists, tuples and dicts of them."""
    if isinstance(result, (list, tuple)):
        parts = list(enumerate(result))
    elif isinstance(result, dict):
        parts = list(result.items())
    elif result is None or isinstance(result, mge.Tensor):
        return
    else:
        where = "returns" + (" at " + place if place else "")
        kind = type(result).__name__
        raise RefusedError("%s: forward %s a %s, expected tensors in lists, tuples or dicts" % (title, where, kind))
    for key, part in parts:
        check_tensors(title, part, place + "[%r]" % (key,))


def types(arrays):
    """``float32[1,3,224,224]`` for each."""
    return ["%s[%s]" % (array.dtype.name, ",".join(map(str, array.shape))) for array in arrays]


def typed(result):
    """``{boxes: float32[1,4], scores: [float32[1]]}``, dicts in the order in which MegEngine flattens them."""
    if isinstance(result, mge.Tensor):
        return types([result.numpy()])[0]
    if isinstance(result, dict):
        items = sorted(result.items()) if type(result) is dict else result.items()
        return "{" + ", ".join(str(key) + ": " + typed(value) for key, value in items) + "}"
    if isinstance(result, (list, tuple)):
        return "[" + ", ".join(map(typed, result)) + "]"
    return repr(result)


def user_frames(error):
    """The frames of the user's own code: not of this script, of Python's library, nor of what is installed."""
    ours = (__file__, "<", *sysconfig.get_paths().values())
    return [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(ours)]


def randomize(module, seed):
    """Non-trivial parameters and BatchNorm statistics, the same for the same seed and name, rounded to pack well."""
    statistics = [(name, value) for name, value in module.named_buffers() if re.search(r"\brunning_(mean|var)$", name)]
    for name, value in list(module.named_parameters()) + statistics:
        if "mgb_dtype" in (np.dtype(value.dtype).metadata or {}):
            continue  # integers of a quantized module, which has been calibrated
        random = np.random.RandomState(zlib.crc32((seed + "/" + name).encode()))
        if name.endswith("running_var"):
            array = random.uniform(0.5, 1.5, value.shape)
        else:
            fan_in = int(np.prod(value.shape[1:])) if len(value.shape) > 1 else 1
            array = random.uniform(-1, 1, value.shape) * np.sqrt(3 / fan_in)
        value[...] = mge.Tensor((np.round(array * 256) / 256).astype("float32"))


def compute(model, inputs):
    """A module's outputs, flattened in order, and their structure as text."""
    result = model(*[mge.Tensor(array.copy()) for array in inputs])
    return [leaf.numpy() for leaf in tensors(result)], shown(result)


def tensors(result):
    """The tensors of a nested structure, in order."""
    return [
        leaf for leaf in tree_flatten(result, is_leaf=lambda leaf: isinstance(leaf, mge.Tensor))[0] if leaf is not None
    ]


def shown(result):
    """``[T, {boxes: T}]``: the structure of outputs, for people."""
    if isinstance(result, dict):
        return "{" + ", ".join(str(key) + ": " + shown(value) for key, value in result.items()) + "}"
    if isinstance(result, (list, tuple)):
        return "[" + ", ".join(map(shown, result)) + "]"
    return "T" if isinstance(result, mge.Tensor) else repr(result)


def calls(traced):
    """The qualified name of every callable in a TracedModule, submodules included."""
    for graph in traced.argdef_graph_map.values():
        for expr in graph._exprs:
            if isinstance(expr, CallFunction):
                yield expr.func.__module__ + "." + expr.func.__qualname__
            elif isinstance(expr, Apply):
                yield "megengine.core.ops.builtin." + type(expr.opdef).__name__
            elif isinstance(expr, CallMethod) and expr.method != "__call__":
                yield "megengine.tensor.Tensor." + expr.method
            elif isinstance(expr, CallMethod) and expr.inputs[0].module_type is not M.Module:
                yield expr.inputs[0].module_type.__module__ + "." + expr.inputs[0].module_type.__qualname__
    for _, child in traced.named_children():
        if isinstance(child, TracedModule):
            yield from calls(child)


def save_arrays(path, inputs=(), outputs=()):
    """in_0 ..., out_0 ... in an uncompressed npz; the same arrays give the same bytes."""
    named = {"in_%d" % number: array for number, array in enumerate(inputs)}
    named.update({"out_%d" % number: array for number, array in enumerate(outputs)})
    np.savez(path, **named)


def describe(error):
    """An exception as data: its kind, its message without C++ frames, the Python frames outside this script."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    message = str(error).split("backtrace:")[0].strip()
    trace = "".join(traceback.format_list(frames))
    return {
        "kind": type(error).__name__,
        "message": message,
        "trace": trace,
        "user": "".join(traceback.format_list(user_frames(error))),
        "hint": getattr(error, "hint", None),
    }


COMMANDS = {"run": run, "rows": rows, "trace": trace}


def answer(request):
    """The result, or what went wrong."""
    try:
        return {"result": COMMANDS[request["command"]](request)}
    except (Exception, SystemExit) as error:
        return {"error": describe(error)}


def main(request_path, answer_path):
    """One request, one answer."""
    with open(request_path, encoding="utf-8") as file:
        request = json.load(file)
    with open(answer_path, "w", encoding="utf-8") as file:
        json.dump(answer(request), file)


if __name__ == "__main__":
    main(*sys.argv[1:])
