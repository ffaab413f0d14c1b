"""`load`: a .tflite file to a checked graph, and what is said about it."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from mgeconvert.errors import BadInputError, Problem, RefusedError, refuse
from mgeconvert.ir import Graph, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.name_trees import nest_by_names
from mgeconvert.registry import Source

from ..dtypes import INERT
from ..hybrid import is_hybrid
from ..layout.holding import Held, dequantize, is_real, quantize
from ..layout.view import plain
from ..model import Layout, Tensor, channels_first, identity, permuted
from ..names import FROM_FRONT, INDICES, WEIGHTS
from ..read.entry import Entry, about, entry
from ..read.model_file import read
from .driver import Driver, unsupported
from .plugins import load_plugins

logger = logging.getLogger("mgeconvert.tflite")
PICKING = frozenset(["GATHER", "GATHER_ND", "EMBEDDING_LOOKUP"])
"""Operators that read at indices."""
IMAGES = (4, 5)
"""Numbers of axes that `nchw` applies to."""


def load(
    source: Source,
    input_layout: str | None = None,
    output_layout: str | None = None,
    signature: str = "",
    state: str = "refuse",
) -> Graph:
    """The graph of one signature. Inputs and outputs are as `run` takes and gives them, unless a layout is asked for.

    Raises BadInputError for a file that is damaged, UnsupportedError with all operators that cannot be lowered,
    UsageError for a signature that the file does not have.
    """
    load_plugins()
    file = read(source)
    chosen = entry(file, signature)
    b = Builder()
    b.graph.name = chosen.subgraph.name or "main"
    b.graph.metadata.update(_metadata(about(file), file.description))
    if any(is_hybrid(operator) and operator.op != "DEQUANTIZE" for operator in chosen.subgraph.operators):
        b.graph.metadata[WEIGHTS] = "dynamic"
    if any(operator.op in PICKING for operator in chosen.subgraph.operators):
        b.graph.metadata[INDICES] = FROM_FRONT
    driver = Driver(b, file, state == "explicit")
    border = _Border(driver, chosen, input_layout, output_layout)
    for name, tensor in chosen.inputs.items():
        border.guarded(name, "Input", lambda name=name, tensor=tensor: border.enter(name, tensor))
    driver.run(chosen.number)
    for name, tensor in chosen.outputs.items():
        border.guarded(name, "Output", lambda name=name, tensor=tensor: border.leave(name, tensor))
    driver.state.leave()
    if driver.problems:
        raise unsupported(driver.problems)
    b.graph.remove_dead_nodes()
    nest_by_names(b.graph)
    b.graph.check()
    for line in (border.report(), *driver.state.report()):
        logger.info("%s", line)
    return b.graph


def _metadata(notes: Mapping[str, object], description: str) -> dict[str, str]:
    source = notes.get("source")
    if isinstance(source, dict):
        return {str(key): str(value) for key, value in source.items()}
    return {"source": description} if description else {}


class _Border:
    """Inputs and outputs of the graph, in the layout that is asked for."""

    def __init__(self, driver: Driver, chosen: Entry, inputs: str | None, outputs: str | None) -> None:
        self.driver = driver
        self.chosen = chosen
        self.wanted = (inputs, outputs)
        self.layouts: dict[str, Layout] = {}

    def guarded(self, name: str, kind: str, action: object) -> None:
        try:
            action()  # type: ignore[operator]
        except RefusedError as refusal:
            self.driver.problems.append(Problem(name, kind, str(refusal)))

    def enter(self, name: str, tensor: Tensor) -> None:
        driver, b = self.driver, self.driver.b
        if tensor.dtype == INERT or tensor.dtype.kind == "c":
            driver.broken.add(tensor)
            refuse("an input that is no tensor of numbers")
        layout = self._layout(self.wanted[0], tensor, tensor.rank, self.chosen.input_layouts.get(name))
        value = b.input(name, tensor.dtype, permuted(tensor.shape, layout))
        first = channels_first(tensor.rank)
        if tensor in driver.preferring and tensor.rank > 2 and layout == identity(tensor.rank):
            value, layout = b.op("Transpose", value, perm=first), first
        if is_real(tensor):
            assert tensor.quantization is not None
            value = dequantize(b, value, tensor.quantization)
        driver.keep(tensor, Held(value, plain(tensor.shape, layout)))

    def leave(self, name: str, tensor: Tensor) -> None:
        driver, b = self.driver, self.driver.b
        if tensor in driver.broken:
            return
        tensor = driver.resolved(tensor)
        if not driver.knows(tensor):
            raise BadInputError(f"{driver.path}: output {name} is made by no operator")
        rank = len(driver.shape(tensor))
        layout = self._layout(self.wanted[1], tensor, rank, self.chosen.output_layouts.get(name))
        value = driver.realise(tensor, layout)
        if is_real(tensor):
            value = self._integers(value, tensor)
        if value.is_constant or value in b.graph.inputs.values() or value in b.graph.outputs.values():
            value = _copied(b, value)
        b.output(name, value)
        if not value.is_constant and value.name != name:
            b.rename(value, name)

    def _integers(self, value: Value, tensor: Tensor) -> Value:
        """What was dequantized, or the value rounded anew, which changes nothing."""
        nodes = self.driver.b.graph.nodes
        last = next((node for node in reversed(nodes) if value in node.outputs), None)
        if last is not None and last.op == "DequantizeLinear" and last.inputs[0] is not None:
            return last.inputs[0]
        assert tensor.quantization is not None
        return quantize(self.driver.b, value, tensor.quantization, tensor.dtype)

    def _layout(self, wanted: str | None, tensor: Tensor, rank: int, recorded: Layout | None) -> Layout:
        """Which axis of the tensor each axis of the graph's value is."""
        if wanted is None and recorded is not None and len(recorded) == rank:
            return tuple(recorded.index(axis) for axis in range(rank))
        if wanted == "nchw" and rank in IMAGES:
            return channels_first(rank)
        if wanted == "auto" and rank > 2 and tensor in self.driver.preferring:
            return channels_first(rank)
        return identity(rank)

    def report(self) -> str:
        kept = [side for side, wanted in zip(("inputs", "outputs"), self.wanted, strict=True) if wanted is None]
        return f"{' and '.join(kept)} as in the file" if kept else "inputs and outputs in the layouts asked for"


def _copied(b: Builder, value: Value) -> Value:
    return b.op("Identity", value) if not value.is_constant else b.constant(value.array)
