"""The arguments of forward(): put together of what the request names, or in the structure of a traced module."""

from __future__ import annotations

import inspect

import megengine as mge
import megengine.module as M
import numpy as np
from megengine.traced_module.pytree import LeafDef, tree_flatten
from megengine.traced_module.utils import _convert_kwargs_to_args

from .refusing import RefusedError

SEED = 21


def assembled(entries, arrays):
    """(positional, keyword) arguments of entries ``{"path": ["pair", "0"] or None, "array": number}``, or with "value"
    a constant; without a path an entry is the next positional argument. Parts 0, 1, ... make a list, others a dict."""
    positional, root = [], {}
    for entry in entries:
        value = arrays[entry["array"]] if "array" in entry else entry["value"]
        if entry["path"] is None:
            positional.append(value)
            continue
        *outer, last = entry["path"]
        place = root
        for part in outer:
            place = place.setdefault(part, Parts())
        place[last] = value
    return positional, {name: joined(value) for name, value in root.items()}


class Parts(dict):
    """A container that is being put together, told from a constant that is a dict."""


def joined(value):
    """The container as a list where its keys are 0, 1, ..., else as a dict."""
    if not isinstance(value, Parts):
        return value
    parts = {key: joined(part) for key, part in value.items()}
    numbers = [str(number) for number in range(len(parts))]
    return [parts[number] for number in numbers] if set(numbers) == set(parts) else parts


def with_tensors(value):
    """The structure with a tensor for each array."""
    if isinstance(value, np.ndarray):
        return mge.Tensor(value)
    if isinstance(value, dict):
        return type(value)((key, with_tensors(part)) for key, part in value.items())
    return type(value)(map(with_tensors, value)) if type(value) in (list, tuple) else value


def as_recorded(module, args, kwargs):
    """The arguments as MegEngine records them: keywords of positional parameters in their places, with defaults."""
    args, kwargs = _convert_kwargs_to_args(inspect.getfullargspec(module.forward), tuple(args), dict(kwargs), True)
    return tuple(args), kwargs


def renewed(structure, change=None):
    """The same structure with new tensors; `change` takes and gives their arrays."""
    if not is_traceable(structure):
        raise RefusedError(
            "the arguments hold a %s, which MegEngine cannot trace" % first_untraceable(structure),
            "in the network's file: megengine.traced_module.register_supported_type(TYPE, flatten, unflatten)",
        )
    leaves, tree = tree_flatten(structure)
    fresh = []
    for leaf in leaves:
        if isinstance(leaf, mge.Tensor):
            array = leaf.numpy().copy()
            leaf = mge.Tensor(array if change is None else change(array), dtype=leaf.dtype)
        fresh.append(leaf)
    return tree.unflatten(fresh)


def is_traceable(structure):
    """Whether MegEngine knows the types of all parts."""
    try:
        tree_flatten(structure)
    except AssertionError:
        return False
    return True


def first_untraceable(structure):
    """The name of the type of the first, innermost part that MegEngine does not know."""
    parts = structure.values() if isinstance(structure, dict) else structure
    for part in parts if isinstance(structure, (dict, list, tuple)) else ():
        if not is_traceable(part):
            return first_untraceable(part)
    return type(structure).__name__


class Varied:
    """Other numbers of the same kind: floats in another order, each scaled by 0.5 to 1.5; integers and booleans in
    another order, so that indices stay in their range. Another `number` gives others."""

    def __init__(self, number=0):
        self.random = np.random.RandomState(SEED + number)

    def __call__(self, array):
        mixed = self.random.permutation(array.reshape(-1)).reshape(array.shape)
        if array.dtype.kind != "f":
            return mixed
        factors = self.random.uniform(0.5, 1.5, array.shape)
        return (mixed * factors + (0 if mixed.any() else factors - 1)).astype(array.dtype)


def structured(model, inputs):
    """The arguments of a TracedModule: its tensors in order, its constants where they were when it was traced."""
    if not getattr(model, "argdef_graph_map", None):
        return tuple(inputs), {}
    definition = next(iter(model.argdef_graph_map))
    tensors = iter(inputs)
    leaves = [_leaf(leaf, model, tensors) for leaf in leaf_definitions(definition)]
    rest = len(list(tensors))
    if rest:
        raise ValueError("%d inputs are given, the module takes %d" % (len(inputs), len(inputs) - rest))
    (_, *args), kwargs = definition.unflatten(leaves)
    return tuple(args), kwargs


def _leaf(leaf, model, tensors):
    if issubclass(leaf.type[0], M.Module):
        return model
    if not issubclass(leaf.type[0], mge.Tensor):
        return leaf.const_val
    for tensor in tensors:
        return tensor
    raise ValueError("fewer inputs are given than the module takes")


def leaf_definitions(tree):
    """The leaves of a structure's definition, in order."""
    if isinstance(tree, LeafDef):
        return [tree]
    return [leaf for child in tree.children_defs for leaf in leaf_definitions(child)]
