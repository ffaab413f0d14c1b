"""What `megengine_sgd.py` does, for a written file in torch: ``python torch_sgd.py NET.py INPUTS.npz RESULT.npz``."""

import importlib.util
import sys

import numpy as np
import torch


def tensors(result):
    if isinstance(result, torch.Tensor):
        return [result]
    parts = result.values() if isinstance(result, dict) else result
    return [tensor for part in parts for tensor in tensors(part)]


def main(model, inputs, result):
    with np.load(inputs) as archive:
        given = [torch.from_numpy(archive[name]) for name in archive.files]
    spec = importlib.util.spec_from_file_location("net", model)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    net = module.load().train()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    losses = []
    for _ in range(3):
        loss = sum((out * out).mean() for out in tensors(net(*given)) if out.dtype == torch.float32)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    net.eval()
    with torch.no_grad():
        after = tensors(net(*given))
    np.savez(result, np.array(losses, np.float32), *[out.numpy() for out in after])


main(*sys.argv[1:])
