"""Computation in float16: for XNNPACK on recent CPUs and for GPU delegates; LiteRT's builtin kernels cannot."""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Namer

from ..model import Model, Operator, Tensor
from .small_weights import HALF_MAX

HALF = np.dtype(np.float16)
KERNELS = frozenset(
    [
        "ABS",
        "ADD",
        "ATAN2",
        "AVERAGE_POOL_2D",
        "BATCH_MATMUL",
        "BROADCAST_TO",
        "CEIL",
        "CONCATENATION",
        "CONV_2D",
        "COS",
        "DEPTHWISE_CONV_2D",
        "DEPTH_TO_SPACE",
        "DIV",
        "ELU",
        "EXP",
        "FLOOR",
        "FULLY_CONNECTED",
        "GATHER",
        "GATHER_ND",
        "GELU",
        "HARD_SWISH",
        "LEAKY_RELU",
        "LOG",
        "LOGISTIC",
        "MAXIMUM",
        "MEAN",
        "MINIMUM",
        "MIRROR_PAD",
        "MUL",
        "NEG",
        "PAD",
        "PADV2",
        "PRELU",
        "REDUCE_MAX",
        "REDUCE_MIN",
        "RELU",
        "RELU6",
        "RELU_N1_TO_1",
        "RESHAPE",
        "RESIZE_NEAREST_NEIGHBOR",
        "REVERSE_V2",
        "ROUND",
        "RSQRT",
        "SELECT_V2",
        "SIN",
        "SLICE",
        "SOFTMAX",
        "SPLIT",
        "SQRT",
        "SQUARE",
        "STRIDED_SLICE",
        "SUB",
        "SUM",
        "TANH",
        "TILE",
        "TRANSPOSE",
        "UNPACK",
    ]
)
"""Operators LiteRT 2.3 computes in float16, found by running each; the others stay float32 between CASTs."""
WITH_WEIGHTS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


def half_computation(model: Model) -> None:
    """Turn every tensor between operators of `KERNELS` into float16; graph inputs and outputs stay as they are."""
    _Halver(model).run()


class _Halver:
    def __init__(self, model: Model) -> None:
        self.model = model
        self.name = Namer(tensor.name for tensor in model.tensors())
        self.operators: list[Operator] = []
        self.halves: dict[Tensor, Tensor] = {}
        self.there: set[Tensor] = set(model.inputs.values())
        """Float32 tensors that exist at this point of the new list."""

    def run(self) -> None:
        for operator in self.model.operators:
            if not _computable(operator):
                operator.inputs = [None if tensor is None else self._whole(tensor) for tensor in operator.inputs]
                self.operators.append(operator)
                self.there.update(operator.outputs)
                continue
            operator.inputs = [None if tensor is None else self._half(tensor) for tensor in operator.inputs]
            self.operators.append(operator)
            for index, tensor in enumerate(operator.outputs):
                if tensor.dtype == np.float32:
                    made = Tensor(self.name(f"{tensor.name}_half"), HALF, tensor.shape)
                    operator.outputs[index] = self.halves[tensor] = made
        for tensor in self.model.outputs.values():
            self._whole(tensor)
        self.model.operators[:] = self.operators

    def _half(self, tensor: Tensor) -> Tensor:
        if tensor.dtype != np.float32:
            return tensor
        if tensor not in self.halves:
            if tensor.array is not None:
                array = tensor.array.astype(np.float16)
                self.halves[tensor] = Tensor(tensor.name, HALF, tensor.shape, array)
            else:
                made = Tensor(self.name(f"{tensor.name}_half"), HALF, tensor.shape)
                self.operators.append(Operator("CAST", [tensor], [made]))
                self.halves[tensor] = made
        return self.halves[tensor]

    def _whole(self, tensor: Tensor) -> Tensor:
        """The float32 form, which exists already unless a half kernel made the tensor."""
        if tensor in self.halves and not tensor.is_constant and tensor not in self.there:
            self.operators.append(Operator("CAST", [self.halves[tensor]], [tensor]))
            self.there.add(tensor)
        return tensor


def _computable(operator: Operator) -> bool:
    """Whether the operator computes floats and has a float16 kernel for what it reads."""
    if operator.op not in KERNELS or all(tensor.dtype != np.float32 for tensor in operator.outputs):
        return False
    if operator.op in WITH_WEIGHTS and any(tensor is None or not tensor.is_constant for tensor in operator.inputs[1:]):
        return False
    constants = [tensor.array for tensor in operator.inputs if tensor is not None and tensor.array is not None]
    return all(array.dtype != np.float32 or not array.size or np.abs(array).max() <= HALF_MAX for array in constants)
