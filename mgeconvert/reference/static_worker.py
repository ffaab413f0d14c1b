"""The MegEngine worker for static graphs: a script for CPython 3.8-3.10 beside the package `worker`, which it extends.

    python static_worker.py REQUEST.json ANSWER.json

Request, answer and npz files are as those of `worker`. A static graph is what `trace(...).dump` writes.
"""

from __future__ import annotations

import ctypes
import io
import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import megengine as mge
import numpy as np
import worker
from megengine.core.tensor import megbrain_graph as G
from megengine.jit import trace
from megengine.utils.comp_graph_tools import convert_inputs
from megengine.utils.naming import AutoNaming


def dump(request):
    """Trace saved TracedModules and dump each; a job's failure is its own and does not stop the others.

    A job has `model`, `inputs` (an npz in the order of forward()), `out`, `arg_names` and `output_names`, the `options`
    of dump, and optionally `cases`, a folder to make a test case in, and `check`, whether the file must compute what
    the module does. Answers are {}, {"changed": whether MegEngine changed the graph for its older versions}, or
    {"error": ...}.
    """
    answers = []
    for job in request["jobs"]:
        try:
            answers.append(dump_one(job))
        except Exception as error:
            answers.append({"error": worker.describe(error)})
    return answers


def dump_one(job):
    """One job of `dump`; what it says of itself. A file that computes something else than the module is dumped again
    without the changes that MegEngine makes for its older versions, some of which are wrong."""
    AutoNaming.clear()  # what a failed trace left would be in front of all names
    model = mge.load(job["model"])
    with np.load(job["inputs"]) as archive:
        arrays = [archive[name] for name in archive.files]

    def forward(*inputs):
        return worker.tensors(worker.call(model, inputs))

    traced = trace(forward, symbolic=True, capture_as_const=True)
    expected = [tensor.numpy() for tensor in traced(*[mge.Tensor(array.copy()) for array in arrays])]
    names = job["arg_names"] or ["in_%d" % number for number in range(len(arrays))]
    feeds = dict(zip(names, arrays))
    options = dict(job["options"])
    if job.get("cases"):
        options["input_data"] = [saved_case(job["cases"], feeds)]
    traced.dump(job["out"], arg_names=names, output_names=job["output_names"], **options)
    if not job.get("check"):
        return {}
    if same(compute(job["out"], feeds), expected):
        return {"changed": True}
    options["no_change_graph"] = True
    traced.dump(job["out"], arg_names=names, output_names=job["output_names"], **options)
    return {"changed": False}


def saved_case(folder, feeds):
    """The inputs as one .npy file each, in the form in which dump asks for them."""
    parts = []
    for number, (name, array) in enumerate(feeds.items()):
        path = os.path.join(folder, "%d.npy" % number)
        np.save(path, array)
        parts.append("%s:%s" % (name, path))
    return ";".join(parts)


def same(found, expected):
    """Whether outputs agree, a scalar with a vector of one element."""
    return all(
        a.size == b.size and np.allclose(a.reshape(b.shape).astype("f8"), b.astype("f8"), 1e-2, 1e-2, equal_nan=True)
        for a, b in zip(found, expected)
    )


def run(request):
    """Compute static graphs: each job's `model` takes the npz `inputs`, called `names`, to the npz `outputs`."""
    for job in request["jobs"]:
        with np.load(job["inputs"]) as archive:
            feeds = dict(zip(job["names"], [archive[name] for name in archive.files]))
        worker.save_arrays(job["outputs"], outputs=compute(job["model"], feeds))


def compute(path, feeds):
    """The outputs of a static graph, in its order; a value that is two of them is computed once. Of a file with test
    cases what they test is computed."""
    with open(path, "rb") as file:
        content = file.read()
    content = content[12:] if content.startswith(b"mgbtest0") else content
    loaded = G.load_graph(io.BytesIO(content)).output_vars_list
    loaded = [var.owner.inputs[1] if var.owner.type == "AssertEqual" else var for var in loaded]
    outputs, inputs = convert_inputs(loaded)
    nodes = {}
    for output in outputs:
        nodes.setdefault(output.id, G.OutputNode(output))
    function = outputs[0].graph.compile([node.outputs[0] for node in nodes.values()])
    for name, node in inputs.items():
        node.set_value(mge.Tensor(feeds[name], device=node.device)._dev_tensor())
    function.execute()
    function.wait()
    arrays = {number: node.get_value().numpy() for number, node in nodes.items()}
    return [arrays[output.id] for output in outputs]


def registry(request):
    """[type id, class name] of every operator that MegEngine can load: those of both containers."""
    folder = os.path.dirname(mge.__file__)
    library = ctypes.CDLL(os.path.join(folder, "core", "lib", "libmegengine_shared.so"))
    found = library._ZN3mgb13serialization11OprRegistry15dump_registriesEv
    found.argtypes, found.restype = [ctypes.c_void_p], ctypes.c_void_p
    vectors = (ctypes.c_uint64 * 3)()
    found(ctypes.addressof(vectors))
    rows = []
    for begin, end, _ in words(vectors[0], vectors[1], 3):
        for number, text in words(begin, end, 2):
            rows.append([number, ctypes.string_at(text).decode()])
    return rows


def words(begin, end, count):
    """The memory from `begin` to `end` as tuples of `count` 64-bit words: a C++ vector of structs."""
    size = 8 * count
    return [struct.unpack("%dQ" % count, ctypes.string_at(place, size)) for place in range(begin, end, size)]


worker.COMMANDS.update({"dump": dump, "run-static": run, "registry": registry})

if __name__ == "__main__":
    worker.main(*sys.argv[1:])
