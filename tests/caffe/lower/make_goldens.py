"""Makes tests/goldens/caffe_layers.npz: weights, inputs and outputs of every row of layer_rows by real BVLC Caffe.

python -m tests.caffe.lower.make_goldens        after `mgeconvert reference install caffe`
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np

from mgeconvert.reference import caffe
from mgeconvert.reference.client import call
from mgeconvert.reference.environment import environment

from .layer_rows import ROWS

GOLDENS = Path(__file__).parents[2] / "goldens" / "caffe_layers.npz"


def make() -> dict[str, np.ndarray]:
    """``ROW/weights`` (a caffemodel's bytes), ``ROW/out/NAME``."""
    arrays: dict[str, np.ndarray] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        jobs, training = [], []
        for row in ROWS:
            net, weights = folder / f"{row.id}.prototxt", folder / f"{row.id}.caffemodel"
            net.write_text(row.prototxt)
            training.append({"net": str(net), "weights": str(weights), "seed": 7, "positive": row.positive})
            jobs.append(caffe.Job(net, [weights], row.arrays()))
        call({"command": "train", "jobs": training}, environment("caffe"))
        for row, job, outputs in zip(ROWS, jobs, caffe.run_all(jobs), strict=True):
            arrays[f"{row.id}/weights"] = np.frombuffer(job.weights[0].read_bytes(), np.uint8)
            arrays |= {f"{row.id}/out/{top}": array for top, array in outputs.items()}
    return arrays


if __name__ == "__main__":
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **make())
    GOLDENS.write_bytes(buffer.getvalue())
