"""Raw operators (megengine.core.ops.builtin), which functions that escape the tracer leave behind as `Apply`.

Each is a call of the function that MegEngine builds on it. Inputs are positional, fields keywords; fields that only
choose an implementation (strategy, workspace, compute mode, device) are taken and ignored through `**tuning`.
Source: the fields of each opdef's state and its behaviour in MegEngine 1.13.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mgeconvert.builder import Builder
from mgeconvert.ir import Value

from . import indexing, normalization, pooling, reduction, tensors, vision, windows
from .convolution import convolution, deformable_conv2d, pad, transposed_convolution
from .elemwise import elemwise
from .operands import INT64, cast, rank
from .quantized import quantized_elemwise
from .shapes import dimension, reshape, sizes_of
from .table import LastOutput, lower, refuse

OP = "megengine.core.ops.builtin."

Item = tuple[int, bool, bool, bool, bool]


def _nchw(format: str) -> None:
    if format not in ("NCHW", "NCDHW", "DEFAULT"):
        refuse(f"the memory format {format}, which only MegEngine's own optimized graphs have")


@lower(OP + "ElemwiseMultiType")
def elemwise_multi_type(b: Builder, *inputs: Value, mode: str, dtype: Any = None) -> Value:
    """Comparisons and tests that answer in `dtype`."""
    if mode.startswith("Q"):
        return quantized_elemwise(b, mode, inputs, dtype)
    result = elemwise(b, mode, *inputs)
    return result if dtype is None else cast(b, result, dtype)


@lower(OP + "Convolution")
def convolution_opdef(
    b: Builder, inp: Value, weight: Value, *, stride_h: int, stride_w: int, pad_h: int, pad_w: int, dilate_h: int,
    dilate_w: int, sparse: str = "DENSE", format: str = "NCHW", **tuning: Any,
) -> Value:  # fmt: skip
    """A grouped weight has the groups as its first axis; a vector of length is conv1d's (N, C, L)."""
    _nchw(format)
    groups = int(weight.shape[0]) if sparse == "GROUP" and weight.shape else 1
    if rank(inp) == 3:
        return convolution(b, inp, weight, None, stride_h, pad_h, dilate_h, groups)
    return convolution(b, inp, weight, None, (stride_h, stride_w), (pad_h, pad_w), (dilate_h, dilate_w), groups)


@lower(OP + "Convolution3D")
def convolution3d_opdef(
    b: Builder, inp: Value, weight: Value, *, stride_d: int, stride_h: int, stride_w: int, pad_d: int, pad_h: int,
    pad_w: int, dilate_d: int, dilate_h: int, dilate_w: int, sparse: str = "DENSE", format: str = "NCDHW", **tuning: Any,
) -> Value:  # fmt: skip
    _nchw(format)
    groups = int(weight.shape[0]) if sparse == "GROUP" and weight.shape else 1
    stride, dilation = (stride_d, stride_h, stride_w), (dilate_d, dilate_h, dilate_w)
    return convolution(b, inp, weight, None, stride, (pad_d, pad_h, pad_w), dilation, groups)


@lower(OP + "ConvolutionBackwardData")
def convolution_backward_data(
    b: Builder, weight: Value, inp: Value, shape: Value | None = None, *, stride_h: int, stride_w: int, pad_h: int,
    pad_w: int, dilate_h: int, dilate_w: int, sparse: str = "DENSE", format: str = "NCHW", **tuning: Any,
) -> Value:  # fmt: skip
    """The third input is the wanted output shape; what it has more than the smallest is output padding."""
    _nchw(format)
    stride, padding, dilation = (stride_h, stride_w), (pad_h, pad_w), (dilate_h, dilate_w)
    return _transposed(b, weight, inp, shape, stride, padding, dilation, sparse)


