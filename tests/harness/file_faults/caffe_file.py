"""Faults in Caffe files: the description is text, the weights are messages."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import text_format

from mgeconvert_converters.caffe.messages import model_message, weights_message

FREE = (
    "pad", "kernel_size", "stride", "dilation", "negative_slope", "alpha", "beta", "eps", "power", "scale", "shift",
    "coeff", "pad_h", "pad_w", "kernel_h", "kernel_w", "stride_h", "stride_w", "pool", "operation", "round_mode",
)  # fmt: skip
AXES = ("axis", "order", "slice_dim", "end_axis", "num_axes")
COMMUTES = ("Eltwise",)


class File:
    """A prototxt with its caffemodel; `nodes` are its layers without the inputs."""

    suffix = ".prototxt"

    def __init__(self, path: Path) -> None:
        self.net = model_message("NetParameter")
        text_format.Parse(path.read_text(), self.net)
        self.weights = weights_message("NetParameter")
        self.weights.ParseFromString(path.with_suffix(".caffemodel").read_bytes())
        self.weights.ClearField("fingerprint")

    @property
    def nodes(self) -> list[Any]:
        return [layer for layer in self.net.layer if layer.type != "Input"]

    def copied(self) -> File:
        return copy.deepcopy(self)

    def write(self, path: Path) -> None:
        path.write_text(text_format.MessageToString(self.net))
        path.with_suffix(".caffemodel").write_bytes(self.weights.SerializeToString())

    def op(self, node: Any) -> str:
        return str(node.type)

    def name(self, node: Any) -> str:
        return str(node.name)

    def ends(self, node: Any) -> tuple[list[str], list[str]]:
        """The names of what it reads and computes."""
        return list(node.bottom), list(node.top)

    def change(self, kind: str, node: Any, chance: random.Random) -> str:
        """What was changed; nothing where the layer has no such thing."""
        return str(getattr(self, f"_{kind}")(node, chance))

    def _weight(self, node: Any, chance: random.Random) -> str:
        layer = next((each for each in self.weights.layer if each.name == node.name and each.blobs), None)
        if layer is None:
            return ""
        blob = chance.choice(layer.blobs)
        array = np.frombuffer(blob.data, np.float32).copy() if isinstance(blob.data, bytes) else np.array(blob.data)
        if not array.size:
            return ""
        count = max(array.size // max(blob.shape.dim[0] if blob.shape.dim else 1, 1), 1)
        row = chance.randrange(array.size // count)
        part = slice(row * count, (row + 1) * count)
        array[part] = array[part] * 3 + np.abs(array).max()
        if isinstance(blob.data, bytes):
            blob.data = array.astype(np.float32).tobytes()
        else:
            blob.ClearField("data")
            blob.data.extend(array.tolist())
        return f"{node.name} blob[{row}]"

    def _attribute(self, node: Any, chance: random.Random) -> str:
        return self._changed(node, FREE, chance)

    def _axis(self, node: Any, chance: random.Random) -> str:
        return self._changed(node, AXES, chance)

    def _changed(self, node: Any, names: tuple[str, ...], chance: random.Random) -> str:
        places = [
            (message, field)
            for _, message in node.ListFields()
            if hasattr(message, "ListFields")
            for field, _ in message.ListFields()
            if field.name in names
        ]
        if not places:
            return ""
        message, field = chance.choice(places)
        value = getattr(message, field.name)
        if hasattr(value, "append"):
            numbers = list(value)
            if field.name == "order" and len(numbers) > 1:
                one, other = chance.sample(range(len(numbers)), 2)
                numbers[one], numbers[other] = numbers[other], numbers[one]
            else:
                numbers = [numbers[0] + 1, *numbers[1:]]
            del value[:]
            value.extend(numbers)
            return f"{field.name} = {numbers}"
        changed = value * 2 + 0.5 if isinstance(value, float) else not value if isinstance(value, bool) else value + 1
        if field.enum_type is not None:
            changed = (value + 1) % len(field.enum_type.values)
        setattr(message, field.name, changed)
        return f"{field.name} = {changed}"

    def _swapped(self, node: Any, chance: random.Random) -> str:
        if len(node.bottom) > 1 and node.type not in COMMUTES:
            node.bottom[0], node.bottom[1] = node.bottom[1], node.bottom[0]
            return "bottoms 0 and 1"
        layers = list(self.net.layer)
        before = [top for each in layers[: layers.index(node)] for top in each.top]
        number = chance.randrange(len(node.bottom)) if node.bottom else 0
        others = [top for top in before[-12:] if node.bottom and top != node.bottom[number]]
        if not others:
            return ""
        node.bottom[number] = chance.choice(others)
        return f"bottom {number} = {node.bottom[number]}"
