"""Scales of blocks: a tensor that is quantized in pieces of its last axis names two others, which hold its scales.

Source: BlockwiseQuantization of LiteRT's schema; fully_connected.cc of tflite/kernels reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..model import Array, Quantization, Tensor
from .fields import BlockwiseFields, QuantizationFields, TensorFields
from .tables import Bytes, Table

BLOCKWISE = 2
"""QuantizationDetails.BlockwiseQuantization."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """What the table of a tensor says of its blocks: the numbers of the tensors of scales and zero points, and how
    many elements of the last axis a block has. Below 1 a number names no tensor of zero points."""

    content: Bytes
    scales: int
    zeros: int
    size: int

    def quantization(self, tensor: Tensor, tensors: Sequence[Tensor]) -> Quantization:
        """The scales; BadInputError where they do not fit the tensor."""
        if self.size < 1 or not tensor.rank or not isinstance(tensor.shape[-1], int) or tensor.shape[-1] % self.size:
            self.content.damaged(f"tensor {tensor.name} of shape {list(tensor.shape)} has blocks of {self.size}")
        shape = (*(int(dim) for dim in tensor.shape[:-1]), tensor.shape[-1] // self.size)
        scale = self._held(tensor, tensors, self.scales, shape).astype(np.float32)
        if not np.isfinite(scale).all() or (scale < 0).any():
            self.content.damaged(f"tensor {tensor.name} has a scale that is negative or no number")
        given = self._held(tensor, tensors, self.zeros, shape) if self.zeros > 0 else np.zeros(shape)
        return Quantization(scale, given.astype(np.int64), tensor.rank - 1, self.size)

    def _held(self, tensor: Tensor, tensors: Sequence[Tensor], number: int, shape: tuple[int, ...]) -> Array:
        array = tensors[number].array if 0 <= number < len(tensors) else None
        if array is None or array.size != np.prod(shape, dtype=np.int64) or array.dtype == object:
            self.content.damaged(f"tensor {tensor.name} has blocks whose scales are not in tensor {number}")
        return array.reshape(shape)


def blocks_of(table: Table, tensor: Tensor) -> Blocks | None:
    """The blocks of a tensor, by its table; None where it is not quantized in blocks."""
    quantization = table.table(TensorFields.QUANTIZATION)
    if quantization is None or tensor.dtype.kind in "fcbO":
        return None
    if quantization.scalar(QuantizationFields.DETAILS_TYPE, "B") != BLOCKWISE:
        return None
    details = quantization.table(QuantizationFields.DETAILS)
    if details is None:
        return None
    numbers = (details.scalar(field, "i") for field in BlockwiseFields)
    return Blocks(table.bytes, *numbers)
