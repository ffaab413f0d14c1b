"""Built-in modules (megengine.module): each calls the handler of its function with its attributes.

Source: megengine/module/*.py (MegEngine 1.13). Modules are always in inference mode, whatever their `training` flag.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .convolution import conv_transpose2d, conv_transpose3d, convolution, deformable_conv2d, pad
from .elemwise import elemwise, leaky_relu
from .normalization import batch_norm, general_norm, group_norm, instance_norm, layer_norm, local_response_norm, softmax
from .operands import as_indices
from .pooling import adaptive_avg_pool2d, adaptive_max_pool2d, avg_pool2d, max_pool2d
from .reduction import linear, matmul
from .table import lower
from .tensors import concat
from .windows import local_conv2d, pixel_shuffle, region_restricted_conv, sliding_window, sliding_window_transpose

M = "megengine.module."


class Module(Protocol):
    """A built-in module as a handler sees it: attributes by name, tensors as values, submodules as modules."""

    def __getattr__(self, name: str) -> Any: ...

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute that older versions did not have."""
        ...


def padded(b: Builder, self: Module, inp: Value) -> tuple[Value, Any]:
    """The input of a convolution and the padding left to do: modes other than zeros pad first."""
    padding, mode = self.padding, self.get("padding_mode", "zeros")
    if mode == "zeros":
        return inp, padding
    widths = [padding] if isinstance(padding, int) else list(padding)
    return pad(b, inp, [(0, 0), (0, 0), *((width, width) for width in widths)], mode), 0


