"""Convolutions: built-in modules, or functions where the source called those or the weight is computed."""

from __future__ import annotations

from mgeconvert.errors import refuse
from mgeconvert.ir import Node

from ..attributes import integer, numbers, one_side
from ..calls import EmittedCall, StoredTensor, function
from ..operands import rank
from ..scopes import origin, place, reshaped_name, was_function, weight_path
from ..table import emit
from ..weights import grouped, in_layout, module_of, sized


@emit("Conv", "megengine.ConvRelu")
def conv(node: Node) -> EmittedCall:
    x, weight, bias = [*node.inputs, None][:3]
    dims = rank(x) - 2
    if dims > 3 or weight is None or weight.static_shape is None:
        refuse(f"a convolution of {dims} spatial axes; MegEngine has 1 to 3")
    groups = integer(node, "group", 1)
    stride, dilation = (sized(numbers(node, name, (1,) * dims), dims) for name in ("strides", "dilations"))
    padding = sized(one_side(node, dims), dims)
    assert weight.array is not None  # a computed one is rewritten
    if was_function(node) and node.op == "Conv":
        kernel = StoredTensor(grouped(weight.array, groups), reshaped_name(weight) if groups > 1 else weight.name)
        args = [
            x,
            kernel,
            in_layout(bias, (1, -1, *(1,) * dims)),
            stride,
            padding,
            dilation,
            groups,
            "cross_correlation",
        ]
        return function(f"nn.conv{dims}d", *args, *(["default"] if dims < 3 else []))
    out, into, *kernel_size = weight.array.shape
    return module_of(
        node, "ConvRelu2d" if node.op == "ConvRelu" else f"Conv{dims}d",
        {
            "conv_mode": "cross_correlation", **({"compute_mode": "default"} if dims < 3 else {}),
            **({"padding_mode": "zeros"} if dims < 3 else {}), "in_channels": into * groups, "out_channels": out,
            "kernel_size": sized(tuple(kernel_size), dims), "stride": stride, "padding": padding, "output_padding": 0,
            "dilation": dilation, "groups": groups, "weight": StoredTensor(grouped(weight.array, groups)),
            "bias": in_layout(bias, (1, -1, *(1,) * dims)),
        },
        place(node) if origin(node)[1] in WITH_BATCH_NORM else weight_path(node, weight),
    )  # fmt: skip


WITH_BATCH_NORM = ("ConvBn2d", "ConvBnRelu2d")
"""Modules with a convolution and a batch norm in them: with that folded, a convolution stands in their place."""


@emit("ConvTranspose")
def conv_transpose(node: Node) -> EmittedCall:
    x, weight, bias = [*node.inputs, None][:3]
    dims = rank(x) - 2
    if dims not in (2, 3) or weight is None or weight.static_shape is None:
        refuse(f"a transposed convolution of {dims} spatial axes; MegEngine has 2 and 3")
    assert weight.array is not None  # a computed one is rewritten
    groups = integer(node, "group", 1)
    stride, dilation = (numbers(node, name, (1,) * dims) for name in ("strides", "dilations"))
    padding, extra = one_side(node, dims), numbers(node, "output_padding", (0,) * dims)
    kernel = StoredTensor(grouped(weight.array, groups), reshaped_name(weight) if groups > 1 else weight.name)
    if was_function(node) or (dims == 3 and groups > 1):
        args = (x, kernel, in_layout(bias, (1, -1, *(1,) * dims)), stride, padding, extra, dilation, groups)
        return function(f"nn.conv_transpose{dims}d", *args, *(["cross_correlation", "default"] if dims == 2 else []))
    into, out, *kernel_size = weight.array.shape
    modes = {"conv_mode": "cross_correlation", "compute_mode": "default"} if dims == 2 else {}
    return module_of(
        node, f"ConvTranspose{dims}d",
        {
            **modes, "in_channels": into, "out_channels": out * groups, "kernel_size": tuple(kernel_size),
            "stride": stride, "padding": padding, "output_padding": extra, "dilation": dilation, "groups": groups,
            "weight": kernel, "bias": in_layout(bias, (1, -1, *(1,) * dims)),
        },
        weight_path(node, weight),
    )  # fmt: skip


@emit("megengine.ConvOf", "megengine.ConvTransposeOf")
def convolution_of(node: Node) -> EmittedCall:
    """inputs: the tensor, weight and bias in MegEngine's layout; attrs: ONNX's."""
    x, weight, bias = node.inputs
    dims, groups = rank(x) - 2, integer(node, "group", 1)
    stride, dilation = (numbers(node, name, (1,) * dims) for name in ("strides", "dilations"))
    padding, extra = one_side(node, dims), numbers(node, "output_padding", (0,) * dims)
    if node.op == "ConvOf":
        geometry = tuple(values[0] if dims == 1 else values for values in (stride, padding, dilation))
        modes = ["cross_correlation", "default"][: 2 if dims < 3 else 1]
        return function(f"nn.conv{dims}d", x, weight, bias, *geometry, groups, *modes)
    modes = ["cross_correlation", "default"] if dims == 2 else []
    return function(f"nn.conv_transpose{dims}d", x, weight, bias, stride, padding, extra, dilation, groups, *modes)


@emit("DeformConv")
def deformable_convolution_call(node: Node) -> EmittedCall:
    x, weight, offset, _, mask = node.inputs
    assert weight is not None
    if weight.array is None:
        refuse("DeformConv whose weight is only known at run time")
    groups = integer(node, "group", 1)
    kernel = StoredTensor(grouped(weight.array, groups), reshaped_name(weight) if groups > 1 else weight.name)
    stride, dilation = (numbers(node, name, (1, 1)) for name in ("strides", "dilations"))
    args = (x, kernel, offset, mask, None, stride, one_side(node, 2), dilation, groups, "cross_correlation", "default")
    return function("nn.deformable_conv2d", *args)
