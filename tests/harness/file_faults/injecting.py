"""Faults in the files of a format, and what is said of each."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mgeconvert
from mgeconvert import registry
from mgeconvert.ir import Graph, Value
from mgeconvert.verification.layers.compare import Truth, truth_of
from tests.harness.faults import KINDS, Fault, Verdict, judged, network

from . import caffe_file, tflite_file

FILES = {"tflite": tflite_file.File, "caffe": caffe_file.File}
TRIES = 400
"""A network has no faults of a kind where so many in a row do not run, or change nothing."""


def injected(target: str, family: str, name: str, count: int, seed: int = 0) -> Iterator[Verdict]:
    """The verdicts on so many faults in a network's file, of each kind in turn as long as the network has such."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        model, _ = network(family, name, folder)
        opened = FILES[target]
        path = folder / f"written{opened.suffix}"
        mgeconvert.convert(model, path, verify=False)
        truth = truth_of(model, registry.backend(target))
        chance = random.Random(f"{name} {seed}")
        kinds, done = list(KINDS), 0
        while done < count and kinds:
            for kind in tuple(kinds):
                verdict = _next(opened(path), kind, truth, folder, chance)
                if verdict is None:
                    kinds.remove(kind)
                elif done < count:
                    done += 1
                    yield verdict


def _next(clean: Any, kind: str, truth: Truth, folder: Path, chance: random.Random) -> Verdict | None:
    """The verdict on a fault of the kind; None where none is found."""
    for _ in range(TRIES):
        changed = clean.copied()
        at = chance.randrange(len(clean.nodes))
        what = changed.change(kind, changed.nodes[at], chance)
        if not what:
            continue
        file = folder / f"fault{clean.suffix}"
        changed.write(file)
        node = clean.nodes[at]
        fault = Fault(kind, clean.name(node), clean.op(node), what)
        verdict = judged(truth, file, fault, folder / "part", modules(truth.source.graph, clean, at))
        if verdict is not None:
            return verdict
    return None


def modules(source: Graph, file: Any, at: int) -> set[str]:
    """The modules of the source that a node of the file stands for."""
    paths = {node.scope.path for node in source.nodes if node.scope is not None} | {""}
    node = file.nodes[at]
    if file.suffix == caffe_file.File.suffix:  # its layers have the names of modules
        name = file.name(node)
        return {max((path for path in paths if not path or name == path or name.startswith(f"{path}/")), key=len)}
    named = {value.name: value for each in source.nodes for value in each.outputs}
    end = _following(file, at, named) or next(iter(source.outputs.values()))
    return _between(source, _preceding(file, node, named) - {end}, end)


def _following(file: Any, at: int, named: dict[str, Value]) -> Value | None:
    """The first value of the source among those that depend on a node of the file."""
    reached: set[str] = set()
    for node in file.nodes[at:]:
        reads, makes = file.ends(node)
        if node is file.nodes[at] or reached & set(reads):
            reached |= set(makes)
            for name in makes:
                if name in named:
                    return named[name]
    return None


def _preceding(file: Any, node: Any, named: dict[str, Value]) -> set[Value]:
    """The values of the source that a node of the file is computed from."""
    makers = {name: each for each in file.nodes for name in file.ends(each)[1]}
    waiting, seen, found = list(file.ends(node)[0]), set[str](), set[Value]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in named:
            found.add(named[name])
        elif name in makers:
            waiting += file.ends(makers[name])[0]
    return found


def _between(graph: Graph, starts: set[Value], end: Value) -> set[str]:
    """The modules of the nodes that compute a value from others."""
    makers = graph.producers()
    waiting, seen = [end], set()
    while waiting:
        node = makers.get(waiting.pop())
        if node is not None and node not in seen:
            seen.add(node)
            waiting += [value for value in node.inputs if value is not None and value not in starts]
    return {"" if node.scope is None else node.scope.path for node in seen}
