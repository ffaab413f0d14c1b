"""Walks the layers of a net in order and builds the graph; collects what cannot be lowered and what has no weights."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mgeconvert.errors import BadInputError, Problem, RefusedError, UnsupportedError
from mgeconvert.ir import Graph, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.inference import InferenceError
from mgeconvert.ir.name_trees import nest_by_names
from mgeconvert.ir.scopes import Scope

from ..messages import Message
from ..read.upgrade import SourceLayer
from . import DATA, LOWERINGS, REFUSED, TRAINING, Layer, MissingBlobError
from .table import shape_of

WEIGHTED = {
    "BatchNorm", "Convolution", "ConvolutionDepthwise", "Deconvolution", "DepthwiseConvolution", "Embed",
    "InnerProduct", "LSTM", "Normalize", "Parameter", "PReLU", "RNN",
}  # fmt: skip
WEIGHTED_ALONE = {"Bias", "Scale"}
"""Layers that have weights; these two only where they have one bottom."""


@dataclass(slots=True)
class Lowering:
    """The state of one walk: the value of each blob by its current name (an in-place layer gives the name anew)."""

    path: str
    layers: Sequence[SourceLayer]
    weights: Mapping[str, list[np.ndarray]]
    input_shapes: Mapping[str, tuple[int, ...]]
    b: Builder = field(default_factory=Builder)
    tops: dict[str, Value | None] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unweighted: list[str] = field(default_factory=list)

    def graph(self, name: str) -> Graph:
        """The graph; UnsupportedError or BadInputError with everything that is wrong."""
        self.b.graph.name = name or "main"
        shared = _shared_parameters(self.layers, self.weights)
        unread: dict[str, Value | None] = {}
        for layer in self.layers:
            message = layer.message
            for bottom in message.bottom:
                self._check_defined(layer, bottom)
                if message.type not in TRAINING:  # what only a loss reads is an output
                    unread.pop(bottom, None)
            inputs = [self.tops[bottom] for bottom in message.bottom]
            outputs = self._lower(layer, inputs, shared.get(message.name, []))
            for top, value in zip(message.top, outputs, strict=True):
                self.tops[top] = unread[top] = value
        if self.problems:
            raise UnsupportedError("read this Caffe net", self.problems, hint="`mgeconvert ops caffe` lists the layers")
        if self.unweighted:
            names = [layer.message.name for layer in self.layers if self._lacks_weights(layer.message)]
            noun = "layer" if len(names) == 1 else "layers"
            raise BadInputError(
                f"{self.path}: no weights for {len(names)} {noun}: {', '.join(names)}",
                hint="put the .caffemodel beside the prototxt under the same name, or name it with --weights",
            )
        self._outputs({top: value for top, value in unread.items() if value is not None})
        nest_by_names(self.b.graph)
        return self.b.graph

    def _lacks_weights(self, message: Message) -> bool:
        """Also of a layer that was not lowered because what it reads has no weights."""
        weighted = message.type in WEIGHTED or (message.type in WEIGHTED_ALONE and len(message.bottom) == 1)
        return message.name in self.unweighted or (weighted and not self.weights.get(message.name))

    def _outputs(self, unread: Mapping[str, Value]) -> None:
        graph = self.b.graph
        for top, value in unread.items():
            if graph.inputs.get(top) is not value:
                self.b.output(top, value)
        if not graph.outputs:
            raise BadInputError(f"{self.path}: the net has no outputs: every top is read by another layer")
        counts = graph.use_counts()
        for name, value in list(graph.inputs.items()):
            if name in unread and value not in counts and name not in self.input_shapes:
                del graph.inputs[name]  # the labels of a training net
        taken = Counter(graph.outputs.values())
        for name, value in graph.outputs.items():
            if taken[value] == 1 and not value.is_constant:
                self.b.rename(value, name)

    def _check_defined(self, layer: SourceLayer, bottom: str) -> None:
        if bottom in self.tops:
            return
        message = layer.message
        makers = [other.message for other in self.layers if bottom in other.message.top]
        where = f"{self.path}:{layer.line}: layer {message.name}: reads {bottom}"
        if any(maker is message for maker in makers):
            raise BadInputError(f"{where}, which it makes itself: a cycle")
        if makers:
            raise BadInputError(f"{where}, which only the later layer {makers[0].name} makes: a cycle, or wrong order")
        raise BadInputError(f"{where}, which no layer makes")

    def _lower(
        self, source: SourceLayer, inputs: list[Value | None], blobs: list[np.ndarray]
    ) -> Sequence[Value | None]:
        message = source.message
        unknown: list[Value | None] = [None] * len(message.top)
        if message.type == "Input" or message.type in DATA:
            return [self._input(source, at) for at in range(len(message.top))]
        if message.type in TRAINING:
            return unknown
        place = f"{message.name} ({self.path}:{source.line})"
        if message.type not in LOWERINGS:
            reason = REFUSED.get(message.type, "a layer type that is not known")
            self.problems.append(Problem(place, message.type, reason))
            return unknown
        known = [value for value in inputs if value is not None]
        if len(known) < len(inputs):
            return unknown
        lowering = LOWERINGS[message.type]
        layer = Layer(message.name, message.type, message, f"{self.path}:{source.line}", blobs)
        layer.param = getattr(message, lowering.param) if lowering.param else None
        self.b.enter(Scope(message.name, message.type))
        try:
            bound = inspect.signature(lowering.handler).bind(self.b, layer, *inputs)
        except TypeError:
            raise layer.invalid(f"{len(inputs)} bottoms, which {message.type} does not take") from None
        if lowering.axes and known and len(shape_of(known[0])) != lowering.axes:
            raise layer.invalid(f"{message.type} needs a blob of {lowering.axes} axes; here {known[0].type_text}")
        try:
            lowered = lowering.handler(*bound.args)
        except InferenceError as error:
            raise layer.invalid(f"{error.message}") from error
        except RefusedError as refusal:
            self.problems.append(Problem(place, message.type, str(refusal)))
            return unknown
        except MissingBlobError:
            self.unweighted.append(message.name)
            return unknown
        values = [lowered] if isinstance(lowered, Value) else list(lowered)
        if len(values) != len(message.top):
            raise layer.invalid(f"{len(message.top)} tops; {message.type} has {len(values)}")
        return values

    def _input(self, source: SourceLayer, at: int) -> Value:
        """A net input, or a top of a data layer: its shape from the file, or from --input-shape."""
        message = source.message
        top = message.top[at]
        shape = self.input_shapes.get(top) or _declared_shape(message, at)
        if shape is None:
            raise BadInputError(
                f"{self.path}:{source.line}: layer {message.name}: {message.type} does not say the shape of {top}",
                hint=f"--input-shape {top}=1,3,224,224",
            )
        if not all(0 < size < 1 << 31 for size in shape):
            raise BadInputError(f"{self.path}:{source.line}: layer {message.name}: {top} has the shape {list(shape)}")
        return self.b.input(top, np.float32, shape)


def _declared_shape(message: Message, at: int) -> tuple[int, ...] | None:
    """What the layer itself says of the shape of top number `at`."""
    if message.type == "Input":
        shapes = message.input_param.shape
        return tuple(shapes[at if len(shapes) > 1 else 0].dim) if shapes else None
    if message.type == "DummyData":
        p = message.dummy_data_param
        if p.shape:
            return tuple(p.shape[at if len(p.shape) > 1 else 0].dim)
        sizes = (p.num, p.channels, p.height, p.width)
        return tuple(size[at if len(size) > 1 else 0] for size in sizes) if all(sizes) else None
    if message.type == "MemoryData":
        p = message.memory_data_param
        return (p.batch_size, p.channels, p.height, p.width) if at == 0 else (p.batch_size,)
    batches = {"Data": "data_param", "AnnotatedData": "data_param", "ImageData": "image_data_param",
               "WindowData": "window_data_param", "HDF5Data": "hdf5_data_param"}  # fmt: skip
    p = getattr(message, batches[message.type])
    if at == 1:
        return (p.batch_size or 1,)
    crop = message.transform_param.crop_size or getattr(p, "crop_size", 0)
    return None if not crop else (p.batch_size or 1, 1 if message.transform_param.force_gray else 3, crop, crop)


def _shared_parameters(
    layers: Sequence[SourceLayer], weights: Mapping[str, list[np.ndarray]]
) -> dict[str, list[np.ndarray]]:
    """The blobs of each layer; a layer that shares a named parameter with an earlier one takes that one's."""
    named: dict[str, np.ndarray] = {}
    result: dict[str, list[np.ndarray]] = {}
    for layer in layers:
        message = layer.message
        blobs = list(weights.get(message.name, ()))
        for at, spec in enumerate(message.param):
            if not spec.name:
                continue
            if spec.name in named:
                blobs[at : at + 1] = [named[spec.name]]
            elif at < len(blobs):
                named[spec.name] = blobs[at]
        result[message.name] = blobs
    return result
