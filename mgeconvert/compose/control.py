"""Loops of a known number of turns laid out, sequences that are built and joined resolved, losses as arithmetic."""

from __future__ import annotations

from typing import cast

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Graph, Node, Value, subgraphs
from mgeconvert.ir.builder import Builder

from .table import Result, array_of, attributes, compose, data, integer, operand, scalar, shape_of

TURNS = 256
"""How many turns of a loop are laid out at the most, and NODES of how many nodes."""
NODES = 20_000


@compose("If")
def branch(b: Builder, node: Node) -> Result:
    """If(constant) -> the nodes of the branch that it takes."""
    condition = array_of(node, 0, "a condition")
    assert condition is not None
    name = "then_branch" if condition.item() else "else_branch"
    body = node.attrs[name]
    assert isinstance(body, Graph)
    return laid_out(b, body, [])


@compose("Loop")
def loop(b: Builder, node: Node) -> Result:
    """Loop(count, true, states) -> the body, `count` times one after the other; what it collects is concatenated."""
    count, running = array_of(node, 0, "a number of turns"), array_of(node, 1, "a condition")
    (body,) = subgraphs(node)
    going = next(iter(body.outputs.values()))
    if count is None:
        refuse("a loop without a number of turns")
    turns = 0 if running is not None and not running.item() else int(count.item())
    _check_bound(body, turns)
    states = [data(node, index) for index in range(2, len(node.inputs))]
    collected: list[list[Value]] = [[] for _ in range(len(body.outputs) - 1 - len(states))]
    is_fixed = _is_always_true(body, going)
    for turn in range(turns):
        results = laid_out(b, body, [b.constant(np.array(turn, np.int64)), b.constant(np.array(True)), *states])
        if not is_fixed and results[0].array is None:
            refuse("a loop that ends when a condition says so")
        states = results[1 : 1 + len(states)]
        for values, value in zip(collected, results[1 + len(states) :], strict=True):
            values.append(value)
        if results[0].array is not None and not results[0].array.item():
            break
    if collected and not collected[0]:
        refuse("a loop without a turn, whose results are empty")
    return [*states, *(_stacked(b, values, 0) for values in collected)]


@compose("Scan")
def scan(b: Builder, node: Node) -> Result:
    """Scan(states, inputs) -> the body for each slice of the inputs; what it collects is concatenated."""
    count = integer(node, "num_scan_inputs", 1)
    (body,) = subgraphs(node)
    states = [data(node, index) for index in range(len(node.inputs) - count)]
    scanned = [data(node, index) for index in range(len(node.inputs) - count, len(node.inputs))]
    axes = _listed(node, "scan_input_axes", count)
    backwards = _listed(node, "scan_input_directions", count)
    turns = shape_of(scanned[0])[axes[0]]
    if isinstance(turns, str):
        refuse(f"a Scan over a size known only at run time ({turns})")
    _check_bound(body, turns)
    collected: list[list[Value]] = [[] for _ in range(len(body.outputs) - len(states))]
    for turn in range(turns):
        slices = [
            b.op("Gather", value, np.array(turns - 1 - turn if back else turn, np.int64), axis=axis)
            for value, axis, back in zip(scanned, axes, backwards, strict=True)
        ]
        results = laid_out(b, body, [*states, *slices])
        states = results[: len(states)]
        for values, value in zip(collected, results[len(states) :], strict=True):
            values.append(value)
    if collected and not collected[0]:
        refuse("a Scan over nothing")
    out_axes = _listed(node, "scan_output_axes", len(collected))
    reverse = _listed(node, "scan_output_directions", len(collected))
    stacks = zip(collected, out_axes, reverse, strict=True)
    return [*states, *(_stacked(b, values[::-1] if back else values, axis) for values, axis, back in stacks)]


def _listed(node: Node, name: str, count: int) -> list[int]:
    given = node.attrs.get(name, (0,) * count)
    assert isinstance(given, tuple)
    return [int(number) for number in given]


def _check_bound(body: Graph, turns: int) -> None:
    if turns > TURNS or turns * len(body.nodes) > NODES:
        refuse(f"a loop of {turns} turns of {len(body.nodes)} operators, more than are laid out one after the other")


def _is_always_true(body: Graph, going: Value) -> bool:
    """Whether the body returns the condition that it was given."""
    given = list(body.inputs.values())[1]
    makers = body.producers()
    while going in makers and makers[going].op == "Identity":
        (source,) = makers[going].inputs
        assert source is not None
        going = source
    return going is given or (going.array is not None and bool(going.array.item()))


def laid_out(b: Builder, body: Graph, inputs: list[Value]) -> list[Value]:
    """The body's nodes once more, on these inputs; constants and what it reads from around it are shared."""
    values: dict[Value | None, Value | None] = {None: None}
    values |= dict(zip(body.inputs.values(), inputs, strict=True))
    for inner in body.nodes:
        if subgraphs(inner):
            refuse("a loop in a loop")
        operands = [values.get(value, value) for value in inner.inputs]
        results = b.ops(inner.op, len(inner.outputs), *operands, domain=inner.domain, **attributes(inner))
        values |= dict(zip(inner.outputs, results, strict=True))
    return [value for each in body.outputs.values() if (value := values.get(each, each)) is not None]


def _stacked(b: Builder, values: list[Value], axis: int) -> Value:
    return b.op("Concat", *(b.op("Unsqueeze", value, [axis]) for value in values), axis=axis)


@compose("NegativeLogLikelihoodLoss")
def negative_log_likelihood(b: Builder, node: Node) -> Result:
    """NegativeLogLikelihoodLoss(x, target, w) -> -x[target] w[target], their sum, or their sum / Sum(w[target])"""
    return _loss(b, node, data(node))


@compose("SoftmaxCrossEntropyLoss")
def softmax_cross_entropy(b: Builder, node: Node) -> Result:
    """SoftmaxCrossEntropyLoss(x, target, w) -> the loss of LogSoftmax(x), LogSoftmax(x)"""
    log = b.op("LogSoftmax", data(node), axis=1)
    return [_loss(b, node, log), log]


def _loss(b: Builder, node: Node, log: Value) -> Value:
    """A class that is ignored weighs nothing; its number may lie outside the classes."""
    target, weights, ignored = data(node, 1), operand(node, 2), node.attrs.get("ignore_index")
    counts = None
    if ignored is not None:
        is_ignored = b.op("Equal", target, scalar(target, cast("int", ignored)))
        target = b.op("Where", is_ignored, scalar(target, 0), target)
        counts = b.op("Where", is_ignored, scalar(log, 0), scalar(log, 1))
    picked = b.op("Squeeze", b.op("GatherElements", log, b.op("Unsqueeze", target, [1]), axis=1), [1])
    if weights is not None:
        each = b.op("Gather", weights, target, axis=0)
        counts = each if counts is None else b.op("Mul", each, counts)
    loss = b.op("Neg", picked if counts is None else b.op("Mul", picked, counts))
    reduction = str(node.attrs.get("reduction", "mean"))
    if reduction == "none":
        return loss
    if reduction == "sum" or counts is None:
        return b.op(f"Reduce{reduction.capitalize()}", loss, keepdims=0)
    return b.op("Div", b.op("ReduceSum", loss, keepdims=0), b.op("ReduceSum", counts, keepdims=0))
