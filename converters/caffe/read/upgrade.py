"""Old net descriptions as today's: V1 layers (``layers``, types as enums, 2013), V0 layers (a layer inside a layer,
types as lower-case words, before that), padding layers, and inputs given as fields of the net."""

from __future__ import annotations

from dataclasses import dataclass

from mgeconvert.errors import BadInputError

from ..messages import Message, model_message
from .prototxt import Prototxt

V1_TYPES = {
    "ABSVAL": "AbsVal", "ACCURACY": "Accuracy", "ARGMAX": "ArgMax", "BNLL": "BNLL", "CONCAT": "Concat",
    "CONTRASTIVE_LOSS": "ContrastiveLoss", "CONVOLUTION": "Convolution", "DATA": "Data",
    "DECONVOLUTION": "Deconvolution", "DROPOUT": "Dropout", "DUMMY_DATA": "DummyData", "ELTWISE": "Eltwise",
    "EUCLIDEAN_LOSS": "EuclideanLoss", "EXP": "Exp", "FLATTEN": "Flatten", "HDF5_DATA": "HDF5Data",
    "HDF5_OUTPUT": "HDF5Output", "HINGE_LOSS": "HingeLoss", "IM2COL": "Im2col", "IMAGE_DATA": "ImageData",
    "INFOGAIN_LOSS": "InfogainLoss", "INNER_PRODUCT": "InnerProduct", "LRN": "LRN", "MEMORY_DATA": "MemoryData",
    "MULTINOMIAL_LOGISTIC_LOSS": "MultinomialLogisticLoss", "MVN": "MVN", "POOLING": "Pooling", "POWER": "Power",
    "RELU": "ReLU", "SIGMOID": "Sigmoid", "SIGMOID_CROSS_ENTROPY_LOSS": "SigmoidCrossEntropyLoss",
    "SILENCE": "Silence", "SLICE": "Slice", "SOFTMAX": "Softmax", "SOFTMAX_LOSS": "SoftmaxWithLoss", "SPLIT": "Split",
    "TANH": "TanH", "THRESHOLD": "Threshold", "WINDOW_DATA": "WindowData",
}  # fmt: skip
"""V1's enum by today's type."""


V0_TYPES = {
    "accuracy": ("Accuracy", {}),
    "bnll": ("BNLL", {}),
    "concat": ("Concat", {"concat_param": {"concat_dim": "concat_dim"}}),
    "conv": (
        "Convolution",
        {"convolution_param": {"num_output": "num_output", "biasterm": "bias_term", "pad": "pad",
                               "kernelsize": "kernel_size", "group": "group", "stride": "stride"}},
    ),
    "data": ("Data", {"data_param": {"batchsize": "batch_size", "cropsize": "crop_size"}}),
    "dropout": ("Dropout", {"dropout_param": {"dropout_ratio": "dropout_ratio"}}),
    "eltwise_product": ("Eltwise", {}),
    "euclidean_loss": ("EuclideanLoss", {}),
    "flatten": ("Flatten", {}),
    "hdf5_data": ("HDF5Data", {"hdf5_data_param": {"batchsize": "batch_size"}}),
    "images": ("ImageData", {"image_data_param": {"batchsize": "batch_size", "cropsize": "crop_size"}}),
    "im2col": ("Im2col", {}),
    "innerproduct": ("InnerProduct", {"inner_product_param": {"num_output": "num_output", "biasterm": "bias_term"}}),
    "lrn": ("LRN", {"lrn_param": {"local_size": "local_size", "alpha": "alpha", "beta": "beta", "k": "k"}}),
    "pool": (
        "Pooling",
        {"pooling_param": {"pool": "pool", "kernelsize": "kernel_size", "stride": "stride", "pad": "pad"}},
    ),
    "power": ("Power", {}),
    "relu": ("ReLU", {}),
    "sigmoid": ("Sigmoid", {}),
    "softmax": ("Softmax", {}),
    "softmax_loss": ("SoftmaxWithLoss", {}),
    "split": ("Split", {}),
    "tanh": ("TanH", {}),
}  # fmt: skip
"""V0's word: today's type and, by parameter message, V0's field by today's."""


