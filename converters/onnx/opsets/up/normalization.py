"""BatchNormalization, GroupNormalization and Dropout of older opsets."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .table import Form, Result, upgrade, without_attributes

upgrade("BatchNormalization", "Dropout", "InstanceNormalization", since=6)(without_attributes("consumed_inputs"))


@upgrade("BatchNormalization", "Dropout", since=7)
def at_inference(_: Builder, form: Form) -> Form:
    """Dropout(x, is_test=1) -> Dropout(x); without is_test it was training."""
    if not form.attrs.pop("is_test", 0):
        refuse("training mode, is_test is 0")
    return form


@upgrade("Dropout", since=12)
def dropout(_: Builder, form: Form) -> Result:
    """Dropout(x) -> x: nothing at inference, which is all that these forms could say."""
    if form.outputs > 1:
        refuse("its mask is used")
    return [form.data()]


@upgrade("BatchNormalization", since=9)
def batch_norm_of_channels(b: Builder, form: Form) -> Result:
    """BatchNormalization(x, spatial=0) -> (x - mean) * (scale / sqrt(var + epsilon)) + bias, each of every element."""
    if form.attrs.pop("spatial", 1):
        return form
    if form.outputs > 1:
        refuse("training mode")
    x, epsilon = form.data(), form.attrs.get("epsilon", 1e-5)
    scale, bias, mean, variance = (form.input(index) for index in range(1, 5))
    deviation = b.op("Sqrt", b.op("Add", variance, np.array(epsilon, x.dtype)))
    return [b.op("Add", b.op("Mul", b.op("Sub", x, mean), b.op("Div", scale, deviation)), bias)]


@upgrade("BatchNormalization", since=14)
def batch_norm_at_inference(_: Builder, form: Form) -> Form:
    """BatchNormalization(x) -> BatchNormalization(x); more outputs than one meant training."""
    if form.outputs > 1:
        refuse("training mode")
    return form


@upgrade("GroupNormalization", since=21)
def group_norm_of_channels(b: Builder, form: Form) -> Form:
    """GroupNormalization(x, scale of groups) -> GroupNormalization(x, scale repeated for the channels of each group)"""
    channels, groups = form.shape()[1], form.attrs["num_groups"]
    if not isinstance(channels, int) or not isinstance(groups, int):
        refuse("an unknown number of channels")

    def spread(value: Value | None) -> Value:
        column = b.op("Unsqueeze", value, [1])
        return b.op("Reshape", b.op("Expand", column, [groups, channels // groups]), [channels])

    form.inputs[1:] = [spread(form.input(1)), spread(form.input(2))]
    return form
