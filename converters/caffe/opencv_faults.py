"""Which convolutions OpenCV is known to compute wrongly, measured in OpenCV 4.14 beside real Caffe and onnxruntime.

Its own code for depthwise convolutions with a 3x3 kernel (`modules/dnn/src/layers/cpu_kernels/conv_depthwise.cpp`)
takes paddings of 0 and 1. It reads beyond the image where the image has one row or one column, and it takes a padding
of one column for no dilation, so that a dilated convolution of stride 1 is wrong at its first columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .lower.windows import given
from .messages import Message

DEPTHWISE = {"ConvolutionDepthwise", "DepthwiseConvolution"}
"""Layers of forks whose groups are their channels."""


def faulty(layers: Iterable[Message], shapes: Mapping[str, Sequence[int]]) -> str:
    """What is wrong with the first layer that OpenCV computes wrongly; empty where there is none. `shapes` are the
    shapes of the layers' first bottoms, by what OpenCV calls the layers: their names, or their tops."""
    for layer in layers:
        if _has_own_code(layer) and _is_wrong(layer.convolution_param, _before(layer, shapes)):
            return f"its depthwise 3x3 convolution is wrong for layer {layer.name}"
    return ""


def may_be_faulty(layers: Iterable[Message]) -> bool:
    """Whether the shapes have to be looked at."""
    return any(_has_own_code(layer) for layer in layers)


def _has_own_code(layer: Message) -> bool:
    param = layer.convolution_param
    is_depthwise = layer.type in DEPTHWISE or (layer.type == "Convolution" and 1 < param.num_output == param.group)
    return (
        is_depthwise and _pair(param, "kernel_size", "kernel", 0) == [3, 3] and max(_pair(param, "pad", "pad", 0)) == 1
    )


def _before(layer: Message, shapes: Mapping[str, Sequence[int]]) -> Sequence[int]:
    return next((shapes[name] for name in (layer.name, *layer.top) if name in shapes), ())


def _is_wrong(param: Message, shape: Sequence[int]) -> bool:
    is_padded = _pair(param, "pad", "pad", 0)[1] == 1
    is_dense, is_dilated = _pair(param, "stride", "stride", 1)[1] == 1, _pair(param, "dilation", "", 1)[1] > 1
    return 1 in shape[2:4] or (is_padded and is_dense and is_dilated)


def _pair(param: Message, field: str, short: str, default: int) -> list[int]:
    """A parameter of rows and columns."""
    values = given(param, field, short, 2) or [default]
    return [values[0], values[-1]]