PADDING = "padding"


@dataclass(frozen=True, slots=True)
class SourceLayer:
    """A layer in today's form and the line of the prototxt where it stands."""

    message: Message
    line: int


def upgraded(parsed: Prototxt, path: str) -> list[SourceLayer]:
    """The layers of a net in today's form, an Input layer for each old input field first."""
    net, lines = parsed.net, parsed.layer_lines
    if net.layer and net.layers:
        raise BadInputError(
            f"{path}:{lines['layers'][0]}: layer and layers in one file; expected one of the two formats"
        )
    layers = [SourceLayer(message, line) for message, line in zip(net.layer, lines["layer"], strict=True)]
    old = list(zip(net.layers, lines["layers"], strict=True))
    pads = {
        outer.top[0]: outer for outer, _ in old if outer.HasField("layer") and outer.layer.type == PADDING and outer.top
    }
    for outer, line in old:
        if not outer.HasField("layer"):
            layers.append(SourceLayer(_from_v1(outer, f"{path}:{line}"), line))
        elif outer.layer.type != PADDING:
            layers.append(SourceLayer(_from_v0(outer, pads, f"{path}:{line}"), line))
    return _input_layers(net, path) + layers


def _from_v1(old: Message, where: str) -> Message:
    types = old.DESCRIPTOR.fields_by_name["type"].enum_type.values_by_number
    word = types[old.type].name
    if word not in V1_TYPES:
        raise BadInputError(f"{where}: layer {old.name}: no type, or one without a successor: {word}")
    new = model_message("LayerParameter")
    new.name, new.type = old.name, V1_TYPES[word]
    for field, value in old.ListFields():
        if field.name in ("bottom", "top", "loss_weight"):
            getattr(new, field.name).extend(value)
        elif field.name in ("include", "exclude"):
            for rule in value:
                getattr(new, field.name).add().CopyFrom(rule)
        elif field.name == "param":
            for name in value:
                new.param.add(name=name)
        elif field.name.endswith("_param"):
            getattr(new, field.name).CopyFrom(value)
    return new


def _from_v0(outer: Message, pads: dict[str, Message], where: str) -> Message:
    old = outer.layer
    if old.type not in V0_TYPES:
        raise BadInputError(f"{where}: layer {old.name}: no known type: {old.type}; known: {', '.join(V0_TYPES)}")
    new = model_message("LayerParameter")
    new.name = old.name
    new.type, parameters = V0_TYPES[old.type]
    for message, fields in parameters.items():
        target = getattr(new, message)
        for source, name in fields.items():
            if not old.HasField(source):
                continue
            field = target.DESCRIPTOR.fields_by_name[name]
            value = getattr(old, source)
            if hasattr(getattr(target, field.name), "append"):
                getattr(target, field.name).append(value)
            else:
                setattr(target, field.name, value)
    if old.type == "eltwise_product":
        new.eltwise_param.operation = 0
    new.top.extend(outer.top)
    for bottom in outer.bottom:
        pad = pads.get(bottom)
        if pad is None:
            new.bottom.append(bottom)
            continue
        new.bottom.extend(pad.bottom)
        if new.type == "Pooling":
            new.pooling_param.pad = pad.layer.pad
        else:
            new.convolution_param.pad[:] = [pad.layer.pad]
    return new


def _input_layers(net: Message, path: str) -> list[SourceLayer]:
    """``input:`` with ``input_shape`` or four ``input_dim`` each, as Input layers."""
    names, shapes = list(net.input), [list(shape.dim) for shape in net.input_shape]
    if net.input_dim:
        dims = list(net.input_dim)
        shapes = [dims[at : at + 4] for at in range(0, len(dims), 4)]
    if names and shapes and (len(names) != len(shapes) or len(shapes[-1]) == 0):
        raise BadInputError(f"{path}: {len(names)} inputs and {len(shapes)} shapes (four input_dim each)")
    layers = []
    for at, name in enumerate(names):
        message = model_message("LayerParameter")
        message.name, message.type = name, "Input"
        message.top.append(name)
        if shapes:
            message.input_param.shape.add().dim.extend(shapes[at])
        layers.append(SourceLayer(message, 1))
    return layers
