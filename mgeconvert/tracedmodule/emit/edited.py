"""Modules that came by an edit: what the source's file would say of their calls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mgeconvert.ir.modules import Body
from mgeconvert.ir.scopes import Attribute, leaves

from ..lower.scopes import Form
from ..read import graph as g
from ..read.modules import TracedModuleRecord


def give_forms(bodies: Sequence[Body]) -> set[int]:
    """Let the bodies of new modules be calls that have a form, with one record for all calls of one path; returns the
    ids of the records."""
    records: dict[str, TracedModuleRecord] = {}
    top = bodies[0].scope.kind if bodies[0].scope is not None else ""
    for body in bodies:
        if body.scope is None or body.scope.call is None or body.scope.call.form is not None:
            continue
        call = body.scope.call
        if body.path not in records:
            records[body.path] = TracedModuleRecord()
        owner = Attribute(body.path, records[body.path])
        graph = _graph(call.name, ".".join(filter(None, (top, body.path))), call.names)
        form = (Form(None, graph), [owner, *leaves(call.args)], list(leaves(call.results)))
        body.scope = replace(body.scope, call=replace(call, form=form))
    return {id(record) for record in records.values()}


def _graph(name: str, qualname: str, names: Iterable[str]) -> g.InternalGraph:
    """What is known of the graph: its name, that of its module from the top, and those of its inputs."""
    graph = g.InternalGraph()
    graph.name, graph.exprs, graph.outputs = name, [], []
    graph.inputs = [_node(each) for each in ("self", *names)]
    graph.inputs[0].qualname = qualname
    return graph


def _node(name: str) -> g.Node:
    node = g.TensorNode()
    node.name, node.qualname, node.shape, node.dtype, node.qparams = name, None, None, None, None
    return node
