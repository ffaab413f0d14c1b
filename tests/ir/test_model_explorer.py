"""The JSON for Model Explorer: nodes in the namespaces of their modules, edges between ids that exist."""

from __future__ import annotations

import json

import numpy as np

from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.model_explorer import model_explorer
from mgeconvert.ir.scopes import Scope


def network() -> Graph:
    b = Builder()
    x = b.input("x", np.float32, (1, 3))
    top = Scope("", "Net")
    block = Scope("block", "Block", None, top)
    b.enter(Scope("block.fc", "Linear", None, block))
    y = b.op("Gemm", x, b.constant(np.ones((3, 3), np.float32), name="block.fc.weight"), transB=1)
    b.enter(Scope("", "relu", None, top))
    b.output("y", b.op("Relu", y))
    return b.graph


def test_nodes_edges_and_namespaces() -> None:
    collection = model_explorer(network())
    assert json.loads(json.dumps(collection)) == collection
    (graph,) = collection["graphs"]
    assert [(node["id"], node["label"], node["namespace"]) for node in graph["nodes"]] == [
        ("input x", "x", ""),
        ("block.fc/Gemm", "Gemm", "block/fc"),
        ("Relu", "Relu", ""),
        ("output y", "y", ""),
    ]
    edges = [(edge["sourceNodeId"], node["id"]) for node in graph["nodes"] for edge in node["incomingEdges"]]
    assert edges == [("input x", "block.fc/Gemm"), ("block.fc/Gemm", "Relu"), ("Relu", "output y")]
    gemm = graph["nodes"][1]
    assert {"key": "transB", "value": "1"} in gemm["attrs"]
    assert {"key": "input 1", "value": "block.fc.weight: float32[3,3]"} in gemm["attrs"]
    assert gemm["outputsMetadata"][0]["attrs"][1] == {"key": "tensor_shape", "value": "float32[1,3]"}
    assert graph["groupNodeAttributes"]["block/fc"] == {
        "class": "Linear", "calls": "1", "parameters": "9", "MACs": "9",
    }  # fmt: skip


def test_every_edge_leads_from_a_node_that_is_there() -> None:
    (graph,) = model_explorer(network())["graphs"]
    ids = {node["id"] for node in graph["nodes"]}
    assert len(ids) == len(graph["nodes"])
    assert all(edge["sourceNodeId"] in ids for node in graph["nodes"] for edge in node["incomingEdges"])
