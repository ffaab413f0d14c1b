"""Arrays and tensors: files of them, the tensors of a structure, structures as text."""

from __future__ import annotations

import megengine as mge
import numpy as np
from megengine.core.tensor.dtype import is_quantize
from megengine.traced_module.pytree import tree_flatten


def tensors(result):
    """The tensors of a nested structure, in order."""
    return [leaf for leaf in tree_flatten(result)[0] if isinstance(leaf, mge.Tensor)]


def numbers(tensor):
    """The array of a tensor: of a quantized one the float32 numbers that its integers stand for."""
    return (tensor.astype("float32") if is_quantize(tensor.dtype) else tensor).numpy()


def types(arrays):
    """``float32[1,3,224,224]`` for each."""
    return ["%s[%s]" % (array.dtype.name, ",".join(map(str, array.shape))) for array in arrays]


def typed(result):
    """``{boxes: float32[1,4], scores: [float32[1]]}``, dicts in the order in which MegEngine flattens them."""
    if isinstance(result, mge.Tensor):
        return types([result.numpy()])[0]
    if isinstance(result, dict):
        items = sorted(result.items()) if type(result) is dict else result.items()
        return "{" + ", ".join(str(key) + ": " + typed(value) for key, value in items) + "}"
    if isinstance(result, (list, tuple)):
        return "[" + ", ".join(map(typed, result)) + "]"
    return repr(result)


def shown(result):
    """``[T, {boxes: T}]``: the structure of outputs, for people."""
    if isinstance(result, dict):
        return "{" + ", ".join(str(key) + ": " + shown(value) for key, value in result.items()) + "}"
    if isinstance(result, (list, tuple)):
        return "[" + ", ".join(map(shown, result)) + "]"
    return "T" if isinstance(result, mge.Tensor) else repr(result)


def save_arrays(path, inputs=(), outputs=()):
    """in_0 ..., out_0 ... in an uncompressed npz; the same arrays give the same bytes."""
    named = {"in_%d" % number: array for number, array in enumerate(inputs)}
    named.update({"out_%d" % number: array for number, array in enumerate(outputs)})
    np.savez(path, **named)