def conv_module(b: Builder, self: Module, inp: Value) -> Value:
    """Conv1d, Conv2d, Conv3d."""
    x, padding = padded(b, self, inp)
    return convolution(b, x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


def conv_transpose2d_with(b: Builder, self: Module, inp: Value, weight: Value, bias: Value | None) -> Value:
    """A ConvTranspose2d module's convolution with a weight and bias of the caller's."""
    extra = self.get("output_padding", 0)
    return conv_transpose2d(b, inp, weight, bias, self.stride, self.padding, extra, self.dilation, self.groups)


def conv_transpose2d_module(b: Builder, self: Module, inp: Value) -> Value:
    return conv_transpose2d_with(b, self, inp, self.weight, self.bias)


@lower(M + "conv.ConvTranspose3d")
def conv_transpose3d_module(b: Builder, self: Module, inp: Value) -> Value:
    """Its forward() does not pass the groups on."""
    return conv_transpose3d(
        b, inp, self.weight, self.bias, self.stride, self.padding, self.get("output_padding", 0), self.dilation, 1
    )


def linear_module(b: Builder, self: Module, inp: Value) -> Value:
    return linear(b, inp, self.weight, self.bias)


def batch_norm_module(b: Builder, self: Module, inp: Value) -> Value:
    return batch_norm(b, inp, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)


def conv_bn(b: Builder, self: Module, inp: Value) -> Value:
    return batch_norm_module(b, self.bn, conv_module(b, self.conv, inp))


def conv_transpose_bn(b: Builder, self: Module, inp: Value) -> Value:
    return batch_norm_module(b, self.bn, conv_transpose2d_module(b, self.conv_transpose2d, inp))


def linear_bn(b: Builder, self: Module, inp: Value) -> Value:
    return batch_norm_module(b, self.bn, linear_module(b, self.linear, inp))


def _relu_after(handler: Callable[..., Value]) -> Callable[..., Value]:
    return lambda b, self, inp: b.op("Relu", handler(b, self, inp))


def _with_relu(plain: str, fused: str, handler: Callable[..., Value]) -> None:
    lower(*(M + name for name in plain.split()))(handler)
    lower(*(M + name for name in fused.split()))(_relu_after(handler))


_with_relu("conv.Conv1d conv.Conv2d conv.Conv3d", "conv.ConvRelu2d", conv_module)
_with_relu("conv.ConvTranspose2d", "conv.ConvTransposeRelu2d", conv_transpose2d_module)
_with_relu("linear.Linear", "linear.LinearRelu", linear_module)
_with_relu("conv_bn.ConvBn2d", "conv_bn.ConvBnRelu2d", conv_bn)
_with_relu("conv_transpose_bn.ConvTransposeBn2d", "conv_transpose_bn.ConvTransposeBnRelu2d", conv_transpose_bn)
_with_relu("linear_bn.LinearBn1d", "linear_bn.LinearBnRelu1d", linear_bn)
lower(M + "batchnorm.BatchNorm1d", M + "batchnorm.BatchNorm2d", M + "batchnorm.SyncBatchNorm")(batch_norm_module)


@lower(M + "pooling.MaxPool2d")
def max_pool2d_module(b: Builder, self: Module, inp: Value) -> Value:
    return max_pool2d(b, inp, self.kernel_size, self.stride, self.padding)


@lower(M + "pooling.AvgPool2d")
def avg_pool2d_module(b: Builder, self: Module, inp: Value) -> Value:
    mode = self.get("mode", "average_count_exclude_padding")
    return avg_pool2d(b, inp, self.kernel_size, self.stride, self.padding, mode)


@lower(M + "adaptive_pooling.AdaptiveAvgPool2d")
def adaptive_avg_pool2d_module(b: Builder, self: Module, inp: Value) -> Value:
    return adaptive_avg_pool2d(b, inp, self.oshp)


@lower(M + "adaptive_pooling.AdaptiveMaxPool2d")
def adaptive_max_pool2d_module(b: Builder, self: Module, inp: Value) -> Value:
    return adaptive_max_pool2d(b, inp, self.oshp)


@lower(M + "identity.Identity", M + "dropout.Dropout", M + "quant_dequant.QuantStub", M + "quant_dequant.DequantStub")
def same_module(b: Builder, self: Module, inp: Value) -> Value:
    """Modules that change nothing at inference."""
    return inp


def _activation(mode: str) -> Callable[..., Value]:
    def activation(b: Builder, self: Module, inp: Value) -> Value:
        return elemwise(b, mode, inp)

    return activation


for _name, _mode in {"Sigmoid": "SIGMOID", "SiLU": "SILU", "GELU": "GELU", "ReLU": "RELU"}.items():
    lower(f"{M}activation.{_name}")(_activation(_mode))


@lower(M + "activation.Softmax")
def softmax_module(b: Builder, self: Module, inp: Value) -> Value:
    return softmax(b, inp, self.axis)


@lower(M + "activation.LeakyReLU")
def leaky_relu_module(b: Builder, self: Module, inp: Value) -> Value:
    return leaky_relu(b, inp, self.negative_slope)


@lower(M + "activation.PReLU")
def prelu_module(b: Builder, self: Module, inp: Value) -> Value:
    return elemwise(b, "PRELU", inp, self.weight)


@lower(M + "elemwise.Elemwise")
def elemwise_module(b: Builder, self: Module, *inps: Value) -> Value:
    return elemwise(b, self.method, *inps)


@lower(M + "concat.Concat")
def concat_module(b: Builder, self: Module, inps: Any, axis: int = 0) -> Value:
    return concat(b, inps, axis)


@lower(M + "embedding.Embedding")
def embedding_module(b: Builder, self: Module, inputs: Value) -> Value:
    return embedding(b, inputs, self.weight)


@lower("megengine.functional.nn.embedding")
def embedding(
    b: Builder, inp: Value, weight: Value, padding_idx: Any = None, max_norm: Any = None, norm_type: Any = None
) -> Value:
    return b.op("Gather", weight, as_indices(b, inp), axis=0)


@lower("megengine.functional.nn.dropout")
def dropout(b: Builder, inp: Value, drop_prob: float, training: bool = True) -> Value:
    return inp


@lower(M + "normalization.LayerNorm")
def layer_norm_module(b: Builder, self: Module, x: Value) -> Value:
    return layer_norm(b, x, self.normalized_shape, self.affine, self.weight, self.bias, self.eps)


@lower(M + "normalization.GroupNorm")
def group_norm_module(b: Builder, self: Module, x: Value) -> Value:
    return group_norm(b, x, self.num_groups, self.affine, self.weight, self.bias, self.eps)


@lower(M + "normalization.InstanceNorm")
def instance_norm_module(b: Builder, self: Module, x: Value) -> Value:
    return instance_norm(b, x, self.affine, self.weight, self.bias, self.eps)


@lower(M + "normalization.GeneralNorm")
def general_norm_module(b: Builder, self: Module, x: Value) -> Value:
    return general_norm(b, x, self.normalized_axis, self.affine, self.weight, self.bias, self.eps)


@lower(M + "lrn.LocalResponseNorm")
def local_response_norm_module(b: Builder, self: Module, inp: Value) -> Value:
    return local_response_norm(b, inp, self.kernel_size, self.k, self.alpha, self.beta)


@lower(M + "padding.Pad")
def pad_module(b: Builder, self: Module, src: Value) -> Value:
    return pad(b, src, self.pad_width, self.mode, self.pad_val)


@lower(M + "pixel_shuffle.PixelShuffle")
def pixel_shuffle_module(b: Builder, self: Module, x: Value) -> Value:
    return pixel_shuffle(b, x, self.upscale_factor)


@lower(M + "sliding_window.SlidingWindow")
def sliding_window_module(b: Builder, self: Module, inp: Value) -> Value:
    return sliding_window(b, inp, self.kernel_size, self.padding, self.stride, self.dilation)


@lower(M + "sliding_window.SlidingWindowTranspose")
def sliding_window_transpose_module(b: Builder, self: Module, inp: Value) -> Value:
    return sliding_window_transpose(
        b, inp, self.output_size, self.kernel_size, self.padding, self.stride, self.dilation
    )


@lower(M + "batch_matmul_activation.BatchMatMulActivation")
def batch_matmul_activation_module(b: Builder, self: Module, x: Value) -> Value:
    """One matrix a batch element: activation(weight x + bias)."""
    product = matmul(b, self.weight, x)
    product = product if self.bias is None else elemwise(b, "ADD", product, self.bias)
    return b.op("Relu", product) if self.nonlinear_mode == "relu" else product


@lower(M + "conv.DeformableConv2d")
def deformable_conv2d_module(b: Builder, self: Module, inp: Value, offset: Value, mask: Value) -> Value:
    return deformable_conv2d(
        b, inp, self.weight, offset, mask, self.bias, self.stride, self.padding, self.dilation, self.groups
    )


@lower(M + "conv.LocalConv2d")
def local_conv2d_module(b: Builder, self: Module, inp: Value) -> Value:
    return local_conv2d(b, inp, self.weight, None, self.stride, self.padding, self.dilation)


@lower(M + "conv.RegionRestrictedConv")
def region_restricted_conv_module(b: Builder, self: Module, inp: Value, rin: Value, rout: Value) -> Value:
    return region_restricted_conv(
        b, inp, self.weight, rin, rout, self.bias, self.stride, self.padding, self.dilation, self.groups
    )
