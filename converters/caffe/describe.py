"""What a Caffe net says of itself: its inputs with their shapes, its outputs, its layers."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np

from mgeconvert.ir import Value
from mgeconvert.registry import Description

from .lower import DATA
from .read.files import read_prototxt
from .read.inference import in_test_phase, net_outputs
from .read.upgrade import upgraded
from .run import output_types


def describe(path: Path) -> Description:
    """Inputs and outputs for inference; the shapes of outputs are known only where a comment of the file tells them."""
    parsed = read_prototxt(path)
    messages = [layer.message for layer in upgraded(parsed, str(path))]
    messages = [message for message in messages if in_test_phase(parsed.net, message)]
    inputs = {}
    for message in messages:
        if message.type == "Input" or message.type in DATA:
            for at, top in enumerate(message.top):
                shapes = message.input_param.shape
                shape = tuple(shapes[min(at, len(shapes) - 1)].dim) if shapes else None
                inputs[top] = Value(top, np.dtype(np.float32), shape)
    types = output_types(path)
    outputs = {}
    for _, top in net_outputs(messages):
        dtype, shape = types.get(top, (np.dtype(np.float32), None))
        outputs[top] = Value(top, dtype, shape)
    head = re.match(r"# written by (.*)", path.read_text())
    return Description(inputs, outputs, head[1] if head else "Caffe", Counter(message.type for message in messages))
