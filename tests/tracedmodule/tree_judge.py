"""Judges in real MegEngine whether a written TracedModule is the one it was made from; runs there, imports nothing here.

    python tree_judge.py JOBS.json ANSWER.json

A job has the files `original` and `written` and the `inputs` (an npz with in_0, in_1, ...); the answer says, by check,
what differs. Checks that the original itself fails, such as another batch, are left out for both.
"""

import copy
import json
import pickle
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


def modules(net):
    return [
        (
            name,
            type(module).__module__ + "." + type(module).__qualname__,
            bool(getattr(module, "argdef_graph_map", None)),
        )
        for name, module in net.named_modules()
    ]


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
                kind = type(expr).__name__
                if kind in ("GetAttr", "Constant"):
                    continue
                what = getattr(expr, "method", None) or getattr(expr, "func", None) or getattr(expr, "opdef", None)
                what = getattr(what, "__qualname__", None) or str(what)
                if kind == "Apply":
                    what = type(expr.opdef).__name__
                constants = repr(list(getattr(expr, "const_val", ())))
                nodes = [str(node.name) for node in expr.outputs]
                inputs = [str(node.name) for node in expr.inputs]
                lines.append((name, kind, what, constants, repr(getattr(expr, "arg_def", None)), inputs, nodes))
    return lines


def train(net, inputs):
    """Three steps of SGD; the losses."""
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
        (
            name,
            type(module).__name__,
            sorted((key, repr(value)) for key, value in module.__dict__.items() if key[0] != "_"),
        )
        for name, module in net.named_modules()
        if "bserver" in type(module).__name__ or "FakeQuant" in type(module).__name__ or type(module).__name__ == "TQT"
    ]


def quantized(net, inputs):
    return outputs(Q.quantize(copy.deepcopy(net), inplace=False), inputs)[0]


def children(net, _):
    return sorted(
        (name, str(len(child.graph._exprs))) for name, child in net.named_children() if hasattr(child, "graph")
    )


def saved_again(net, inputs):
    return outputs(pickle.loads(pickle.dumps(net)), inputs)


def retraced(net, inputs):
    net.eval()
    return outputs(tm.trace_module(net, *[mge.Tensor(array.copy()) for array in inputs]), inputs)


def strict(net, original):
    net.load_state_dict(original.state_dict(), strict=True)
    return True


CHECKS = {
    "modules": lambda net, inputs: modules(net),
    "calls": lambda net, inputs: calls(net),
    "keys": lambda net, inputs: list(state(net)),
    "state": lambda net, inputs: list(state(net).values()),
    "types": lambda net, inputs: [(k, type(v).__name__, str(v.dtype)) for k, v in net.named_tensors()],
    "observers": lambda net, inputs: observers(net),
    "children": children,
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
    return one == other


def difference(one, other):
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        if len(one) != len(other):
            return "%d against %d: %s" % (
                len(one),
                len(other),
                repr([x for x in one if x not in other])[:600]
                if not any(isinstance(x, np.ndarray) for x in one)
                else "",
            )
        for number, (a, b) in enumerate(zip(one, other, strict=False)):
            if not same(a, b):
                return "[%d] %s" % (number, difference(a, b))
    if isinstance(one, np.ndarray) and one.shape == other.shape:
        return "differ by {}".format(np.abs(one.astype("f8") - other).max())
    return "%.600r against %.600r" % (one, other)


def judge(job):
    with np.load(job["inputs"]) as archive:
        inputs = [archive["in_%d" % number] for number in range(sum(name.startswith("in_") for name in archive.files))]
    found = {}
    done = []
    for name, check in CHECKS.items():
        original, written = mge.load(job["original"]), mge.load(job["written"])
        if name == "quantize" and not any("qat" in kind for _, kind, _ in modules(original)):
            continue
        if name == "training" and any(is_quantize(t.dtype) for t in original.tensors()):
            continue
        try:
            expected = check(original, inputs)
        except Exception as error:
            done.append(f"{name}: not of the original: {str(error)[-200:]}")
            continue
        try:
            result = check(written, inputs)
        except Exception:
            found[name] = traceback.format_exc()[-1500:]
            continue
        done.append(name)
        if not same(expected, result):
            found[name] = difference(expected, result)
    try:
        strict(mge.load(job["written"]), mge.load(job["original"]))
        done.append("strict")
    except Exception:
        found["strict"] = traceback.format_exc()[-1500:]
    return {"found": found, "done": done}


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        jobs = json.load(file)
    answers = [judge(job) for job in jobs]
    with open(sys.argv[2], "w") as file:
        json.dump(answers, file)