@lower(OP + "Convolution3DBackwardData")
def convolution3d_backward_data(
    b: Builder, weight: Value, inp: Value, shape: Value | None = None, *, stride_d: int, stride_h: int, stride_w: int,
    pad_d: int, pad_h: int, pad_w: int, dilate_d: int, dilate_h: int, dilate_w: int, sparse: str = "DENSE",
    format: str = "NCDHW", **tuning: Any,
) -> Value:  # fmt: skip
    _nchw(format)
    stride, padding, dilation = (stride_d, stride_h, stride_w), (pad_d, pad_h, pad_w), (dilate_d, dilate_h, dilate_w)
    return _transposed(b, weight, inp, shape, stride, padding, dilation, sparse)


def _transposed(
    b: Builder, weight: Value, inp: Value, shape: Value | None, stride: Sequence[int], padding: Sequence[int],
    dilation: Sequence[int], sparse: str,
) -> Value:  # fmt: skip
    groups = int(weight.shape[0]) if sparse == "GROUP" and weight.shape else 1
    extra: list[int] = [0] * len(stride)
    if shape is not None:
        sizes, kernel = sizes_of(b, shape)[2:], (weight.shape or ())[-len(stride) :]
        inner = (inp.shape or ())[2:]
        if not all(isinstance(size, int) for size in (*sizes, *inner)):
            refuse("a transposed convolution whose output shape is only known at run time")
        smallest = [
            (size - 1) * step - 2 * border + spread * (int(window) - 1) + 1  # type: ignore[operator]
            for size, step, border, spread, window in zip(inner, stride, padding, dilation, kernel, strict=True)
        ]
        extra = [size - least for size, least in zip(sizes, smallest, strict=True)]  # type: ignore[operator]
    return transposed_convolution(b, inp, weight, None, stride, padding, extra, dilation, groups)


@lower(OP + "DeformableConv")
def deformable_conv_opdef(
    b: Builder, inp: Value, weight: Value, offset: Value, mask: Value, *, stride_h: int, stride_w: int, pad_h: int,
    pad_w: int, dilate_h: int, dilate_w: int, sparse: str = "DENSE", **tuning: Any,
) -> Value:  # fmt: skip
    groups = int(weight.shape[0]) if sparse == "GROUP" and weight.shape else 1
    stride, padding, dilation = (stride_h, stride_w), (pad_h, pad_w), (dilate_h, dilate_w)
    return deformable_conv2d(b, inp, weight, offset, mask, None, stride, padding, dilation, groups)


@lower(OP + "GroupLocal")
def group_local(
    b: Builder, inp: Value, weight: Value, *, stride_h: int, stride_w: int, pad_h: int, pad_w: int, dilate_h: int,
    dilate_w: int, **tuning: Any,
) -> Value:  # fmt: skip
    stride, padding, dilation = (stride_h, stride_w), (pad_h, pad_w), (dilate_h, dilate_w)
    return windows.local_conv2d(b, inp, weight, None, stride, padding, dilation)


@lower(OP + "RegionRestrictedConvolution")
def region_restricted_convolution(
    b: Builder, inp: Value, weight: Value, rin: Value, rout: Value, *, stride_h: int, stride_w: int, pad_h: int,
    pad_w: int, dilate_h: int, dilate_w: int, **tuning: Any,
) -> Value:  # fmt: skip
    stride, padding, dilation = (stride_h, stride_w), (pad_h, pad_w), (dilate_h, dilate_w)
    return windows.region_restricted_conv(b, inp, weight, rin, rout, None, stride, padding, dilation)


@lower(OP + "Pooling")
def pooling_opdef(
    b: Builder, inp: Value, *, mode: str, window_h: int, window_w: int, stride_h: int, stride_w: int, pad_h: int,
    pad_w: int, format: str = "NCHW", **tuning: Any,
) -> Value:  # fmt: skip
    _nchw(format)
    window, stride, padding = (window_h, window_w), (stride_h, stride_w), (pad_h, pad_w)
    if mode.upper() == "MAX":
        return pooling.max_pool2d(b, inp, window, stride, padding)
    return pooling.avg_pool2d(b, inp, window, stride, padding, mode)


