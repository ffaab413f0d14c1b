"""Softmax and its like took all trailing axes as one before opset 13; the slopes of PRelu were of channels before 7."""

from __future__ import annotations

from mgeconvert.ir.builder import Builder

from .table import Form, Result, upgrade, without_attributes

upgrade("Elu", "HardSigmoid", "LeakyRelu", "PRelu", "Relu", "Selu", "Sigmoid", "Tanh", since=6)(
    without_attributes("consumed_inputs")
)


@upgrade("PRelu", since=7)
def prelu_of_channels(b: Builder, form: Form) -> Form:
    """PRelu(x, slope of channels) -> PRelu(x, Unsqueeze(slope)): since 7 the slope is broadcast as numpy does."""
    slope, rank = form.input(1), len(form.shape())
    if slope is not None and slope.rank == 1 and slope.shape != (1,) and rank > 2:
        form.inputs[1] = b.op("Unsqueeze", slope, list(range(1, rank - 1)))
    return form


@upgrade("Hardmax", "LogSoftmax", "Softmax", since=13)
def softmax_of_trailing_axes(b: Builder, form: Form) -> Result:
    """Softmax(x, axis) -> Reshape(Softmax(Reshape(x, leading axes, -1), axis=last)).

    Before 13 all dimensions from `axis` on were taken as one.
    """
    axis = form.attrs.pop("axis", 1)
    assert isinstance(axis, int)
    x, shape = form.data(), form.shape()
    if axis < 0:
        axis += len(shape)
    if all(dim == 1 for dim in shape[axis + 1 :]):
        form.attrs["axis"] = axis
        return form
    rows = b.op(form.op, b.op("Reshape", x, [*[0] * axis, -1]), axis=axis)
    if sum(isinstance(dim, str) for dim in shape) <= 1:
        return [b.op("Reshape", rows, [-1 if isinstance(dim, str) else dim for dim in shape])]
    return [b.op("Reshape", rows, b.op("Shape", x))]
