"""What stands before and after a network: normalization of images, and what makes an answer of scores.

The network's input becomes ``(x * scale - mean) / std``; constants go into the first convolution where that is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mgeconvert.errors import UsageError
from mgeconvert.ir import Graph, Namer, Node, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.dtypes import elem_type
from mgeconvert.ir.scopes import Scope
from mgeconvert.passes import Decline
from mgeconvert.passes.weighted import Weighted, read_weighted

from .framing import HeightWidth, frame
from .image_layout import NHWC, TO_NCHW, image_layout, only_turned
from .names import copied, public

CHANNELS, CHANNELS_LAST = 1, 3
FORMS = {CHANNELS: "[N,C,H,W]", CHANNELS_LAST: "[N,H,W,C]"}
"""The axis of channels of the network's own input."""


def preprocess(
    graph: Graph,
    name: str | None = None,
    *,
    mean: float | Sequence[float] = (0.0,),
    std: float | Sequence[float] = (1.0,),
    scale: float = 1.0,
    uint8: bool = False,
    nhwc: bool = False,
    swap_channels: bool = False,
    layout: str | None = None,
    resize: HeightWidth | None = None,
    crop: HeightWidth | None = None,
) -> Graph:
    """The graph taking raw images at input `name` (None: the only one of rank 4).

    `mean` and `std` are one number or one per channel, in the order the network has them; `swap_channels` reverses the
    channels (BGR, RGB), `nhwc` takes them last, `uint8` takes bytes. `layout` says where the network has the channels,
    "nchw" or "nhwc" (None: it is found, see `image_layout`); one that has them last goes on taking them so.
    `resize` and `crop` are (height, width) of the images: resized to the network's size, or cut out of the middle.
    Raises UsageError for numbers that do not fit.
    """
    name = image_input(graph, name)
    channels_last = image_layout(graph, name, layout) == NHWC
    graph = copied(graph)
    if channels_last and only_turned(graph, graph.inputs[name]):
        _turn_back(graph, name)
        channels_last, nhwc = False, True
    network, axis = graph.inputs[name], CHANNELS_LAST if channels_last else CHANNELS
    channels = _channels(name, network, axis)
    mean, std = ((each,) if isinstance(each, int | float) else each for each in (mean, std))
    means, stds = (_numbers(what, numbers, channels, name) for what, numbers in (("mean", mean), ("std", std)))
    if scale == 0 or not stds.all():
        raise UsageError(f"input {name}: scale {scale:g}, std {_listed(std)}: zero is no factor to normalize by")
    framed = frame(name, network, (axis % CHANNELS_LAST + 1, axis % CHANNELS_LAST + 2), resize, crop)
    affine = Affine(scale / stds, -means / stds, swap_channels, axis)
    rest = affine if channels_last else _fold(graph, network, affine)
    nhwc = nhwc and not channels_last
    before = list(graph.nodes)
    network.name = Namer(value.name for value in graph.values())(f"{name}_network")
    b = Builder(graph)
    b.enter(Scope("preprocess", "edit"))
    shape = network.shape or ()
    shape = shape if framed is None else framed.raw(shape)
    raw = b.input(name, np.uint8 if uint8 else network.dtype, (shape[0], *shape[2:], shape[1]) if nhwc else shape)
    value = b.op("Transpose", raw, perm=(0, 3, 1, 2)) if nhwc else raw
    if uint8:
        value = b.op("Cast", value, to=elem_type(network.dtype))
    value = value if framed is None else framed.apply(b, value)
    value = rest.apply(b, value)
    made = graph.nodes[len(before) :]
    graph.nodes = [*made, *before]
    graph.replace({network: value})
    return graph


def postprocess(graph: Graph, name: str, kind: str, axis: int | None = None) -> Graph:
    """The graph with softmax, sigmoid or argmax behind output `name`, along `axis` (None: 1, the classes; the last of a
    vector). The output keeps its name; argmax gives int64 without that axis."""
    public("output", [name], list(graph.outputs))
    if kind not in POST:
        raise UsageError(f"{kind}: no such post-processing; there are {', '.join(POST)}")
    graph = copied(graph)
    value = graph.outputs[name]
    rank = value.rank
    along = axis if axis is not None else -1 if rank is None or rank < 2 else CHANNELS
    if rank is not None and not -rank <= along < rank:
        raise UsageError(f"output {name}: axis {along} given, it is {value.type_text}")
    if value.dtype is not None and value.dtype.kind != "f":
        raise UsageError(f"output {name}: {kind} takes floats, it is {value.type_text}")
    b = Builder(graph)
    b.enter(Scope("postprocess", kind))
    graph.outputs[name] = POST[kind](b, value, along)
    return graph


POST: dict[str, Callable[[Builder, Value, int], Value]] = {
    "softmax": lambda b, x, axis: b.op("Softmax", x, axis=axis),
    "sigmoid": lambda b, x, _: b.op("Sigmoid", x),
    "argmax": lambda b, x, axis: b.op("ArgMax", x, axis=axis, keepdims=0),
}
"""The kinds of post-processing."""