@lower(OP + "AdaptivePooling")
def adaptive_pooling(
    b: Builder, inp: Value, size: Any = None, *, mode: str, shape: Any = (), format: str = "NCHW"
) -> Value:
    _nchw(format)
    return pooling.adaptive_pool2d(b, inp, shape if size is None else size, average=mode.upper() != "MAX")


@lower(OP + "BatchNorm")
def batch_norm_opdef(b: Builder, *inputs: Value, epsilon: float, **tuning: Any) -> LastOutput:
    """Inputs are x, weight, bias, mean, variance. The normalized tensor is the last output; how many statistics come
    before it differs between versions, and only training reads them."""
    inp, weight, bias, *statistics = inputs
    mean, var = statistics or (None, None)
    return LastOutput(normalization.batch_norm(b, inp, mean, var, weight, bias, eps=epsilon))


def _moments(b: Builder, inp: Value, axes: range, eps: float | None) -> list[Value]:
    """Mean and, over the same consecutive axes, 1 / sqrt(variance + eps), or without eps the variance."""
    sizes = [dimension(b, inp, axis) for axis in range(rank(inp))]
    axis = axes.start
    flat = reshape(b, inp, [*sizes[:axis], -1, *sizes[axes.stop :]])
    mean = b.op("ReduceMean", flat, [axis], keepdims=1)
    centred = b.op("Sub", flat, mean)
    variance = b.op("ReduceMean", b.op("Mul", centred, centred), [axis], keepdims=0)
    spread = variance if eps is None else b.op("Reciprocal", b.op("Sqrt", b.op("Add", variance, eps)))
    return [b.op("Squeeze", mean, [axis]), spread]


@lower(OP + "LayerNorm")
def layer_norm_opdef(
    b: Builder, inp: Value, weight: Value | None = None, bias: Value | None = None, *, normalized_dim: int, eps: float,
    affine: bool, normalized_size: int = 0,
) -> list[Value]:  # fmt: skip
    shape = [int(size) for size in (inp.shape or ())[-normalized_dim:]]
    output = normalization.layer_norm(b, inp, shape, affine, weight, bias, eps)
    return [output, *_moments(b, inp, range(rank(inp) - normalized_dim, rank(inp)), eps)]


@lower(OP + "GroupNorm")
def group_norm_opdef(
    b: Builder, inp: Value, weight: Value | None = None, bias: Value | None = None, *, group: int, eps: float,
    affine: bool, format: str = "NCHW",
) -> list[Value]:  # fmt: skip
    grouped = b.op("Reshape", inp, [0, group, -1])
    return [
        normalization.group_norm(b, inp, group, affine, weight, bias, eps),
        *_moments(b, grouped, range(2, 3), None),
    ]


@lower(OP + "InstanceNorm")
def instance_norm_opdef(
    b: Builder, inp: Value, weight: Value | None = None, bias: Value | None = None, *, eps: float, affine: bool,
    group: int = 1, format: str = "NCHW",
) -> list[Value]:  # fmt: skip
    output = normalization.instance_norm(b, inp, affine, weight, bias, eps)
    return [output, *_moments(b, inp, range(2, rank(inp)), None)]


@lower(OP + "GeneralNorm")
def general_norm_opdef(
    b: Builder, inp: Value, weight: Value | None = None, bias: Value | None = None, *, axis_start: int, axis_end: int,
    eps: float, affine: bool,
) -> list[Value]:  # fmt: skip
    axes = range(axis_start, axis_end)
    output = normalization.general_norm(b, inp, list(axes), affine, weight, bias, eps)
    return [output, *_moments(b, inp, axes, eps)]


@lower(OP + "LRN")
def lrn_opdef(b: Builder, inp: Value, *, n: int, k: float, alpha: float, beta: float) -> Value:
    return normalization.local_response_norm(b, inp, n, k, alpha, beta)


@lower(OP + "Softmax")
def softmax_opdef(b: Builder, inp: Value, *, axis: int) -> Value:
    return normalization.softmax(b, inp, axis)


