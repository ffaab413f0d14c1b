"""Judges in real MegEngine whether a written TracedModule is the one it was made from; a script for that interpreter.

    python tree_judge.py JOBS.json ANSWER.json

A job has the files `original` and `written`, the `inputs` (an npz with in_0, in_1, ...) and the names of checks that it
goes `without`. The answer says, by check, what is `found` different, why a check is `excused` (the original fails it
itself, such as another batch), and how many `seconds` each took.
"""

import io
import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
import traceback

import megengine as mge
import megengine.functional as F
import megengine.quantization as Q
import megengine.traced_module as tm
import numpy as np
from megengine import jit
from megengine.core import set_option
from megengine.core.tensor.dtype import is_quantize
from megengine.traced_module.pytree import tree_flatten
from megengine.utils.comp_graph_tools import GraphInference

set_option("async_level", 0)


def kind(module):
    return type(module).__module__ + "." + type(module).__qualname__


def modules(net):
    return [(name, kind(module), has_graph(module)) for name, module in net.named_modules()]


def has_graph(module):
    return bool(getattr(module, "argdef_graph_map", None))


def state(net):
    return {key: np.asarray(value) for key, value in net.state_dict().items()}


def outputs(net, inputs):
    leaves, structure = tree_flatten(net(*[mge.Tensor(array.copy()) for array in inputs]))
    return [np.array(leaf.numpy()) for leaf in leaves], repr(structure)


def batched(inputs, batch):
    size = inputs[0].shape[0]
    return [np.concatenate([array[:1]] * batch) if array.ndim and array.shape[0] == size else array for array in inputs]


def calls(net):
    """Every expression of every graph, by what is called and on what structure."""
    lines = []
    for name, module in net.named_modules():
        for graph in getattr(module, "argdef_graph_map", {}).values():
            names = [str(node.name) for node in graph.inputs]
            lines.append((name, "inputs", names, [str(node.name) for node in graph.outputs]))
            for expr in graph._exprs:
                step = type(expr).__name__
                if step in ("GetAttr", "Constant"):
                    continue
                what = getattr(expr, "method", None) or getattr(expr, "func", None) or getattr(expr, "opdef", None)
                what = getattr(what, "__qualname__", None) or str(what)
                if step == "Apply":
                    what = type(expr.opdef).__name__
                constants = repr(list(getattr(expr, "const_val", None) or ()))
                nodes = [str(node.name) for node in expr.outputs]
                inputs = [str(node.name) for node in expr.inputs]
                lines.append((name, step, what, constants, repr(getattr(expr, "arg_def", None)), inputs, nodes))
    return lines


def trainable(net):
    """Whether MegEngine can: its LSTM writes outside of its memory when it goes backward."""
    recurrent = any(kind(module).startswith("megengine.module.rnn") for module in net.modules())
    return not recurrent and not any(is_quantize(tensor.dtype) for tensor in net.tensors())


def train(net, inputs):
    """Three steps of SGD; the losses."""
    mge.random.seed(1)
    net.train()
    parameters = [p for p in net.parameters() if np.asarray(p).dtype.kind == "f"]
    optimizer = mge.optimizer.SGD(parameters, lr=1e-3)
    manager = mge.autodiff.GradManager().attach(parameters)
    losses = []
    for _ in range(3):
        with manager:
            leaves, _ = tree_flatten(net(*[mge.Tensor(array.copy()) for array in inputs]))
            loss = sum(F.mean(leaf.astype("float32") ** 2) for leaf in leaves if np.dtype(leaf.dtype).kind == "f")
            manager.backward(loss)
        optimizer.step().clear_grad()
        losses.append(float(loss.numpy()))
    return losses


def observers(net):
    return [
        (name, kind(module), sorted((key, repr(value)) for key, value in module.__dict__.items() if key[0] != "_"))
        for name, module in net.named_modules()
        if kind(module).startswith(("megengine.quantization.observer", "megengine.quantization.fake_quant"))
    ]


def quantized(net, inputs):
    made = Q.quantize(net, inplace=False)
    made.eval()
    return outputs(made, inputs)[0]


def children(net):
    """The children whose graph is asked for as `net.child.graph`."""
    return [(name, str(child.graph)) for name, child in net.named_children() if has_graph(child)]


def saved_again(net, inputs):
    return outputs(pickle.loads(pickle.dumps(net)), inputs)


def retraced(net, inputs):
    net.eval()
    return outputs(tm.trace_module(net, *[mge.Tensor(array.copy()) for array in inputs]), inputs)


def strict(net, inputs):
    """What it computes with the original's state."""
    net.load_state_dict(mge.load(inputs.original).state_dict(), strict=True)
    return outputs(net, inputs)


class Inputs(list):
    """The arrays of a job, and the file they belong to."""

    def __init__(self, job):
        with np.load(job["inputs"]) as archive:
            count = sum(name.startswith("in_") for name in archive.files)
            super().__init__(archive["in_{}".format(number)] for number in range(count))
        self.original = job["original"]


class Size(int):
    """Bytes of a file, which the written network's may be greater than by 2 %."""


def dumped(net, inputs):
    """The size of the .mge file, and what it computes."""
    net.eval()
    function = jit.trace(net, symbolic=False, capture_as_const=True)
    function(*[mge.Tensor(array.copy()) for array in inputs])
    named = {"x{}".format(number): array for number, array in enumerate(inputs)}
    file = io.BytesIO()
    function.dump(file, arg_names=list(named))
    with tempfile.NamedTemporaryFile(suffix=".mge") as stored:
        stored.write(file.getvalue())
        stored.flush()
        return Size(len(file.getvalue())), list(GraphInference(stored.name).run(inp_dict=named).values())