@dataclass(frozen=True, slots=True)
class Affine:
    """x * scale + shift, one number per channel in the network's order, after reversing the channels if `swap`."""

    scale: np.ndarray
    shift: np.ndarray
    swap: bool
    axis: int = 1

    def apply(self, b: Builder, x: Value) -> Value:
        """As nodes: subtract what is zero of the result, then scale, so that each is one operator."""
        if self.swap:
            x = b.op("Gather", x, np.arange(len(self.scale))[::-1].copy(), axis=self.axis)
        if self.shift.any():
            x = b.op("Sub", x, _spread(-self.shift / self.scale, x, self.axis))
        if (self.scale != 1).any():
            x = b.op("Mul", x, _spread(self.scale, x, self.axis))
        return x


def _fold(graph: Graph, value: Value, affine: Affine) -> Affine:
    """Take into the convolutions that read `value` what is exact there; returns what is left."""
    readers = graph.users().get(value, [])
    layers = [_layer(node, value) for node in readers]
    if not layers or value in graph.outputs.values() or any(layer is None for layer in layers):
        return affine
    found = [layer for layer in layers if layer is not None]
    swaps = affine.swap and all(layer.groups == 1 for layer in found)
    if affine.swap and not swaps:
        return affine
    shifts = affine.shift.any() and not any(_is_padded(layer.node) for layer in found)
    taken = affine.shift if shifts else np.zeros_like(affine.shift)
    for layer in found:
        fed = layer.fed(affine.scale, taken)
        _write(layer.node, fed.weight[:, ::-1] if swaps else fed.weight, fed.bias if shifts else None)
    if shifts or not affine.shift.any():
        return Affine(np.ones_like(affine.scale), np.zeros_like(affine.shift), False)
    offset = affine.shift / affine.scale
    return Affine(np.ones_like(affine.scale), offset[::-1] if swaps else offset, False)


def _layer(node: Node, value: Value) -> Weighted | None:
    if node.op != "Conv" or node.domain or node.inputs[0] is not value or value in node.inputs[1:]:
        return None
    try:
        return read_weighted(node)
    except Decline:
        return None


def _is_padded(node: Node) -> bool:
    pads: Any = node.attrs.get("pads", ())
    return any(pads) or node.attrs.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID")


def _write(node: Node, weight: np.ndarray, bias: np.ndarray | None) -> None:
    """New weights under the old names; other readers of the old ones keep them."""
    old = node.inputs[1]
    assert old is not None
    assert old.dtype is not None
    arrays = [weight] if bias is None else [weight, bias]
    for index, array in enumerate(arrays, start=1):
        was = node.inputs[index] if index < len(node.inputs) else None
        name = was.name if was is not None else f"{old.name}_bias"
        new = Value(f"{name}_preprocessed", array=np.ascontiguousarray(array).astype(old.dtype))
        node.inputs[index : index + 1] = [new]


def _spread(numbers: np.ndarray, x: Value, axis: int) -> np.ndarray:
    """One number per channel, or one for all, in the shape that broadcasts; of the input's type."""
    same = bool((numbers == numbers[0]).all())
    array = numbers[:1].reshape(()) if same else numbers.reshape(-1, *[1] * ((x.rank or 2) - 1 - axis))
    return array.astype(x.dtype)


def image_input(graph: Graph, name: str | None) -> str:
    """The input to pre-process: the named one, else the only one of rank 4. UsageError."""
    if name is not None:
        public("input", [name], list(graph.inputs))
        return name
    images = [each for each, value in graph.inputs.items() if value.rank == 4]
    if len(images) != 1:
        raise UsageError(
            f"{len(images)} inputs are of rank 4, expected one to pre-process",
            hint=f"say which with --preprocess-input: {', '.join(graph.inputs)}",
        )
    return images[0]


def _turn_back(graph: Graph, name: str) -> None:
    """In place: the input as [N,C,H,W], which is all that reads it, without the transposes."""
    old = graph.inputs[name]
    shape = None if old.shape is None else tuple(old.shape[axis] for axis in TO_NCHW)
    turned = graph.users()[old]
    new = Value(Namer(value.name for value in graph.values())(f"{name}_nchw"), old.dtype, shape)
    graph.nodes = [node for node in graph.nodes if node not in turned]
    graph.inputs[name] = new
    for node in turned:
        graph.replace({node.outputs[0]: new})


def _channels(name: str, value: Value, axis: int) -> int:
    channels = value.shape[axis] if value.shape is not None and len(value.shape) == 4 else None
    if not isinstance(channels, int):
        raise UsageError(f"input {name}: is {value.type_text}, expected an image {FORMS[axis]} with a known C")
    if value.dtype is None or value.dtype.kind != "f":
        raise UsageError(f"input {name}: is {value.type_text}, expected floats: it has its pre-processing already")
    return channels


def _numbers(what: str, numbers: Sequence[float], channels: int, name: str) -> np.ndarray:
    if len(numbers) not in (1, channels):
        given = "1 number" if len(numbers) == 1 else f"{len(numbers)} numbers"
        raise UsageError(f"--{what} {_listed(numbers)}: {given}, input {name} has {channels} channels")
    return np.broadcast_to(np.array(numbers, np.float64), (channels,))


def _listed(numbers: Sequence[float]) -> str:
    return ",".join(f"{number:g}" for number in numbers)
