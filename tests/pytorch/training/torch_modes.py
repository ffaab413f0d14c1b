"""What `megengine_modes.py` does, in torch: ``python torch_modes.py NET.py INPUTS.npz RESULT.npz ...``.

Beside its modes there are ``strict`` (the weights file goes in strictly), ``exported`` and ``traced``.
"""

import importlib.util
import sys
import traceback
import warnings

import numpy as np
import torch
from safetensors.torch import load_file


def batched(arrays, batch):
    size = arrays[0].shape[0]
    return [
        np.concatenate([(array[:1] * (1 + 0.1 * part)).astype(array.dtype) for part in range(batch)])
        if array.ndim and array.shape[0] == size
        else array
        for array in arrays
    ]


def given(arrays):
    return tuple(torch.from_numpy(array.copy()) for array in arrays)


def tensors(result):
    if isinstance(result, torch.Tensor):
        return [result]
    parts = result.values() if isinstance(result, dict) else result
    return [tensor for part in parts for tensor in tensors(part)]


def numbers(net, arrays):
    with torch.no_grad():
        return [each.numpy().copy() for each in tensors(net(*given(arrays)))]


def training(net, arrays):
    net.train()
    first, second = numbers(net, arrays), numbers(net, arrays)
    net.eval()
    return first + second + numbers(net, arrays)


def sgd(net, arrays):
    net.train()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    losses = []
    for _ in range(3):
        loss = sum((each**2).mean() for each in tensors(net(*given(arrays))) if each.dtype == torch.float32)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    net.eval()
    return [np.array(losses, np.float32), *numbers(net, arrays)]


def strict(net, arrays, weights):
    net.load_state_dict(load_file(weights), strict=True)
    return numbers(net, arrays)


def exported(net, arrays):
    with torch.no_grad():
        return numbers(torch.export.export(net, given(arrays)).module(), arrays)


def traced(net, arrays):
    with torch.no_grad():
        return numbers(torch.jit.trace(net, given(arrays), check_trace=False), arrays)


MODES = {
    "batch 1": lambda net, arrays, _: numbers(net, batched(arrays, 1)),
    "batch 3": lambda net, arrays, _: numbers(net, batched(arrays, 3)),
    "training": lambda net, arrays, _: training(net, arrays),
    "sgd": lambda net, arrays, _: sgd(net, arrays),
    "strict": strict,
    "exported": lambda net, arrays, _: exported(net, arrays),
    "traced": lambda net, arrays, _: traced(net, arrays),
}


def loaded(model):
    spec = importlib.util.spec_from_file_location("net", model)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    net = module.load()
    for part in net.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
    return net


def main(model, inputs, result):
    with np.load(inputs) as archive:
        arrays = [archive[name] for name in archive.files]
    found = {}
    for mode, compute in MODES.items():
        try:
            computed = compute(loaded(model), arrays, model.replace(".py", ".safetensors"))
        except Exception:  # noqa: BLE001 -- whatever it is, the test shows it
            found[f"{mode}/failed"] = np.array(traceback.format_exc()[-1500:])
            continue
        found.update({f"{mode}/{number}": array for number, array in enumerate(computed)})
    np.savez(result, **found)


warnings.simplefilter("ignore")
torch.set_num_threads(1)
for start in range(1, len(sys.argv), 3):
    main(*sys.argv[start : start + 3])