CHECKS = {
    "modules": lambda net, _: modules(net),
    "calls": lambda net, _: calls(net),
    "keys": lambda net, _: list(state(net)),
    "state": lambda net, _: list(state(net).values()),
    "types": lambda net, _: [(k, type(v).__name__, str(v.dtype)) for k, v in net.named_tensors()],
    "observers": lambda net, _: observers(net),
    "children": lambda net, _: children(net),
    "outputs": outputs,
    "batch 2": lambda net, inputs: outputs(net, batched(inputs, 2)),
    "batch 3": lambda net, inputs: outputs(net, batched(inputs, 3)),
    "saved again": saved_again,
    "flatten": lambda net, inputs: outputs(net.flatten(), inputs),
    "retraced": retraced,
    "quantize": quantized,
    "training": train,
    "dump": dumped,
    "strict": strict,
}


def same(one, other):
    if isinstance(one, Size):
        return other <= 1.02 * one
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    return one == other or (one != one and other != other)


def difference(one, other):
    """Where two answers part, as text."""
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)) and len(one) == len(other):
        for number, (a, b) in enumerate(zip(one, other)):
            if not same(a, b):
                return "[{}] {}".format(number, difference(a, b))
    if isinstance(one, np.ndarray) and one.shape == other.shape:
        return "differ by {}".format(np.abs(one.astype("f8") - other).max())
    return "{:.600} against {:.600}".format(repr(one), repr(other))


def judge(job, skipped, say):
    """Check one job, except for what is skipped; `say` is told before each check, and what was found."""
    inputs = Inputs(job)
    for name in [name for name in CHECKS if name not in (*skipped, *job.get("without", ()))]:
        say(check=name, of="original")
        try:
            original = mge.load(job["original"])
            if not applies(name, original):
                continue
            expected = CHECKS[name](original, inputs)
        except Exception as error:
            say(done=name, text="the original fails: {}".format(str(error)[-200:]))
            continue
        say(check=name, of="written")
        try:
            result = CHECKS[name](mge.load(job["written"]), inputs)
        except Exception:
            say(found=name, text=traceback.format_exc()[-1500:])
            continue
        if same(expected, result):
            say(done=name, text="")
        elif same(expected, CHECKS[name](mge.load(job["original"]), inputs)):
            say(found=name, text=difference(expected, result))
        else:
            say(done=name, text="the original gives another answer each time")


def applies(name, net):
    if name == "quantize":
        return any("qat" in class_name for _, class_name, _ in modules(net))
    return name != "training" or trainable(net)


class Answer:
    """What is known of one job: `found` differences by check, `excused` checks that the original fails itself."""

    def __init__(self):
        self.found, self.excused, self.seconds = {}, {}, {}

    @property
    def known(self):
        return [*self.found, *self.excused, *self.seconds]

    def hear(self, line):
        if "found" in line:
            self.found[line["found"]] = line["text"]
        elif line.get("text"):
            self.excused[line["done"]] = line["text"]
        if "check" not in line:
            name = line.get("found") or line["done"]
            self.seconds[name] = line["seconds"]

    def die(self, name, of, status):
        """MegEngine dies of some networks, at another batch for example."""
        where = self.excused if of == "original" else self.found
        where[name] = "the process died with {}".format(status)


def judged(requests, folder):
    """The answers of all jobs from one process, and from another one after each of its deaths."""
    answers = [Answer() for _ in requests]
    begun = 0
    while begun < len(requests):
        tasks = [(number, requests[number], answers[number].known) for number in range(begun, len(requests))]
        with open(os.path.join(folder, "tasks.json"), "w") as file:
            json.dump(tasks, file)
        heard = os.path.join(folder, "heard.jsonl")
        open(heard, "w").close()
        command = [sys.executable, __file__, "--work", os.path.join(folder, "tasks.json"), heard]
        status = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        last = {}
        with open(heard) as file:
            for line in map(json.loads, file):
                answers[line["job"]].hear(line)
                last = line
        if not status.returncode:
            break
        if "check" not in last:
            raise SystemExit(status.stderr[-3000:])
        answers[last["job"]].die(last["check"], last["of"], status.returncode)
        begun = last["job"]
    return [vars(answer) for answer in answers]


class Teller:
    """Writes what is found for one job after another, with the seconds since the last result."""

    def __init__(self, file):
        self.file, self.job, self.begin = file, 0, time.time()

    def __call__(self, **line):
        now = time.time()
        print(json.dumps({"job": self.job, "seconds": round(now - self.begin, 2), **line}), file=self.file, flush=True)
        if "check" not in line:
            self.begin = now


def work(tasks, heard):
    """Judge the tasks one after another."""
    with open(tasks) as file, open(heard, "a") as lines:
        say = Teller(lines)
        for say.job, job, skipped in json.load(file):
            judge(job, skipped, say)


def main(jobs, answers):
    with open(jobs) as file:
        requests = json.load(file)
    with tempfile.TemporaryDirectory() as folder:
        found = judged(requests, folder)
    with open(answers, "w") as file:
        json.dump(found, file)


if __name__ == "__main__":
    if sys.argv[1] == "--work":
        work(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