@lower(OP + "MatrixMul", OP + "BatchedMatrixMul")
def matrix_mul(
    b: Builder,
    left: Value,
    right: Value,
    *,
    transposeA: bool = False,
    transposeB: bool = False,
    **tuning: Any,
) -> Value:
    return reduction.matmul(b, left, right, transposeA, transposeB)


@lower(OP + "Dot")
def dot_opdef(b: Builder, left: Value, right: Value) -> Value:
    return reduction.dot(b, left, right)


_REDUCE = {"SUM": "ReduceSum", "MEAN": "ReduceMean", "MAX": "ReduceMax", "MIN": "ReduceMin", "PRODUCT": "ReduceProd"}
WHOLE = 2**31 - 1
"""The axis that means none was given."""


@lower(OP + "Reduce")
def reduce_opdef(
    b: Builder, inp: Value, shape: Value | None = None, *, mode: str, axis: int = WHOLE, keepdim: bool = True,
    data_type: str = "DEFAULT",
) -> Value:  # fmt: skip
    """With a target shape the axes that differ from it are reduced and kept."""
    kind, x = mode.upper(), inp
    if kind == "SUM_SQR":
        kind, x = "SUM", b.op("Mul", inp, inp)
    if shape is None:
        return reduction.reduce(b, _REDUCE[kind], x, None if axis == WHOLE else axis, keepdim)
    sizes = sizes_of(b, shape)
    if sizes == [1] and rank(x) != 1:
        return reshape(b, reduction.reduce(b, _REDUCE[kind], x, None, keepdims=False), 1)
    axes = [index for index, (size, old) in enumerate(zip(sizes, x.shape or (), strict=True)) if size != old]
    return reduction.reduce(b, _REDUCE[kind], x, axes, keepdims=True) if axes else x


@lower(OP + "Argmax")
def argmax_opdef(b: Builder, inp: Value, *, axis: int) -> Value:
    return reduction.arg_reduce(b, "ArgMax", inp, axis, keepdims=True)


@lower(OP + "Argmin")
def argmin_opdef(b: Builder, inp: Value, *, axis: int) -> Value:
    return reduction.arg_reduce(b, "ArgMin", inp, axis, keepdims=True)


@lower(OP + "Argsort")
def argsort_opdef(b: Builder, inp: Value, *, order: str) -> tuple[Value, Value]:
    return reduction.sort(b, inp, descending=order.upper() == "DESCENDING")


@lower(OP + "TopK")
def topk_opdef(b: Builder, inp: Value, k: Value, *, mode: str) -> Any:
    """A negative k asks for the largest values."""
    (count,) = sizes_of(b, k)
    if not isinstance(count, int):
        refuse("topk of a k that is only known at run time")
    kth_only = mode.upper() == "KTH_ONLY"
    found = reduction.topk(b, inp, abs(count), count < 0, kth_only)
    return found[0] if kth_only else found


@lower(OP + "Cumsum")
def cumsum_opdef(b: Builder, inp: Value, *, axis: int, exclusive: bool = False, reverse: bool = False) -> Value:
    return b.op("CumSum", inp, b.constant(axis % rank(inp), INT64), exclusive=exclusive, reverse=reverse)


@lower(OP + "Reshape")
def reshape_opdef(b: Builder, inp: Value, size: Any = None, *, shape: Any = (), axis: int = 7) -> Value:
    """`axis` is the position of the size to infer."""
    sizes = sizes_of(b, shape if size is None else size)
    return reshape(b, inp, [-1 if index == axis else item for index, item in enumerate(sizes)])


@lower(OP + "Broadcast")
def broadcast_opdef(b: Builder, inp: Value, size: Any = None, *, shape: Any = ()) -> Value:
    return tensors.broadcast_to(b, inp, shape if size is None else size)


