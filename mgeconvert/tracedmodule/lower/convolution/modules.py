"""Modules of convolutions and sliding windows: each calls its function with the module's attributes."""

from __future__ import annotations

from typing import Any

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..module import Module, with_relu
from ..movement.functional import pad
from ..names import MODULE
from ..normalization.modules import batch_norm_module
from ..table import lower
from .functional import conv_transpose2d, conv_transpose3d, convolution, deformable_conv2d
from .windows import local_conv2d, region_restricted_conv, sliding_window, sliding_window_transpose


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


@lower(MODULE + "conv.ConvTranspose3d")
def conv_transpose3d_module(b: Builder, self: Module, inp: Value) -> Value:
    """ConvTranspose3d.forward() does not pass the groups on."""
    return conv_transpose3d(
        b, inp, self.weight, self.bias, self.stride, self.padding, self.get("output_padding", 0), self.dilation, 1
    )


def conv_bn(b: Builder, self: Module, inp: Value) -> Value:
    return batch_norm_module(b, self.bn, conv_module(b, self.conv, inp))


def conv_transpose_bn(b: Builder, self: Module, inp: Value) -> Value:
    return batch_norm_module(b, self.bn, conv_transpose2d_module(b, self.conv_transpose2d, inp))


with_relu("conv.Conv1d conv.Conv2d conv.Conv3d", "conv.ConvRelu2d", conv_module)
with_relu("conv.ConvTranspose2d", "conv.ConvTransposeRelu2d", conv_transpose2d_module)
with_relu("conv_bn.ConvBn2d", "conv_bn.ConvBnRelu2d", conv_bn)
with_relu("conv_transpose_bn.ConvTransposeBn2d", "conv_transpose_bn.ConvTransposeBnRelu2d", conv_transpose_bn)


@lower(MODULE + "sliding_window.SlidingWindow")
def sliding_window_module(b: Builder, self: Module, inp: Value) -> Value:
    return sliding_window(b, inp, self.kernel_size, self.padding, self.stride, self.dilation)


@lower(MODULE + "sliding_window.SlidingWindowTranspose")
def sliding_window_transpose_module(b: Builder, self: Module, inp: Value) -> Value:
    return sliding_window_transpose(
        b, inp, self.output_size, self.kernel_size, self.padding, self.stride, self.dilation
    )


@lower(MODULE + "conv.DeformableConv2d")
def deformable_conv2d_module(b: Builder, self: Module, inp: Value, offset: Value, mask: Value) -> Value:
    return deformable_conv2d(
        b, inp, self.weight, offset, mask, self.bias, self.stride, self.padding, self.dilation, self.groups
    )


@lower(MODULE + "conv.LocalConv2d")
def local_conv2d_module(b: Builder, self: Module, inp: Value) -> Value:
    return local_conv2d(b, inp, self.weight, None, self.stride, self.padding, self.dilation)


@lower(MODULE + "conv.RegionRestrictedConv")
def region_restricted_conv_module(b: Builder, self: Module, inp: Value, rin: Value, rout: Value) -> Value:
    return region_restricted_conv(
        b, inp, self.weight, rin, rout, self.bias, self.stride, self.padding, self.dilation, self.groups
    )
