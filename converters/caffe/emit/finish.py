"""Completes a net: dead layers out, its outputs exactly those of the graph and in their order, names, in-place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from mgeconvert.ir import Namer

from .driver import Translation
from .net import Blob, Layer

IN_PLACE = {
    "BatchNorm", "BNLL", "ELU", "Exp", "Log", "Power", "PReLU", "ReLU", "Scale", "Sigmoid", "Softmax", "TanH",
}  # fmt: skip
"""Layers whose top may be the memory of their bottom; Caffe refuses it for AbsVal."""
VIEWS = {"Flatten", "Reshape", "Split"}
"""Layers whose tops are the memory of their bottom."""


def finish(translation: Translation, *, in_place: bool = False) -> list[Layer]:
    """The layers to write, Input layers first; every blob has its name.

    Every top of a Caffe net that no layer reads is an output of the net. So tops that nobody wants go to Silence, and
    an output that is read too, or stands under two names, goes through a Split of its own.
    """
    inputs = [
        Layer("Input", [], [blob], {"shape_param": {"dim": list(blob.shape)}}, name=name)
        for name, blob in translation.inputs.items()
    ]
    body = _live(translation.net.layers, translation.outputs)
    body, tail = _outputs(body, translation.inputs, translation.outputs)
    layers = [*inputs, *body, *tail]
    read = Counter(blob for layer in layers for blob in layer.bottoms)
    public = set(translation.inputs.values()) | {layer.tops[0] for layer in tail}
    unread = [blob for layer in (*inputs, *body) for blob in layer.tops if not read[blob]]
    if unread:
        layers.insert(len(inputs) + len(body), Layer("Silence", unread, [], name="silence"))
    _name(layers, public)
    if in_place:
        _share_memory(layers, read, public)
    return layers


def _share_memory(layers: list[Layer], read: Counter[Blob], public: set[Blob]) -> None:
    """Let layers overwrite a bottom that nobody else reads, also not through another shape of the same memory."""
    makers = {blob: layer for layer in layers for blob in layer.tops}

    def is_own(blob: Blob) -> bool:
        if read[blob] != 1 or blob in public:
            return False
        maker = makers[blob]
        return maker.type not in VIEWS or is_own(maker.bottoms[0])

    for layer in layers:
        able = layer.type in IN_PLACE and len(layer.bottoms) == 1 and layer.tops[0] not in public
        if able and is_own(layer.bottoms[0]):
            layer.tops[0].name = layer.bottoms[0].name


def _live(layers: list[Layer], outputs: Mapping[str, Blob]) -> list[Layer]:
    wanted = set(outputs.values())
    kept: list[Layer] = []
    for layer in reversed(layers):
        if not wanted.isdisjoint(layer.tops):
            wanted.update(layer.bottoms)
            kept.append(layer)
    return kept[::-1]


def _outputs(
    body: list[Layer], inputs: Mapping[str, Blob], outputs: Mapping[str, Blob]
) -> tuple[list[Layer], list[Layer]]:
    """The body without the layers that make outputs, and those, in the order of the outputs."""
    read = {blob for layer in body for blob in layer.bottoms}
    makers = {blob: layer for layer in body for blob in layer.tops}
    tail: dict[str, Layer] = {}
    claimed: set[Layer] = set()
    blob_name = Namer(inputs)
    for public, blob in outputs.items():
        name = blob_name(public)  # a Caffe net has one blob of a name: an input's name is taken
        maker = makers.get(blob)
        if maker is None or maker in claimed or blob in read or len(maker.tops) > 1:
            maker = Layer("Split", [blob], [Blob(blob.shape)], name=name)
            read.add(blob)
        tail[name] = maker
        claimed.add(maker)
        maker.tops[0].name = name
    # A layer moved to the end may have been claimed before a Split read it.
    moved = {layer for layer in claimed if layer.tops[0] not in read}
    for name, layer in tail.items():
        if layer not in moved:
            blob = Blob(layer.tops[0].shape, name)
            layer.tops[0].name = ""
            tail[name] = Layer("Split", [layer.tops[0]], [blob], name=name)
    return [layer for layer in body if layer not in moved], list(tail.values())


def _name(layers: list[Layer], public: set[Blob]) -> None:
    """Tops are called like their layers; the names of the graph's inputs and outputs are kept for their blobs."""
    blob_name = Namer(blob.name for blob in public)
    layer_name = Namer()
    for layer in layers:
        layer.name = layer_name(layer.name)
        for at, blob in enumerate(layer.tops):
            if blob not in public:
                blob.name = blob_name(layer.name if len(layer.tops) == 1 else f"{layer.name}_{at}")
