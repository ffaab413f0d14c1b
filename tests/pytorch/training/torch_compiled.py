"""`torch.export` and `torch.jit.trace` of written files: ``python torch_compiled.py NET.py INPUTS.npz ...``.

Fails at the first file that does not go through, or then computes otherwise; the last line says which.
"""

import importlib.util
import sys
import warnings

import numpy as np
import torch


def tensors(result):
    if isinstance(result, torch.Tensor):
        return [result]
    parts = result.values() if isinstance(result, dict) else result
    return [tensor for part in parts for tensor in tensors(part)]


def check(model, inputs):
    spec = importlib.util.spec_from_file_location("net", model)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    net = module.load()
    with np.load(inputs) as archive:
        given = tuple(torch.from_numpy(archive[name]) for name in archive.files)
    with torch.no_grad():
        expected = tensors(net(*given))
        exported = tensors(torch.export.export(net, given).module()(*given))
        traced = tensors(torch.jit.trace(net, given, check_trace=False)(*given))
    for results in (exported, traced):
        for result, wanted in zip(results, expected, strict=True):
            torch.testing.assert_close(result, wanted, rtol=1e-4, atol=1e-5)


warnings.simplefilter("ignore")
torch.set_num_threads(1)
for number in range(1, len(sys.argv), 2):
    print(sys.argv[number], flush=True)
    check(*sys.argv[number : number + 2])
