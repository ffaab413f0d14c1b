"""The graph surgery of MegEngine's documentation, done by MegEngine; a script for that interpreter.

    python surgery_judge.py JOBS.json ANSWER.json

A job says which `surgery` is done on the model `source`, an .npz with `inputs`, and the file `edited` by mgeconvert.
The answer says how far the outputs of both are apart, of which structure they are, and the module paths of both.

Source: "TracedModule interface" and "Common graph surgery" of MegEngine's user guide, on resnet18.
"""

import json
import sys

import megengine as mge
import megengine.functional as F
import megengine.module as M
import numpy as np
from megengine.traced_module.pytree import tree_flatten


def relus(net):
    return net.layer1.graph.get_function_by_type(F.relu).as_list()


def replace(expr, new):
    expr.top_graph.replace_node({expr.outputs[0]: new})
    expr.top_graph.compile()


def delete_relus(net):
    for expr in relus(net):
        replace(expr, expr.inputs[0])


def negate_relus(net):
    for expr in relus(net):
        with expr.top_graph.insert_exprs():
            new = F.neg(expr.outputs[0])
        replace(expr, new)


def relu6(net):
    for expr in relus(net):
        with expr.top_graph.insert_exprs():
            new = F.relu6(expr.inputs[0])
        replace(expr, new)


class MyNeg(M.Module):
    def forward(self, x):
        return x * -1


def insert_module(net):
    net.neg = MyNeg()
    graph, out = net.graph, net.graph.outputs[0]
    with graph.insert_exprs():
        new = getattr(graph.inputs[0], "neg")(out)  # noqa: B009 (as the documentation has it)
    graph.replace_node({out: new})
    graph.compile()


def negate_linear(net):
    (node,) = net.graph.get_module_by_type(M.Linear, False).as_list()
    expr = node.users[0]
    with expr.top_graph.insert_exprs():
        new = F.neg(expr.outputs[0])
    replace(expr, new)


def add_input(net):
    graph, out = net.graph, net.graph.outputs[0]
    y = graph.add_input_node(shape=(1, 1000), dtype="float32", name="y")
    net.argspec.args.append("y")
    with graph.insert_exprs():
        new = out + y
    graph.replace_node({out: new})
    graph.compile()


def named(net, name):
    return net.graph.get_node_by_name(f"{net.graph.name}_{name}", recursive=False).as_unique()


def add_output(net):
    net.graph.add_output_node(named(net, "flatten_out"))


def nested_outputs(net):
    outputs = {"fc_inp": named(net, "flatten_out"), "fc_out": named(net, "fc_out")}
    net.graph.reset_outputs((outputs, named(net, "layer4_out")))


def end_points(net):
    net.set_end_points([named(net, "layer4_out"), named(net, "avg_pool2d_out")])


def setitem(net):
    """The result of the assignment itself: in 1.13 what is computed of `x` behind it reads `x` as it was before."""
    graph, x = net.graph, net.graph.outputs[0]
    with graph.insert_exprs():
        x[0, 2:5] = 1
    graph.replace_node({x: x.users[-1].outputs[0]})
    graph.compile()


def rename(net):
    net.graph.outputs[0].name = "I_am_output"


def half(net):
    module = getattr(net.layer1, "0").conv1
    module.weight = module.weight.astype("float16")
    (expr,) = [e for e in getattr(net.layer1, "0").graph.exprs(False) if str(e.outputs[0].name) == "conv1_out"]
    with expr.top_graph.insert_exprs():
        narrow = expr.inputs[1].astype("float16")
    expr.replace_inputs({expr.inputs[1]: narrow})
    with expr.top_graph.insert_exprs():
        wide = expr.outputs[0].astype("float32")
    replace(expr, wide)


def watched(net, inputs):
    """What a watch point shows of a node within a module."""
    node = named(getattr(net.layer1, "0"), "conv1_out")
    net.set_watch_points([node])
    net(*inputs)
    return net.watch_node_value[node]


def own_graph(net, inputs):
    """What `InternalGraph.eval` of a module's graph gives."""
    return net.layer1.graph.eval(*inputs)[0]


def flattened(net, inputs):
    return net.flatten()(*inputs)


EDITS = {
    edit.__name__: edit
    for edit in (
        delete_relus, negate_relus, relu6, insert_module, negate_linear, add_input, add_output, nested_outputs,
        end_points, setitem, rename, half,
    )
}  # fmt: skip
RUNS = {run.__name__: run for run in (watched, own_graph, flattened)}


def paths(net):
    net.clear_end_points()
    return [path for path, _ in net.named_modules()]


def outputs(result):
    leaves, structure = tree_flatten(result)
    return [np.array(leaf.numpy()) for leaf in leaves], repr(structure)


def judge(job):
    with np.load(job["inputs"]) as archive:
        inputs = [mge.Tensor(archive[name]) for name in archive.files]
    net = mge.load(job["source"])
    if job["surgery"] in EDITS:
        EDITS[job["surgery"]](net)
        expected, structure = outputs(net(*inputs))
    else:
        expected, structure = outputs(RUNS[job["surgery"]](net, inputs))
    edited = mge.load(job["edited"])
    found, other = outputs(edited(*inputs))
    errors = [float(np.abs(a - b).max() / np.abs(a).max()) for a, b in zip(expected, found)]
    return {
        "error": max(errors) if len(expected) == len(found) else None,
        "structure": [structure, other],
        "modules": [paths(one) for one in (net, edited)] if job["surgery"] in EDITS else None,
        "names": [[str(node.name) for node in one.graph.outputs] for one in (net, edited)],
    }


def main(jobs, answers):
    with open(jobs) as file:
        requests = json.load(file)
    with open(answers, "w") as file:
        json.dump([judge(job) for job in requests], file)


if __name__ == "__main__":
    main(*sys.argv[1:])
