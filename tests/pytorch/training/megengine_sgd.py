"""Three steps of SGD in MegEngine: ``python megengine_sgd.py MODEL.pkl INPUTS.npz RESULT.npz``.

The loss is the mean square of each floating output, added up. The result holds the losses in training mode, and what
the trained network computes in inference mode.
"""

import sys

import megengine as mge
import numpy as np
from megengine.autodiff import GradManager
from megengine.optimizer import SGD


def tensors(result):
    if isinstance(result, mge.Tensor):
        return [result]
    parts = result.values() if isinstance(result, dict) else result
    return [tensor for part in parts for tensor in tensors(part)]


def main(model, inputs, result):
    with np.load(inputs) as archive:
        given = [mge.tensor(archive[name]) for name in archive.files]
    net = mge.load(model)
    net.train()
    optimizer = SGD(net.parameters(), lr=0.01)
    manager = GradManager().attach(net.parameters())
    losses = []
    for _ in range(3):
        with manager:
            loss = sum(mge.functional.mean(out * out) for out in tensors(net(*given)) if out.dtype == np.float32)
            manager.backward(loss)
        optimizer.step().clear_grad()
        losses.append(loss.item())
    net.eval()
    np.savez(result, np.array(losses, np.float32), *[out.numpy() for out in tensors(net(*given))])


main(*sys.argv[1:])
