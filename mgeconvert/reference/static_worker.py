"""The MegEngine worker for static graphs: a stand-alone script for CPython 3.8-3.10 beside `worker`, which it extends.

    python static_worker.py REQUEST.json ANSWER.json

Request, answer and npz files are as those of `worker`. A static graph is what `trace(...).dump` writes.
"""

from __future__ import annotations

import ctypes
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
    of dump, and with `computed` the npz for what the dumped file computes. Answers are {} or {"error": ...}.
    """
    answers = []
    for job in request["jobs"]:
        try:
            answers.append(dump_one(job))
        except Exception as error:
            answers.append({"error": worker.describe(error)})
    return answers


def dump_one(job):
    """One job of `dump`."""
    AutoNaming.clear()  # what a failed trace left would be in front of all names
    model = mge.load(job["model"])
    with np.load(job["inputs"]) as archive:
        arrays = [archive[name] for name in archive.files]

    def forward(*inputs):
        return worker.tensors(model(*inputs))

    traced = trace(forward, symbolic=True, capture_as_const=True)
    traced(*[mge.Tensor(array.copy()) for array in arrays])
    names = job["arg_names"] or ["in_%d" % number for number in range(len(arrays))]
    traced.dump(job["out"], arg_names=names, output_names=job["output_names"], **job["options"])
    if job.get("computed"):
        outputs = compute(job["out"], dict(zip(names, arrays)))
        worker.save_arrays(job["computed"], inputs=arrays, outputs=outputs)
    return {}


def run(request):
    """Compute static graphs: each job's `model` takes the npz `inputs`, by name, to the npz `outputs`, in order."""
    for job in request["jobs"]:
        with np.load(job["inputs"]) as archive:
            inputs = {name: archive[name] for name in archive.files}
        worker.save_arrays(job["outputs"], outputs=compute(job["model"], inputs))


def compute(path, inputs):
    """The outputs of a static graph, in its order; a value that is two of them is computed once."""
    outputs, feeds = convert_inputs(G.load_graph(path).output_vars_list)
    nodes = {}
    for output in outputs:
        nodes.setdefault(output.id, G.OutputNode(output))
    function = outputs[0].graph.compile([node.outputs[0] for node in nodes.values()])
    for name, feed in feeds.items():
        feed.set_value(mge.Tensor(inputs[name], device=feed.device)._dev_tensor())
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
