"""A net to the text of its description."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from google.protobuf import text_format

from mgeconvert.ir import Graph
from mgeconvert.version import VERSION

from ..emit.net import Layer
from ..messages import Message, model_message

PARAMETERS = {
    "ArgMax": "argmax_param",
    "BatchNorm": "batch_norm_param",
    "Bias": "bias_param",
    "Concat": "concat_param",
    "Convolution": "convolution_param",
    "Deconvolution": "convolution_param",
    "ELU": "elu_param",
    "Eltwise": "eltwise_param",
    "Embed": "embed_param",
    "Exp": "exp_param",
    "InnerProduct": "inner_product_param",
    "Input": "input_param",
    "Interp": "interp_param",
    "LRN": "lrn_param",
    "Log": "log_param",
    "PReLU": "prelu_param",
    "Parameter": "parameter_param",
    "Permute": "permute_param",
    "Pooling": "pooling_param",
    "Power": "power_param",
    "ReLU": "relu_param",
    "Reshape": "reshape_param",
    "Scale": "scale_param",
    "Slice": "slice_param",
    "Softmax": "softmax_param",
    "Tile": "tile_param",
    "Upsample": "upsample_param",
}
"""The parameter message of each layer type that is written with parameters."""


def prototxt(graph: Graph, layers: Sequence[Layer]) -> str:
    """The net's description. Comments, which `run` reads, say which outputs stand for something else than the float32
    array that Caffe gives."""
    net = model_message("NetParameter")
    net.name = graph.name
    for layer in layers:
        message = net.layer.add(name=layer.name, type=layer.type)
        message.bottom.extend(blob.name for blob in layer.bottoms)
        message.top.extend(blob.name for blob in layer.tops)
        if layer.params:
            _set_fields(getattr(message, PARAMETERS[layer.type]), layer.params)
    text: str = text_format.MessageToString(net)
    typed = [
        f"# output {json.dumps(name)} is {value.type_text}\n"
        for name, value in graph.outputs.items()
        if value.dtype != np.float32 or value.rank in (0, 1)
    ]
    return f"# written by mgeconvert {VERSION}\n{''.join(typed)}{text}"


def with_fingerprint(text: str, fingerprint: str) -> str:
    """The description with the comment that says which caffemodel is its own."""
    first, _, rest = text.partition("\n")
    return f"{first}\n# weights {fingerprint}\n{rest}"


def _set_fields(message: Message, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        if name == "shape_param":
            shape = message.shape if hasattr(message.shape, "dim") else message.shape.add()
            shape.dim.extend(value["dim"])
        elif isinstance(value, list | tuple):
            getattr(message, name).extend(value)
        elif isinstance(value, str):
            enum = message.DESCRIPTOR.fields_by_name[name].enum_type
            setattr(message, name, enum.values_by_name[value].number)
        else:
            setattr(message, name, value)