@lower(OP + "Dimshuffle")
def dimshuffle(b: Builder, inp: Value, *, pattern: Sequence[int]) -> Value:
    """-1 adds an axis; an axis that is left out has size 1 and goes."""
    dropped = sorted(set(range(rank(inp))) - set(pattern))
    x = b.op("Squeeze", inp, dropped) if dropped else inp
    moved = [item if item < 0 else item - sum(axis < item for axis in dropped) for item in pattern]
    return tensors.transpose(b, x, ["x" if item < 0 else item for item in moved])


@lower(OP + "AddAxis")
def add_axis(b: Builder, inp: Value, *, axis: Sequence[int]) -> Value:
    """One after the other, each position in the result so far."""
    for position in axis:
        inp = b.op("Unsqueeze", inp, [position])
    return inp


@lower(OP + "RemoveAxis")
def remove_axis(b: Builder, inp: Value, *, axis: Sequence[int]) -> Value:
    """One after the other, each position in what is left."""
    for position in axis:
        inp = b.op("Squeeze", inp, [position])
    return inp


@lower(OP + "Concat")
def concat_opdef(b: Builder, *inputs: Value, axis: int, comp_node: Any = None) -> Value:
    return tensors.concat(b, inputs, axis)


@lower(OP + "Stack")
def stack_opdef(b: Builder, *inputs: Value, axis: int, comp_node: Any = None) -> Value:
    return tensors.stack(b, inputs, axis)


@lower(OP + "Split")
def split_opdef(b: Builder, inp: Value, *sizes: Value, axis: int, nsections: int = 0) -> list[Value]:
    """Either equal parts, or one size input a part."""
    if not sizes:
        return tensors.split(b, inp, nsections, axis)
    lengths = [int(length) for size in sizes for length in sizes_of(b, size) if isinstance(length, int)]
    if len(lengths) != len(sizes):
        refuse("split into sizes that are only known at run time")
    return b.ops("Split", len(lengths), inp, lengths, axis=axis)


@lower(OP + "Linspace")
def linspace_opdef(
    b: Builder, start: Value, stop: Value, num: Value, *, endpoint: bool = True, comp_node: Any = None
) -> Value:
    if endpoint:
        return tensors.linspace(b, start, stop, num)
    whole = tensors.linspace(b, start, stop, elemwise(b, "ADD", num, 1))
    return b.op("Slice", whole, [0], [-1], [0])


@lower(OP + "Eye")
def eye_opdef(b: Builder, shape: Value, *, k: int, dtype: Any, comp_node: Any = None) -> Value:
    sizes = sizes_of(b, shape)
    if not all(isinstance(size, int) for size in sizes):
        refuse("eye of a size that is only known at run time")
    rows, columns = [int(size) for size in (sizes * 2)[:2]]  # type: ignore[arg-type]
    return b.constant(np.eye(rows, columns, k, dtype=np.dtype(dtype)))


@lower(OP + "Fill")
def fill(b: Builder, shape: Value, *, value: float, dtype: Any = None, comp_node: Any = None) -> Value:
    return tensors.full(b, shape, value, dtype=dtype or "float32")


@lower(OP + "FillLike")
def fill_like(b: Builder, inp: Value, *, value: float, comp_node: Any = None) -> Value:
    return tensors.full_like(b, inp, value)


@lower(OP + "MaskedFill")
def masked_fill(b: Builder, inp: Value, mask: Value, *, value: float) -> Value:
    return indexing.setitem(b, inp, mask, value)


@lower(OP + "MeshGrid")
def meshgrid_opdef(b: Builder, *inputs: Value, indexing: str) -> list[Value]:
    return tensors.meshgrid(b, *inputs, indexing=indexing)


@lower(OP + "Padding")
def padding_opdef(b: Builder, inp: Value, *, padding_mode: str, padding_val: float, **offsets: int) -> Value:
    widths = [(offsets[f"front_offset_dim{axis}"], offsets[f"back_offset_dim{axis}"]) for axis in range(rank(inp))]
    return pad(b, inp, widths, padding_mode, padding_val)


