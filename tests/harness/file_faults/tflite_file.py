"""Faults in TFLite files: their tables are unpacked, one of them changed, and all packed again."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

OPERATORS = {value: name for name, value in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
FREE = (
    "strideW", "strideH", "padding", "fusedActivationFunction", "filterWidth", "filterHeight", "alpha", "beta",
    "adjX", "adjY", "alignCorners", "halfPixelCenters", "dilationWFactor", "dilationHFactor",
)  # fmt: skip
AXES = ("TRANSPOSE", "REDUCE_MAX", "REDUCE_MIN", "SUM", "MEAN", "GATHER", "SPLIT")
"""Operators whose axes, or their order, are a constant input."""
COMMUTES = ("ADD", "MUL", "MAXIMUM", "MINIMUM")


class File:
    """A TFLite file; `nodes` are its operators."""

    suffix = ".tflite"

    def __init__(self, path: Path) -> None:
        self.model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
        self.graph = self.model.subgraphs[0]

    @property
    def nodes(self) -> list[Any]:
        return list(self.graph.operators)

    def copied(self) -> File:
        return copy.deepcopy(self)

    def write(self, path: Path) -> None:
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        path.write_bytes(bytes(builder.Output()))

    def op(self, node: Any) -> str:
        code = self.model.operatorCodes[node.opcodeIndex]
        return OPERATORS[max(code.builtinCode, code.deprecatedBuiltinCode)]

    def name(self, node: Any) -> str:
        return self._name(node.outputs[0])

    def ends(self, node: Any) -> tuple[list[str], list[str]]:
        """The names of what it reads and computes, constants left out."""
        reads = [self._name(at) for at in node.inputs if at >= 0 and self._data(at) is None]
        return reads, [self._name(at) for at in node.outputs]

    def change(self, kind: str, node: Any, chance: random.Random) -> str:
        """What was changed; nothing where the operator has no such thing."""
        return str(getattr(self, f"_{kind}")(node, chance))

    def _weight(self, node: Any, chance: random.Random) -> str:
        there = [at for at in node.inputs if at >= 0 and self._is_weight(at)]
        if not there:
            return ""
        at = chance.choice(there)
        if sum(at in other.inputs for other in self.graph.operators) > 1:
            return ""
        buffer = self.model.buffers[self.graph.tensors[at].buffer]
        array = np.frombuffer(bytes(buffer.data), np.float32).copy().reshape(self.graph.tensors[at].shape)
        row = chance.randrange(len(array))
        array[row] = array[row] * np.float32(3) + np.abs(array).max()
        buffer.data = np.frombuffer(array.tobytes(), np.uint8)
        return f"{self._name(at)}[{row}]"

    def _attribute(self, node: Any, chance: random.Random) -> str:
        there = [name for name in FREE if hasattr(node.builtinOptions, name)]
        if not there:
            return ""
        name = chance.choice(there)
        value = getattr(node.builtinOptions, name)
        changed = {
            bool: lambda: not value,
            float: lambda: value * 2 + 0.5,
            int: lambda: 1 - value if name == "padding" else (value + 1) % 4 if name[:5] == "fused" else value + 1,
        }[type(value)]()
        setattr(node.builtinOptions, name, changed)
        return f"{name} = {changed}"

    def _axis(self, node: Any, chance: random.Random) -> str:
        options = node.builtinOptions
        if hasattr(options, "axis"):
            options.axis += chance.choice((1, -1))
            return f"axis = {options.axis}"
        places = [at for at in node.inputs if at >= 0 and self._data(at) is not None and self._is_axis(at)]
        if self.op(node) not in AXES or not places:
            return ""
        tensor = self.graph.tensors[places[0]]
        array = np.frombuffer(bytes(self._data(places[0])), np.int32).copy()
        array = chance.choice((np.roll(array, 1), array[::-1])) if len(array) > 1 else array + chance.choice((1, -1))
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(array.tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        made = copy.copy(tensor)
        made.buffer = len(self.model.buffers) - 1
        self.graph.tensors.append(made)
        inputs = list(node.inputs)
        inputs[inputs.index(places[0])] = len(self.graph.tensors) - 1
        node.inputs = np.array(inputs, np.int32)
        return f"axes = {array.tolist()}"

    def _swapped(self, node: Any, chance: random.Random) -> str:
        inputs = [int(at) for at in node.inputs]
        computed = [number for number, at in enumerate(inputs) if at >= 0 and self._data(at) is None]
        if len(computed) > 1 and self.op(node) not in COMMUTES:
            one, other = chance.sample(computed, 2)
            inputs[one], inputs[other] = inputs[other], inputs[one]
        elif computed:
            number = chance.choice(computed)
            operators = list(self.graph.operators)
            before = [int(at) for each in operators[: operators.index(node)] for at in each.outputs]
            shape = list(self.graph.tensors[inputs[number]].shape)
            alike = [at for at in before if at != inputs[number] and list(self.graph.tensors[at].shape) == shape]
            if not alike:
                return ""
            inputs[number] = chance.choice(alike[-12:])
        else:
            return ""
        node.inputs = np.array(inputs, np.int32)
        return f"inputs {inputs}"

    def _name(self, at: int) -> str:
        return str(self.graph.tensors[at].name.decode())

    def _data(self, at: int) -> Any:
        data = self.model.buffers[self.graph.tensors[at].buffer].data
        return None if data is None or len(data) == 0 else data

    def _is_weight(self, at: int) -> bool:
        tensor = self.graph.tensors[at]
        return self._data(at) is not None and tensor.type == schema.TensorType.FLOAT32 and bool(len(tensor.shape))

    def _is_axis(self, at: int) -> bool:
        tensor = self.graph.tensors[at]
        return tensor.type == schema.TensorType.INT32 and len(tensor.shape) < 2
