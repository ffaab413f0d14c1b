"""Computes saved TracedModules."""

from __future__ import annotations

import megengine as mge
import numpy as np

from .arguments import structured
from .values import numbers, save_arrays, shown, tensors


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


def call(model, inputs):
    """A TracedModule's result for tensors in the order of forward(), however its arguments are nested and named."""
    args, kwargs = structured(model, inputs)
    return model(*args, **kwargs)


def compute(model, inputs):
    """A module's outputs, flattened in order, and their structure as text."""
    result = call(model, [mge.Tensor(array.copy()) for array in inputs])
    return [numbers(leaf) for leaf in tensors(result)], shown(result)
