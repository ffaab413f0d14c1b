"""Faults put into written ONNX files: a weight, an attribute, an axis, swapped inputs; and what must be said of them.

    python -m tests.harness.faults 200

puts so many into five networks, ten or more of each kind each, and prints in how many the module is named and the part
that is cut out is small and still fails.
"""

from __future__ import annotations

import itertools
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

import mgeconvert
from mgeconvert import registry
from mgeconvert.errors import MgeconvertError
from mgeconvert.verification.layers.compare import Truth, compare, truth_of
from mgeconvert.verification.layers.reduce import NODES, write_part
from tests.harness import goldens

NETWORKS = (
    ("networks_images", "resnet-bottleneck"),
    ("networks_images", "ShuffleNet"),
    ("networks_images", "MobileNetV3"),
    ("networks_images", "ViT"),
    ("networks_others", "Bert"),
)
KINDS = ("weight", "attribute", "axis", "swapped")
AXES = ("axis", "axes", "perm")
FREE = {"strides", "pads", "dilations", "alpha", "beta", "epsilon", "kernel_shape", "transA", "transB", "ceil_mode",
        "count_include_pad", "keepdims", "group", "approximate", "min", "max", "num_groups"}  # fmt: skip
TRIES = 60
"""A network has no faults of a kind where so many in a row do not run, or change nothing."""
NODES_TRIED = 4000
COMMUTES = {"Add", "Mul", "Max", "Min", "And", "Or", "Equal", "Sum"}


@dataclass(frozen=True, slots=True)
class Fault:
    """What was changed: the node's name and operator, and what."""

    kind: str
    node: str
    op: str
    what: str

    @property
    def module(self) -> str:
        """The node's module path."""
        return self.node.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the module is named, and the part's nodes and whether it fails."""

    fault: Fault
    named: bool
    said: str
    nodes: int
    fails: bool

    @property
    def is_good(self) -> bool:
        return self.named and self.fails and self.nodes <= NODES


def network(family: str, name: str, folder: Path) -> tuple[Path, Path]:
    """The network's TracedModule with its recorded data beside it, and the ONNX file that is written of it."""
    row = next(row for row in goldens.families()[family] if row.id == name)
    golden = goldens.load(family, row)
    model = folder / f"{name}.pkl"
    model.write_bytes(golden.model)
    arrays = {f"in_{n}": a for n, a in enumerate(golden.inputs)} | {f"out_{n}": a for n, a in enumerate(golden.outputs)}
    np.savez(model.with_suffix(".npz"), **arrays)
    written = folder / f"{name}.onnx"
    mgeconvert.convert(model, written)
    return model, written


def faults(model: onnx.ModelProto, kind: str, chance: random.Random) -> Iterator[tuple[Fault, onnx.ModelProto]]:
    """Changed copies of the model, one fault of the kind in each, as long as there are nodes that can have it."""
    change = {"weight": _weight, "attribute": _attribute, "axis": _axis, "swapped": _swapped}[kind]
    for _ in range(NODES_TRIED):
        copy = onnx.ModelProto()
        copy.CopyFrom(model)
        node = chance.choice(copy.graph.node)
        what = change(copy, node, chance)
        if what:
            yield Fault(kind, node.name, node.op_type, what), copy


def judged(
    truth: Truth, written: Path, fault: Fault, folder: Path, right: Collection[str] | None = None
) -> Verdict | None:
    """What is said of a changed file; None where it does not run or computes the same all the same: no fault then.
    `right` are the modules that may be named, without it the one of the fault."""
    backend = registry.backend_for(written)
    try:
        found = compare(written, backend, truth)
    except MgeconvertError:
        return None
    if found.culprit is None or found.part is None:
        return None
    reduced = write_part(found.part, folder, backend, found.limit)
    named = not ({fault.module} if right is None else set(right)).isdisjoint(found.culprit.modules[:1])
    return Verdict(fault, named, found.culprit.text, reduced.nodes, reduced.fails)


