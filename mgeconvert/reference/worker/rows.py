"""Traces the rows of the tests: many small modules, each with the arrays that it is called with."""

from __future__ import annotations

import linecache
import os
import re
import zlib

import megengine as mge
import megengine.functional as F
import megengine.module as M
import numpy as np
from megengine.core._imperative_rt.core2 import apply
from megengine.core.ops import builtin
from megengine.traced_module import TracedModule, trace_module
from megengine.traced_module.expr import Apply, CallFunction, CallMethod

from .reporting import describe
from .running import compute
from .values import numbers, save_arrays, tensors


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
    eager = [numbers(leaf) for leaf in tensors(module(*[mge.Tensor(array.copy()) for array in inputs]))]
    outputs, structure = compute(mge.load(path), inputs)
    same = [np.allclose(saved, direct, rtol=1e-5, atol=1e-6, equal_nan=True) for saved, direct in zip(outputs, eager)]
    if len(outputs) != len(eager) or not all(same):
        raise ValueError("the saved module computes something else than the module it was traced from")
    save_arrays(os.path.join(folder, "io.npz"), inputs=inputs, outputs=outputs)
    return {"calls": sorted(set(calls(traced))), "structure": structure}


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
