"""Modules of normalization: each calls its function with the module's attributes."""

from __future__ import annotations

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..module import Module
from ..names import MODULE
from ..table import lower
from .functional import batch_norm, general_norm, group_norm, instance_norm, layer_norm, local_response_norm


@lower(MODULE + "batchnorm.BatchNorm1d", MODULE + "batchnorm.BatchNorm2d", MODULE + "batchnorm.SyncBatchNorm")
def batch_norm_module(b: Builder, self: Module, inp: Value) -> Value:
    return batch_norm(b, inp, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)


@lower(MODULE + "normalization.LayerNorm")
def layer_norm_module(b: Builder, self: Module, x: Value) -> Value:
    return layer_norm(b, x, self.normalized_shape, self.affine, self.weight, self.bias, self.eps)


@lower(MODULE + "normalization.GroupNorm")
def group_norm_module(b: Builder, self: Module, x: Value) -> Value:
    return group_norm(b, x, self.num_groups, self.affine, self.weight, self.bias, self.eps)


@lower(MODULE + "normalization.InstanceNorm")
def instance_norm_module(b: Builder, self: Module, x: Value) -> Value:
    return instance_norm(b, x, self.affine, self.weight, self.bias, self.eps)


@lower(MODULE + "normalization.GeneralNorm")
def general_norm_module(b: Builder, self: Module, x: Value) -> Value:
    return general_norm(b, x, self.normalized_axis, self.affine, self.weight, self.bias, self.eps)


@lower(MODULE + "lrn.LocalResponseNorm")
def local_response_norm_module(b: Builder, self: Module, inp: Value) -> Value:
    return local_response_norm(b, inp, self.kernel_size, self.k, self.alpha, self.beta)


@lower(MODULE + "dropout.Dropout")
def dropout_module(b: Builder, self: Module, inp: Value) -> Value:
    """Nothing is dropped at inference."""
    return inp