def injected(family: str, name: str, count: int, seed: int = 0) -> Iterator[Verdict]:
    """The verdicts on so many faults in a network, of each kind in turn as long as the network has such."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        model, written = network(family, name, folder)
        truth = truth_of(model, registry.backend("onnx"))
        clean, file = onnx.load(str(written)), folder / "fault.onnx"
        chance = random.Random(f"{name} {seed}")
        kinds = {kind: faults(clean, kind, chance) for kind in KINDS}
        done = 0
        while done < count:
            for kind in tuple(kinds):
                verdict = next(_verdicts(kinds[kind], truth, file, folder / "part"), None)
                if verdict is None:
                    del kinds[kind]
                elif done < count:
                    done += 1
                    yield verdict


def _verdicts(
    stream: Iterator[tuple[Fault, onnx.ModelProto]], truth: Truth, file: Path, folder: Path
) -> Iterator[Verdict]:
    """Those on the next faults of the stream; none where too many in a row are no faults."""
    for fault, changed in itertools.islice(stream, TRIES):
        file.write_bytes(changed.SerializeToString())
        verdict = judged(truth, file, fault, folder)
        if verdict is not None:
            yield verdict


def _weight(model: onnx.ModelProto, node: onnx.NodeProto, chance: random.Random) -> str:
    """One number of a weight, or a whole channel."""
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    names = [name for name in node.input if name in stored and _is_weight(stored[name])]
    if not names or any(other is not node and name in other.input for name in names for other in model.graph.node):
        return ""
    name = chance.choice(names)
    array = numpy_helper.to_array(stored[name]).copy()
    at = chance.randrange(len(array))
    array[at] = array[at] * np.float32(3) + np.abs(array).max()
    stored[name].CopyFrom(numpy_helper.from_array(array, name))
    return f"{name}[{at}]"


def _is_weight(tensor: onnx.TensorProto) -> bool:
    return tensor.data_type == onnx.TensorProto.FLOAT and len(tensor.dims) > 0 and tensor.dims[0] > 0


def _attribute(_: onnx.ModelProto, node: onnx.NodeProto, chance: random.Random) -> str:
    """A number of an attribute that is no axis."""
    there = [attribute for attribute in node.attribute if attribute.name in FREE]
    return _changed(node, chance.choice(there), chance, (1, -1, 2)) if there else ""


def _axis(_: onnx.ModelProto, node: onnx.NodeProto, chance: random.Random) -> str:
    """The axis that a node works along, or two axes of a transposition."""
    there = [attribute for attribute in node.attribute if attribute.name in AXES]
    if not there:
        return ""
    attribute = chance.choice(there)
    if attribute.name != "perm":
        return _changed(node, attribute, chance, (1, -1, -2))
    numbers = list(attribute.ints)
    one, other = chance.sample(range(len(numbers)), 2)
    numbers[one], numbers[other] = numbers[other], numbers[one]
    return _set(node, attribute.name, numbers)


def _changed(node: onnx.NodeProto, attribute: onnx.AttributeProto, chance: random.Random, by: tuple[int, ...]) -> str:
    value = helper.get_attribute_value(attribute)
    step = chance.choice(by)
    if isinstance(value, list):
        at = chance.randrange(len(value))
        return _set(node, attribute.name, [*value[:at], value[at] + step, *value[at + 1 :]])
    if isinstance(value, float):
        return _set(node, attribute.name, value * 2 + 0.5)
    return _set(node, attribute.name, value + step) if isinstance(value, int) else ""


def _set(node: onnx.NodeProto, name: str, value: object) -> str:
    for number, attribute in enumerate(node.attribute):
        if attribute.name == name:
            del node.attribute[number]
            break
    node.attribute.append(helper.make_attribute(name, value))
    return f"{name} = {value}"


def _swapped(model: onnx.ModelProto, node: onnx.NodeProto, chance: random.Random) -> str:
    """Two operands of a node change places; of one where that changes nothing, an operand becomes another value that
    is known before."""
    stored = {tensor.name for tensor in model.graph.initializer}
    computed = [number for number, name in enumerate(node.input) if name and name not in stored]
    if len(computed) > 1 and node.op_type not in COMMUTES:
        one, other = chance.sample(computed, 2)
        node.input[one], node.input[other] = node.input[other], node.input[one]
        return f"inputs {one} and {other}"
    if not computed:
        return ""
    number = chance.choice(computed)
    before = [name for each in model.graph.node for name in each.output]
    known = before[: before.index(node.output[0])]
    others = [name for name in known if name != node.input[number]]
    if not others:
        return ""
    node.input[number] = chance.choice(others[-12:])
    return f"input {number} = {node.input[number]}"


def main(count: int) -> None:
    """Print what became of so many faults."""
    good: Counter[str] = Counter()
    write: Callable[[str], object] = sys.stdout.write
    every = [v for each in NETWORKS for v in injected(*each, count // len(NETWORKS))]
    for verdict in every:
        good.update(
            ["all"] + ["named"] * verdict.named + ["small and fails"] * (verdict.fails and verdict.nodes <= NODES)
        )
        if not verdict.is_good:
            write(f"{verdict.fault}\n    {verdict.said}\n    {verdict.nodes} nodes, fails: {verdict.fails}\n")
    write(f"{dict(good)}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
