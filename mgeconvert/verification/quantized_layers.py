"""A quantized graph layer by layer, each layer fed with the source's own input.

A layer ends at a QuantizeLinear. Its integer has to be the rounding of the number that the source has there, either way
at a half: |n - x / scale - zero_point| <= 1/2 + slack. So a difference of one step is judged where it arises, and does
not travel: what a network's last layer shows of it says nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert import registry
from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.statistics import elements
from mgeconvert.quantization.grids import DEQUANTIZE, MOVING, QUANTIZE

from .asking import IR_RUNTIME
from .divergence import difference
from .tolerance import RTOL

SLACK = 2e-3
"""In steps: what sums of float32 are off, and multipliers of 31 bits."""
APPROXIMATE = {"Softmax": 1.0, "HardSwish": 1.0, "Sigmoid": 1.0, "Tanh": 1.0}
"""In steps: operators for which runtimes have tables or polynomials of their own."""
CHUNK = 1 << 26
"""How many numbers of layers are computed at once."""


@dataclass(frozen=True, slots=True)
class LayersReport:
    """How many layers and integers were looked at, how many integers are the other rounding of the source's number, and
    the first layer that is wrong, in words (empty: none is)."""

    layers: int
    integers: int
    other_way: int
    wrong: str = ""

    @property
    def text(self) -> str:
        """One line."""
        if self.wrong:
            return f"layer by layer: {self.wrong}"
        return (
            f"each of {self.layers} quantized layers is right for the source's own input"
            f" ({self.other_way} of {self.integers} integers so near a half that they were rounded the other way);"
            " the difference is what later layers make of that"
        )


@dataclass(frozen=True, slots=True)
class Layer:
    """`real` is what the QuantizeLinear reads, `values` what its DequantizeLinears give, all on one grid."""

    quantize: Node
    values: tuple[Value, ...]
    scale: np.float32
    zero: int
    slack: float

    @property
    def real(self) -> Value:
        value = self.quantize.inputs[0]
        assert value is not None
        return value


def check_layers(
    graph: Graph, feeds: Mapping[str, np.ndarray], target: registry.Backend, options: Mapping[str, Any]
) -> LayersReport:
    """Compute every layer of the graph in onnxruntime, every rounding as in the source, then each alone in the target's
    runtime. MgeconvertError where one of them cannot."""
    layers = integers = other_way = 0
    count = len(layers_of(graph))
    for chunk in _chunks(layers_of(graph)):
        real, whole, ends = _truth(graph, chunk, feeds, with_ends=chunk.stop == count)
        found, found_ends = _alone(graph, chunk, feeds, whole, target, options, with_ends=chunk.stop == count)
        for number, layer in enumerate(layers_of(graph)[chunk]):
            steps = np.rint(found[number].astype(np.float64) / layer.scale)
            limits = np.iinfo(layer.quantize.outputs[0].dtype or np.int8)
            exact = np.clip(
                real[number].astype(np.float64) / layer.scale, limits.min - layer.zero, limits.max - layer.zero
            )
            off = np.abs(steps - exact)
            layers, integers = layers + 1, integers + steps.size
            other_way += int(np.count_nonzero(np.rint(whole[number].astype(np.float64) / layer.scale) != steps))
            wrong = int(np.count_nonzero(off > 0.5 + layer.slack))
            if wrong:
                place = layer.quantize.origin or layer.quantize.name
                said = f"{place}: {wrong} of {steps.size} integers are no rounding of the source's numbers"
                return LayersReport(layers, integers, other_way, f"{said}, up to {off.max():.3g} steps off")
        for name, end in ends.items():
            error = difference(found_ends[name], end)
            if not error <= RTOL:
                return LayersReport(layers, integers, other_way, f"{name}, computed in floats, is off by {error:.3g}")
    return LayersReport(layers, integers, other_way)


def layers_of(graph: Graph) -> list[Layer]:
    """The layers in order: every QuantizeLinear of a computed value to one constant scale that is dequantized."""
    producers, users = graph.producers(), graph.users()
    found = []
    for node in graph.nodes:
        if node.op != QUANTIZE or node.domain or node.inputs[0] is None or node.inputs[0].is_constant:
            continue
        grid = _grid(node)
        pairs = [each for each in users.get(node.outputs[0], []) if each.op == DEQUANTIZE and _grid(each) == grid]
        if grid is not None and pairs and node.outputs[0].dtype is not None and node.outputs[0].dtype.kind in "iu":
            values = tuple(pair.outputs[0] for pair in pairs)
            found.append(Layer(node, values, *grid, _slack(node, producers, grid[0])))
    return found


def _grid(node: Node) -> tuple[np.float32, int] | None:
    """Scale and zero point, where each is one constant number."""
    scale, zero = node.inputs[1], node.inputs[2] if len(node.inputs) > 2 else None
    if scale is None or scale.array is None or scale.array.size != 1:
        return None
    if zero is not None and (zero.array is None or zero.array.size != 1):
        return None
    return np.float32(scale.array.item()), 0 if zero is None or zero.array is None else int(zero.array.item())


def _slack(node: Node, producers: Mapping[Value, Node], scale: np.float32) -> float:
    """In steps: that of the operator, and half an accumulator's step where kernels round a bias that the source does
    not."""
    made = producers.get(node.inputs[0]) if node.inputs[0] is not None else None
    while made is not None and made.op in ("Relu", "Clip") and made.inputs[0] is not None:
        made = producers.get(made.inputs[0])
    if made is None:
        return SLACK
    slack = SLACK + APPROXIMATE.get(made.op, 0.0)
    bias = made.inputs[2] if made.op in ("Conv", "Gemm", "ConvTranspose") and len(made.inputs) > 2 else None
    if bias is None or bias.array is None:
        return slack
    factors = [scale_behind(value, producers, {*MOVING, "Pad"}) for value in made.inputs[:2]]
    return slack + 0.5 * factors[0] * factors[1] / float(scale)


def scale_behind(value: Value | None, producers: Mapping[Value, Node], through: Container[str] = MOVING) -> float:
    """The largest scale of the DequantizeLinear that a value is from, perhaps `through` other operators; 0 where there
    is none."""
    made = None if value is None else producers.get(value)
    while made is not None and made.op in through and made.inputs[0] is not None:
        made = producers.get(made.inputs[0])
    scale = made.inputs[1] if made is not None and made.op == DEQUANTIZE else None
    return 0.0 if scale is None or scale.array is None else float(scale.array.max())


def _chunks(layers: list[Layer]) -> Iterator[slice]:
    start = size = 0
    for number, layer in enumerate(layers):
        size += elements(layer.real) or 0
        if size > CHUNK and number > start:
            yield slice(start, number)
            start, size = number, elements(layer.real) or 0
    if layers:
        yield slice(start, len(layers))


def _truth(
    graph: Graph, chunk: slice, feeds: Mapping[str, np.ndarray], with_ends: bool
) -> tuple[list[np.ndarray], list[np.ndarray], dict[str, np.ndarray]]:
    """What each layer rounds, what it gives, and the graph's outputs, in onnxruntime."""
    copy = graph.copy()
    layers = layers_of(copy)[chunk]
    ends = dict(copy.outputs) if with_ends else {}
    wanted = [*(layer.real for layer in layers), *(layer.values[0] for layer in layers)]
    copy.outputs = {f"probe_{number}": value for number, value in enumerate([*wanted, *ends.values()])}
    found = _run(copy, feeds, registry.backend(IR_RUNTIME), {"exact_rounding": True})
    count = len(layers)
    return found[:count], found[count : 2 * count], dict(zip(ends, found[2 * count :], strict=True))


