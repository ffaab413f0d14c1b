"""Judges in real MegEngine whether a written TracedModule is the one it was made from; a script for that interpreter.

    python tree_judge.py JOBS.json ANSWER.json

A job has the files `original` and `written` and the `inputs` (an npz with in_0, in_1, ...); the answer says, by check,
what differs. Checks that the original itself fails, such as another batch, are left out for both.
"""

import json
import pickle
import subprocess
import sys
import traceback

import megengine as mge
import megengine.functional as F
import megengine.quantization as Q
import megengine.traced_module as tm
import numpy as np
from megengine.core import set_option
from megengine.core.tensor.dtype import is_quantize
from megengine.traced_module.pytree import tree_flatten

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


def strict(net, original):
    net.load_state_dict(original.state_dict(), strict=True)
    return True


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
}


def same(one, other):
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
    with np.load(job["inputs"]) as archive:
        count = sum(name.startswith("in_") for name in archive.files)
        inputs = [archive["in_{}".format(number)] for number in range(count)]
    for name, check in CHECKS.items():
        original, written = mge.load(job["original"]), mge.load(job["written"])
        if name in skipped or not applies(name, original):
            continue
        say(check=name, of="original")
        try:
            expected = check(original, inputs)
        except Exception as error:
            say(done="{}: the original fails: {}".format(name, str(error)[-200:]))
            continue
        if not same(expected, check(mge.load(job["original"]), inputs)):
            say(done="{}: the original gives another answer each time".format(name))
            continue
        say(check=name, of="written")
        try:
            result = check(written, inputs)
        except Exception:
            say(found=name, text=traceback.format_exc()[-1500:])
            continue
        say(done=name)
        if not same(expected, result):
            say(found=name, text=difference(expected, result))
    say(check="strict", of="written")
    try:
        mge.load(job["written"]).load_state_dict(mge.load(job["original"]).state_dict(), strict=True)
        say(done="strict")
    except Exception:
        say(found="strict", text=traceback.format_exc()[-1500:])


def applies(name, net):
    if name == "quantize":
        return any("qat" in class_name for _, class_name, _ in modules(net))
    return name != "training" or trainable(net)


def isolated(job, path):
    """The answer for a job from a process of its own: MegEngine dies of some networks, at another batch for example."""
    skipped = []
    while True:
        open(path, "w").close()
        command = [sys.executable, __file__, json.dumps(job), json.dumps(skipped), path]
        died = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
        with open(path) as file:
            lines = [json.loads(line) for line in file]
        found = {line["found"]: line["text"] for line in lines if "found" in line}
        if died:
            last = [line for line in lines if "check" in line][-1:] or [{"check": "load", "of": "written"}]
            if last[0]["of"] == "original":
                skipped.append(last[0]["check"])
                continue
            found[last[0]["check"]] = "the process died with {}".format(died)
        return {"found": found, "done": [line["done"] for line in lines if "done" in line]}


def main(jobs, answers):
    with open(jobs) as file:
        requests = json.load(file)
    with open(answers, "w") as file:
        json.dump([isolated(job, jobs + ".lines") for job in requests], file)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        main(*sys.argv[1:])
    else:
        with open(sys.argv[3], "w") as lines:
            judge(
                json.loads(sys.argv[1]),
                json.loads(sys.argv[2]),
                lambda **line: print(json.dumps(line), file=lines, flush=True),
            )
