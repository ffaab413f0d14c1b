"""The Caffe worker: a stand-alone script for CPython 3.8 with pycaffe that imports nothing of mgeconvert.

    python caffe_worker.py REQUEST.json ANSWER.json

Requests and answers are those of the package `worker`. Caffe ends the process where a net is wrong, with its
last words on stderr.
"""

from __future__ import annotations

import json
import os
import sys
import traceback

os.environ["GLOG_minloglevel"] = "2"

import caffe
import numpy as np


def run(request):
    """Compute nets: each job's `net` with its list of `weights` takes the npz `inputs` (by input name) to `outputs`.

    The npz holds every output of the net, or every blob where `blobs` is true; the answer is the names of the outputs.
    """
    answers = []
    for job in request["jobs"]:
        net = caffe.Net(job["net"], caffe.TEST)
        for weights in job["weights"]:
            net.copy_from(weights)
        with np.load(job["inputs"]) as archive:
            for name in archive.files:
                net.blobs[name].data[...] = archive[name]
        net.forward()
        names = list(net.blobs) if job.get("blobs") else net.outputs
        np.savez(job["outputs"], **{name: net.blobs[name].data for name in names})
        answers.append(list(net.outputs))
    return answers


def train(request):
    """Give the net of each job random weights and write them as a caffemodel; what a fixture of a layer is made with.

    Weights are uniform in [-1, 1) and rounded to 8 bits after the point; those named in `positive` (layer/number) are
    made positive.
    """
    for job in request["jobs"]:
        net = caffe.Net(job["net"], caffe.TEST)
        random = np.random.RandomState(job["seed"])
        for layer, blobs in net.params.items():
            for number, blob in enumerate(blobs):
                values = np.round(random.uniform(-1, 1, blob.data.shape) * 256) / 256
                if "%s/%d" % (layer, number) in job.get("positive", []):
                    values = np.abs(values) + 0.5
                blob.data[...] = values
        net.save(job["weights"])


COMMANDS = {"run": run, "train": train}


def main(request_path, answer_path):
    """One request, one answer."""
    with open(request_path, encoding="utf-8") as file:
        request = json.load(file)
    caffe.set_mode_cpu()
    try:
        answer = {"result": COMMANDS[request["command"]](request)}
    except Exception as error:
        trace = "".join(traceback.format_tb(error.__traceback__))
        answer = {"error": {"kind": type(error).__name__, "message": str(error), "trace": trace}}
    with open(answer_path, "w", encoding="utf-8") as file:
        json.dump(answer, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