def _alone(
    graph: Graph,
    chunk: slice,
    feeds: Mapping[str, np.ndarray],
    whole: list[np.ndarray],
    target: registry.Backend,
    options: Mapping[str, Any],
    with_ends: bool,
) -> tuple[list[np.ndarray], dict[str, np.ndarray]]:
    """What each layer gives in the target's runtime for the source's numbers, and the outputs behind the last ones."""
    copy = graph.copy()
    every = layers_of(copy)
    layers, ends = every[chunk], dict(copy.outputs) if with_ends else {}
    given: dict[Value, Value] = {}
    before: list[Node] = []
    inputs: dict[str, Value] = {}
    for number, layer in enumerate(every[: chunk.stop]):
        value = layer.values[0]
        fed, stored, real = (
            Value(f"{value.name}/{name}", value.dtype, value.shape) for name in ("fed", "whole", "real")
        )
        stored.dtype = layer.quantize.outputs[0].dtype
        grid = layer.quantize.inputs[1:]
        before.append(Node(QUANTIZE, [fed, *grid], [stored], dict(layer.quantize.attrs), f"fed_{number}/{QUANTIZE}"))
        before.append(Node(DEQUANTIZE, [stored, *grid], [real], {}, f"fed_{number}/{DEQUANTIZE}"))
        inputs[f"fed_{number}"] = fed
        given.update(dict.fromkeys(layer.values, real))
    for node in copy.nodes:
        node.inputs = [None if value is None else given.get(value, value) for value in node.inputs]
    ends = {name: given.get(value, value) for name, value in ends.items()}
    copy.nodes = [*before, *copy.nodes]
    results = [*(layer.values[0] for layer in layers), *ends.values()]
    copy.outputs = {f"probe_{number}": value for number, value in enumerate(results)}
    copy.inputs = {**copy.inputs, **inputs}
    arrays = {f"fed_{chunk.start + number}": array for number, array in enumerate(whole)}
    found = _run(copy, {**feeds, **arrays}, target, options)
    return found[: len(layers)], dict(zip(ends, found[len(layers) :], strict=True))


def _run(
    graph: Graph, feeds: Mapping[str, np.ndarray], target: registry.Backend, options: Mapping[str, Any]
) -> list[np.ndarray]:
    """The graph's outputs in the target's runtime, in order."""
    assert target.run is not None
    graph.remove_dead_nodes()
    used = graph.use_counts()
    graph.inputs = {name: value for name, value in graph.inputs.items() if value in used}
    writes = {option.name for option in target.options if option.file == "writes"}
    plain = {name: value for name, value in options.items() if name not in writes}
    with tempfile.TemporaryDirectory(prefix="mgeconvert-") as folder:
        files = target.save(graph, Path(folder) / f"layers{target.suffixes[0]}", **plain)
        return list(target.run(files[0], {name: feeds[name] for name in graph.inputs}).values())