@lower(OP + "Resize")
def resize_opdef(b: Builder, inp: Value, size: Value, *, imode: str, format: str = "NCHW") -> Value:
    _nchw(format)
    return vision.resize(b, inp, sizes_of(b, size), imode.lower(), align_corners=False)


@lower(OP + "Resize3D")
def resize3d_opdef(
    b: Builder, inp: Value, size: Value, *, imode: str, align_corners: bool, format: str = "NCDHW"
) -> Value:
    _nchw(format)
    return vision.resize(b, inp, sizes_of(b, size), imode.lower(), align_corners)


def _index(b: Builder, x: Value, items: Sequence[Item], operands: Sequence[Value]) -> tuple[Any, ...]:
    """The index that items (axis, has begin, has end, has step, has index) and their operands stand for."""
    index: list[Any] = [slice(None)] * rank(x)
    rest = iter(operands)
    for axis, begin, end, step, single in items:
        bounds = [next(rest) if given else None for given in (begin, end, step)]
        index[axis] = next(rest) if single else slice(*bounds)
    return tuple(index)


def _scalars(b: Builder, index: tuple[Any, ...]) -> tuple[Any, ...]:
    """A Subtensor index is one int, which may come as a vector of one element."""

    def scalar(item: Any) -> Any:
        return b.op("Reshape", item, []) if isinstance(item, Value) and rank(item) else item

    return tuple(
        slice(*map(scalar, (item.start, item.stop, item.step))) if isinstance(item, slice) else scalar(item)
        for item in index
    )


@lower(OP + "Subtensor")
def subtensor(b: Builder, inp: Value, *operands: Value, items: Any, slice_items: Any = ()) -> Value:
    return indexing.getitem(b, inp, _scalars(b, _index(b, inp, items, operands)))


@lower(OP + "IndexingMultiAxisVec")
def indexing_multi_axis_vec(b: Builder, inp: Value, *operands: Value, items: Any) -> Value:
    return indexing.getitem(b, inp, _index(b, inp, items, operands))


@lower(OP + "MeshIndexing")
def mesh_indexing(b: Builder, inp: Value, *operands: Value, items: Any) -> Value:
    """Every index applies to its own axis, independently of the others."""
    for axis, item in enumerate(_index(b, inp, items, operands)):
        inp = indexing.getitem(b, inp, (slice(None),) * axis + (item,))
    return inp


@lower(OP + "SetSubtensor")
def set_subtensor(b: Builder, inp: Value, value: Value, *operands: Value, items: Any) -> Value:
    return indexing.setitem(b, inp, _scalars(b, _index(b, inp, items, operands)), value)


@lower(OP + "IncrSubtensor")
def incr_subtensor(b: Builder, inp: Value, value: Value, *operands: Value, items: Any) -> Value:
    index = _scalars(b, _index(b, inp, items, operands))
    return indexing.setitem(b, inp, index, b.op("Add", indexing.getitem(b, inp, index), value))


@lower(OP + "IndexingSetMultiAxisVec")
def indexing_set_multi_axis_vec(b: Builder, inp: Value, value: Value, *operands: Value, items: Any) -> Value:
    return indexing.setitem(b, inp, _index(b, inp, items, operands), value)


@lower(OP + "InplaceAdd")
def inplace_add(b: Builder, inp: Value, delta: Value, alpha: Value, beta: Value) -> Value:
    """inp * alpha + delta * beta."""
    return elemwise(b, "FUSE_MUL_ADD4", inp, alpha, delta, beta)


@lower(OP + "Dropout")
def dropout_opdef(b: Builder, inp: Value, *, drop_prob: float, seed: Any = 0, handle: Any = 0) -> list[Value]:
    """Nothing is dropped at inference; the second output is the mask of what was kept."""
    return [inp, tensors.ones_like(b, inp)]


@lower(OP + "Borrow")
def borrow(b: Builder, inp: Value, *, comp_node: Any = None) -> Value:
    return inp
