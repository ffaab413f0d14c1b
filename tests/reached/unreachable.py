"""The `raise` and `refuse` statements that no test can execute, with the reason."""

from __future__ import annotations

REPLACED = "a composition replaces the form before the emitter sees it"

UNREACHABLE: dict[str, str] = {
    'converters/caffe/emit/normalization.py  refuse("training mode")': REPLACED,
    'converters/caffe/emit/recurrent.py  refuse("sequence lengths, batch-first layout or clipping in a recurrent '
    'layer")': REPLACED,
    'converters/caffe/emit/recurrent.py  refuse("peepholes or coupled gates in an LSTM")': REPLACED,
    "converters/caffe/emit/resize.py  refuse(f\"Resize with {transform if transform not in TRANSFORMS else 'antialias "
    "or exclude_outside'}\")": REPLACED,
    'converters/pytorch/emit/movement.py  refuse("a stack of sizes, which is lowered")': "sizes are tensors only while "
    "MegEngine traces: it runs no such network otherwise, so none can be recorded",
    "cli/main.py  raise problems.Terminated": "the handler of SIGTERM: only processes of their own are killed",
}
"""``FILE  TEXT`` of the statement's first line to the reason."""
