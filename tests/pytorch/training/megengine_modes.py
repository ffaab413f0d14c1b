"""What networks compute in MegEngine, mode by mode: ``python megengine_modes.py MODEL.pkl INPUTS.npz RESULT.npz ...``.

The result holds for each mode (``batch 1``, ``batch 3``, ``training``, ``sgd``) its arrays, ``training/0``, ...; a mode
that MegEngine itself fails is left out. Dropout is off, since its numbers are drawn.
"""

import sys

import megengine as mge
import numpy as np
from megengine.autodiff import GradManager
from megengine.optimizer import SGD
from megengine.traced_module.pytree import tree_flatten

mge.config.async_level = 0


def batched(arrays, batch):
    """The first of the batch as often as asked for, each a little greater; other arrays stay as they are."""
    size = arrays[0].shape[0]
    return [
        np.concatenate([(array[:1] * (1 + 0.1 * part)).astype(array.dtype) for part in range(batch)])
        if array.ndim and array.shape[0] == size
        else array
        for array in arrays
    ]


def tensors(net, arrays):
    return tree_flatten(net(*[mge.tensor(array) for array in arrays]))[0]


def numbers(net, arrays):
    return [np.array(each.numpy()) for each in tensors(net, arrays)]


def training(net, arrays):
    """What two batches give in training mode, then in inference mode: the statistics have moved."""
    net.train()
    first, second = numbers(net, arrays), numbers(net, arrays)
    net.eval()
    return first + second + numbers(net, arrays)


def sgd(net, arrays):
    """The losses of three steps, then what is computed."""
    net.train()
    parameters = [each for each in net.parameters() if each.dtype == np.float32]
    optimizer, manager = SGD(parameters, lr=0.01), GradManager().attach(parameters)
    losses = []
    for _ in range(3):
        with manager:
            loss = sum((each**2).mean() for each in tensors(net, arrays) if each.dtype == np.float32)
            manager.backward(loss)
        optimizer.step().clear_grad()
        losses.append(loss.item())
    net.eval()
    return [np.array(losses, np.float32), *numbers(net, arrays)]


MODES = {
    "batch 1": lambda net, arrays: numbers(net, batched(arrays, 1)),
    "batch 3": lambda net, arrays: numbers(net, batched(arrays, 3)),
    "training": training,
    "sgd": sgd,
}


def loaded(model):
    net = mge.load(model)
    net.eval()
    for module in net.modules():
        if hasattr(module, "drop_prob"):
            module.drop_prob = 0.0
    return net


def main(model, inputs, result):
    with np.load(inputs) as archive:
        arrays = [archive[name] for name in archive.files]
    recurrent = any("megengine.module.rnn" in type(module).__module__ for module in loaded(model).modules())
    found = {}
    for mode, compute in MODES.items():
        if mode == "sgd" and recurrent:
            continue  # MegEngine's LSTM writes outside of its memory when it goes backward
        try:
            computed = compute(loaded(model), arrays)
        except (RuntimeError, AssertionError, ValueError):
            continue
        found.update({f"{mode}/{number}": array for number, array in enumerate(computed)})
    np.savez(result, **found)


for start in range(1, len(sys.argv), 3):
    main(*sys.argv[start : start + 3])
