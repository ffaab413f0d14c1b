"""Modules that came by an edit: what the source's file would say of their calls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mgeconvert.ir.modules import Body
from mgeconvert.ir.scopes import Attribute, leaves

from ..lower.scopes import Form
from ..read import graph as g
from ..read.modules import TracedModuleRecord


def give_forms(bodies: Iterable[Body]) -> set[int]:
    """Let the bodies of new modules be calls that have a form, with one record for all calls of one path; returns the
    ids of the records."""
    records: dict[str, TracedModuleRecord] = {}
    for body in bodies:
        if body.scope is None or body.scope.call is None or body.scope.call.form is not None:
            continue
        call = body.scope.call
        if body.path not in records:
            records[body.path] = TracedModuleRecord()
        owner = Attribute(body.path, records[body.path])
        form = (Form(None, _graph(call.name, call.names)), [owner, *leaves(call.args)], list(leaves(call.results)))
        body.scope = replace(body.scope, call=replace(call, form=form))
    return {id(record) for record in records.values()}


def _graph(name: str, names: Iterable[str]) -> g.InternalGraph:
    """What is known of the graph: its name and those of its inputs."""
    graph = g.InternalGraph()
    graph.name, graph.exprs, graph.outputs = name, [], []
    graph.inputs = [_node(each) for each in ("self", *names)]
    return graph


def _node(name: str) -> g.Node:
    node = g.TensorNode()
    node.name, node.qualname, node.shape, node.dtype, node.qparams = name, None, None, None, None
    return node
