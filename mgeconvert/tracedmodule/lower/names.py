"""Where MegEngine's callables live: the prefixes of the lowering table's keys."""

from __future__ import annotations

FUNCTIONAL = "megengine.functional."
ELEMWISE = FUNCTIONAL + "elemwise."
LOSS = FUNCTIONAL + "loss."
MATH = FUNCTIONAL + "math."
NN = FUNCTIONAL + "nn."
QFUNCTIONAL = FUNCTIONAL + "quantized."
TENSOR = FUNCTIONAL + "tensor."
VISION = FUNCTIONAL + "vision."

METHOD = "megengine.tensor.Tensor."
"""Methods and operators of tensors."""

MODULE = "megengine.module."
QAT = MODULE + "qat."
QUANTIZED = MODULE + "quantized."

OPDEF = "megengine.core.ops.builtin."
"""Raw operators: what functions that escape the tracer leave behind as `Apply`.

In a handler their inputs are positional, their fields keywords; fields that only choose an implementation (strategy,
workspace, compute mode, device) are taken and ignored through `**tuning`. Source: the fields of each opdef's state and
what MegEngine 1.13 computes.
"""
