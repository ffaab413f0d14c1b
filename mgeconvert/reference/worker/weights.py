"""State dicts, and the checkpoints that hold one."""

from __future__ import annotations

import pickle
import zipfile

import megengine as mge
import numpy as np

from .refusing import RefusedError

PARALLEL = "module."
"""What a wrapper for several devices puts before every name."""
DEPTH = 4
LISTED = 5


def load_weights(module, path, holders):
    """Load a state dict, an .npz of arrays or a checkpoint that holds one under one of `holders`; what was done to it
    beside loading, as notes. RefusedError lists what does not fit."""
    found = state_of(read(path), holders, "")
    if found is None:
        raise RefusedError("%s: holds no state dict, expected names with tensors" % path)
    entry, state = found
    notes = ["its entry %r" % entry] if entry else []
    wanted = module.state_dict()
    state, renamed = fitted(state, wanted)
    notes += [renamed] if renamed else []
    state = {name: as_array(value) for name, value in state.items()}
    check(path, state, wanted)
    cast = [name for name in wanted if state[name].dtype != wanted[name].dtype and is_plain(wanted[name].dtype)]
    for name in cast:
        state[name] = state[name].astype(wanted[name].dtype)
    if cast:
        notes.append("%d arrays cast to the network's types" % len(cast))
    module.load_state_dict(state)
    return ["%s: %s" % (path, note) for note in notes]


def read(path):
    """What the file holds, whatever its name ends with."""
    if zipfile.is_zipfile(path):
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    try:
        return mge.load(path)
    except (pickle.UnpicklingError, EOFError, UnicodeDecodeError, ValueError, IndexError, KeyError) as error:
        raise RefusedError("%s: is neither a pickle nor an .npz, expected a state dict" % path) from error


def state_of(root, holders, place, depth=0):
    """(place, dict) of the first dict with tensors; None where there is none."""
    if not isinstance(root, dict) or depth > DEPTH:
        return None
    if root and any(isinstance(value, (np.ndarray, mge.Tensor)) for value in root.values()):
        return place, root
    for name in [name for name in holders if name in root] + list(root):
        found = state_of(root[name], holders, "%s.%s" % (place, name) if place else str(name), depth + 1)
        if found is not None:
            return found
    return None


def fitted(state, wanted):
    """The state under the names with which most of it fits, and what was done to them."""
    less = {name[len(PARALLEL) :] if name.startswith(PARALLEL) else name: value for name, value in state.items()}
    more = {PARALLEL + name: value for name, value in state.items()}
    forms = [(state, ""), (less, "names without their %r" % PARALLEL), (more, "names with %r before them" % PARALLEL)]
    return max(forms, key=lambda form: len(set(form[0]) & set(wanted)))


def as_array(value):
    return value.numpy() if isinstance(value, mge.Tensor) else np.asarray(value)


def is_plain(dtype):
    return "mgb_dtype" not in (dtype.metadata or {})


def check(path, state, wanted):
    """RefusedError for names and shapes that are not the network's."""
    shapes = [
        "%s %s instead of %s" % (name, list(state[name].shape), list(wanted[name].shape))
        for name in wanted
        if name in state and state[name].shape != wanted[name].shape
    ]
    facts = [
        ("missing", [name for name in wanted if name not in state]),
        ("unexpected", [name for name in state if name not in wanted]),
        ("of another shape", shapes),
    ]
    lines = [
        "\n  %d %s: %s%s" % (len(names), fact, ", ".join(names[:LISTED]), ", ..." if len(names) > LISTED else "")
        for fact, names in facts
        if names
    ]
    if lines:
        raise RefusedError("%s: is not the state of this network" % path + "".join(lines))
