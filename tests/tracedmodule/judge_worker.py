"""What real MegEngine says to written TracedModules: a stand-alone script for the reference environment.

    python tm_judge.py REQUEST.json ANSWER.json

The request is a list of {"model", "io" (npz with in_0 ..., out_0 ...), "deep"}; the answer has for each the largest
relative error of every output, or what went wrong at which step. `deep` asks for everything MegEngine's own tools do
with a TracedModule: print, flatten, re-trace, save again, `tm.optimize`, and dump to a graph that is run. `quantize`
asks for the network with integers that MegEngine makes of one for quantization-aware training.
"""

import json
import os
import sys
import tempfile
import traceback

import megengine as mge
import megengine.traced_module as tm
import numpy as np
from megengine import jit
from megengine.core import set_option
from megengine.quantization.quantize import quantize
from megengine.traced_module.expr import CallFunction, CallMethod
from megengine.traced_module.pytree import tree_flatten
from megengine.traced_module.utils import _convert_kwargs_to_args
from megengine.utils.comp_graph_tools import GraphInference

set_option("async_level", 0)


def computed(net, inputs):
    result = net(*[mge.Tensor(array.copy()) for array in inputs])
    return [leaf.numpy() for leaf in tree_flatten(result, is_leaf=lambda leaf: isinstance(leaf, mge.Tensor))[0]]


def error(ours, theirs):
    """max|a - b| / max|b|; infinite for another shape, dtype, integer or place of NaN."""
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return float("inf")
    if theirs.dtype.kind != "f":
        return 0.0 if np.array_equal(ours, theirs) else float("inf")
    finite = np.isfinite(theirs)
    if not np.array_equal(ours[~finite], theirs[~finite], equal_nan=True) or not np.isfinite(ours[finite]).all():
        return float("inf")
    exact = theirs[finite].astype(np.float64)
    return float(np.abs(ours[finite] - exact).max() / max(np.abs(exact).max(), 1e-30)) if exact.size else 0.0


def errors(ours, theirs):
    assert len(ours) == len(theirs), "%d outputs instead of %d" % (len(ours), len(theirs))
    return [error(a, b) for a, b in zip(ours, theirs)]


def check_arguments(net):
    """Calls have all their arguments in the order of the signature, as MegEngine's tracer records them."""
    for expr in net.graph._exprs:
        if isinstance(expr, CallFunction) or (isinstance(expr, CallMethod) and expr.method != "__call__"):
            args, kwargs = _convert_kwargs_to_args(expr._get_func(), expr.args, expr.kwargs)
            assert len(args) == len(expr.args), "%s has %d arguments" % (expr, len(args))
            assert set(kwargs) == set(expr.kwargs), "%s has the keywords %s" % (expr, sorted(kwargs))


def check_nodes(net, inputs):
    """The nodes' shapes and dtypes are those of the values at run time."""
    nodes = [node for expr in net.graph._exprs for node in expr.outputs if hasattr(node, "shape") and node.users]
    wrong = []
    for start in range(0, len(nodes), 50):
        net.set_watch_points(nodes[start : start + 50])
        net(*[mge.Tensor(array.copy()) for array in inputs])
        for node, value in net.watch_node_value.items():
            value = value[0] if isinstance(value, list) else value
            if tuple(value.shape) != tuple(node.shape) or value.dtype != node.dtype:
                wrong.append("%s: %s %s, is %s %s" % (node, node.shape, node.dtype, value.shape, value.dtype))
        net.clear_watch_points()
    assert not wrong, "; ".join(wrong)


def dumped(net, inputs, folder):
    """The outputs of the .mge dump; None where jit.trace does not take the structure of the outputs."""
    path = os.path.join(folder, "model.mge")
    function = jit.trace(net, symbolic=False, capture_as_const=True)
    try:
        function(*[mge.Tensor(array.copy()) for array in inputs])
    except AssertionError as refused:
        assert "Unsupport outputs type" in str(refused)
        return None
    named = {"x%d" % number: array for number, array in enumerate(inputs)}
    function.dump(path, arg_names=list(named))
    return list(GraphInference(path).run(inp_dict=named).values())


def deep(net, inputs, outputs, folder):
    """Each of MegEngine's tools: the largest error after it."""
    found = {}
    assert str(net.graph).count("\n") > len(net.graph._exprs)
    assert repr(net)
    check_nodes(net, inputs)
    found["flatten"] = max(errors(computed(net.flatten(), inputs), outputs))
    traced = tm.trace_module(net, *[mge.Tensor(array.copy()) for array in inputs])
    found["trace_module"] = max(errors(computed(traced, inputs), outputs))
    path = os.path.join(folder, "again.pkl")
    mge.save(traced, path)
    found["save"] = max(errors(computed(mge.load(path), inputs), outputs))
    found["optimize"] = max(errors(computed(tm.optimize(net), inputs), outputs))
    dump = dumped(net, inputs, folder)
    if dump is not None:
        found["dump"] = max(errors([np.asarray(array) for array in dump], outputs))
    return found


def is_quantized(module):
    return type(module).__module__.startswith("megengine.module.quantized")


def judge(request):
    with np.load(request["io"]) as archive:
        arrays = {name: archive[name] for name in archive.files}
    inputs = [arrays["in_%d" % number] for number in range(sum(name.startswith("in_") for name in arrays))]
    outputs = [arrays["out_%d" % number] for number in range(sum(name.startswith("out_") for name in arrays))]
    net = mge.load(request["model"])
    ours = computed(net, inputs)
    check_arguments(net)
    answer = {
        "errors": errors(ours, outputs),
        "modules": {name: type(module).__name__ for name, module in net.named_modules() if name},
        "graph": str(net.graph),
    }
    if request.get("deep"):
        with tempfile.TemporaryDirectory() as folder:
            answer["deep"] = deep(net, inputs, ours, folder)
    if request.get("quantize"):  # last: it changes the network
        net.eval()
        whole = quantize(net)
        whole.eval()
        answer["quantized"] = errors(computed(whole, inputs), ours)
        answer["whole"] = sorted({type(module).__name__ for module in whole.modules() if is_quantized(module)})
    return answer


def main(request_path, answer_path):
    with open(request_path) as file:
        requests = json.load(file)
    answers = []
    for request in requests:
        try:
            answers.append(judge(request))
        except Exception:
            answers.append({"failed": traceback.format_exc(limit=-4).split("backtrace:")[0]})
    with open(answer_path, "w") as file:
        json.dump(answers, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
