"""Modules of products of matrices: each calls its function with the module's attributes."""

from __future__ import annotations

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..elementwise.modes import elemwise
from ..module import Module, with_relu
from ..names import MODULE
from ..normalization.modules import batch_norm_module
from ..table import lower
from .functional import linear, matmul


def linear_module(b: Builder, self: Module, inp: Value) -> Value:
    return linear(b, inp, self.weight, self.bias)


def linear_bn(b: Builder, self: Module, inp: Value) -> Value:
    return batch_norm_module(b, self.bn, linear_module(b, self.linear, inp))


with_relu("linear.Linear", "linear.LinearRelu", linear_module)
with_relu("linear_bn.LinearBn1d", "linear_bn.LinearBnRelu1d", linear_bn)


@lower(MODULE + "batch_matmul_activation.BatchMatMulActivation")
def batch_matmul_activation_module(b: Builder, self: Module, x: Value) -> Value:
    """One matrix per batch element: activation(weight x + bias)."""
    product = matmul(b, self.weight, x)
    product = product if self.bias is None else elemwise(b, "ADD", product, self.bias)
    return b.op("Relu", product) if self.nonlinear_mode == "relu" else product
