"""The table of upgrade rules: what to do with a node in a form that is older than opset 21, the IR's.

    @upgrade("Clip", since=11)
    def clip(b: Builder, form: Form) -> Form:
        ...

A rule takes the form in force before `since` and returns the one from `since` on, or the values that stand for the
node's outputs; newer rules follow in turn. What has no newer form raises `RefusedError` with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Attribute, Shape, Value
from mgeconvert.ir.builder import Builder


@dataclass(slots=True)
class Form:
    """A node of some opset on its way to opset 21; `outputs` is how many it has."""

    op: str
    inputs: list[Value | None]
    attrs: dict[str, Attribute] = field(default_factory=dict)
    outputs: int = 1

    def input(self, index: int) -> Value | None:
        return self.inputs[index] if index < len(self.inputs) else None

    def data(self) -> Value:
        """The first input."""
        value = self.inputs[0]
        assert value is not None
        return value

    def shape(self) -> Shape:
        """The first input's shape; RefusedError where its rank is unknown."""
        shape = self.data().shape
        if shape is None:
            refuse("an input of unknown rank")
        return shape


Result: TypeAlias = "Form | Sequence[Value]"
Rule: TypeAlias = "Callable[[Builder, Form], Result]"

UPGRADES: dict[str, dict[int, Rule]] = {}
"""operator -> opset that brought a form -> how to get there from the form before."""


def upgrade(*ops: str, since: int) -> Callable[[Rule], Rule]:
    """Claim (op, since) for a rule; each key is claimed once."""

    def claim(rule: Rule) -> Rule:
        for op in ops:
            versions = UPGRADES.setdefault(op, {})
            assert since not in versions, f"{op} {since} has two rules"
            versions[since] = rule
        return rule

    return claim


def upgraded(b: Builder, form: Form, opset: int) -> Result:
    """A node in the form of `opset`, or older, in the form of opset 21."""
    while True:
        rules = UPGRADES.get(form.op, {})
        since = min((since for since in rules if since > opset), default=None)
        if since is None:
            return form
        result = rules[since](b, form)
        if not isinstance(result, Form):
            return result
        form, opset = result, since


MOVED: dict[tuple[str, int], tuple[str, ...]] = {
    ("Squeeze", 13): ("axes",),
    ("Unsqueeze", 13): ("axes",),
    ("ReduceSum", 13): ("axes",),
    ("Split", 13): ("split",),
    ("TopK", 10): ("k",),
    ("Slice", 10): ("starts", "ends", "axes"),
    **{
        (f"Reduce{name}", 18): ("axes",)
        for name in ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "SumSquare")
    },
}
"""Attributes that became inputs, in their order after the first input: lists of integers, or one."""


def _move(names: tuple[str, ...]) -> Rule:
    def rule(b: Builder, form: Form) -> Form:
        moved = [form.attrs.pop(name, None) for name in names]
        arrays = [None if given is None else np.atleast_1d(np.asarray(given, np.int64)) for given in moved]
        form.inputs[1:] = [None if array is None else b.constant(array) for array in arrays]
        return form

    return rule


for (_op, _since), _names in MOVED.items():
    upgrade(_op, since=_since)(_move(_names))


@upgrade("Split", since=18)
def split_into_parts(_: Builder, form: Form) -> Form:
    """Without sizes the number of outputs said into how many parts; since 18 an attribute does."""
    if form.input(1) is None:
        form.attrs["num_outputs"] = form.outputs
    return form


@upgrade("Hardmax", "LogSoftmax", "Softmax", since=13)
def softmax_of_trailing_axes(b: Builder, form: Form) -> Result:
    """Before 13 all dimensions from `axis` on were taken as one."""
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


@upgrade("Clip", since=11)
def clip_bounds(b: Builder, form: Form) -> Form:
    x = form.data()
    bounds = [form.attrs.pop("min", None), form.attrs.pop("max", None)]
    form.inputs[1:] = [None if bound is None else b.constant(np.asarray(bound, x.dtype)) for bound in bounds]
    return form


@upgrade("Pad", since=11)
def pad_inputs(b: Builder, form: Form) -> Form:
    pads, value = form.attrs.pop("pads"), form.attrs.pop("value", 0.0)
    fill = b.constant(np.asarray(value, form.data().dtype)) if value else None
    form.inputs[1:] = [b.constant(np.asarray(pads, np.int64)), fill]
    return form


@upgrade("Dropout", since=12)
def dropout(_: Builder, form: Form) -> Result:
    """Nothing at inference, which is all that these forms could say."""
    if form.outputs > 1:
        refuse("its mask is used")
    return [form.data()]


@upgrade("BatchNormalization", since=9)
def batch_norm_of_channels(_: Builder, form: Form) -> Form:
    if form.attrs.pop("spatial", 1) != 1:
        refuse("spatial 0, statistics of each element")
    return form


@upgrade("BatchNormalization", since=14)
def batch_norm_at_inference(_: Builder, form: Form) -> Form:
    """More outputs than one meant training."""
    if form.outputs > 1:
        refuse("training mode")
    return form


@upgrade("Upsample", since=9)
def upsample_scales(b: Builder, form: Form) -> Form:
    form.inputs[1:] = [b.constant(np.asarray(form.attrs.pop("scales"), np.float32))]
    return form


@upgrade("Upsample", since=10)
def upsample(_: Builder, form: Form) -> Form:
    return Form("Resize", form.inputs, form.attrs)


@upgrade("Resize", since=11)
def resize_asymmetric(b: Builder, form: Form) -> Result:
    """From out / scale, as it was before there was a choice; what is nearest to it was left open. onnxruntime takes the
    floor where it enlarges and the ceiling where it shrinks, and that is what these models were made with.
    """
    mode = form.attrs.get("mode", "nearest")
    attrs: dict[str, Any] = {"mode": mode, "coordinate_transformation_mode": "asymmetric"}
    x, scales = form.data(), form.input(1)
    assert scales is not None
    if mode != "nearest":
        return Form("Resize", [x, None, scales], attrs)
    if scales.array is None or (scales.array >= 1).all():
        return Form("Resize", [x, None, scales], {**attrs, "nearest_mode": "floor"})
    shrunk = b.op("Resize", x, None, np.minimum(scales.array, 1), **attrs, nearest_mode="ceil")
    return Form("Resize", [shrunk, None, b.constant(np.maximum(scales.array, 1))], {**attrs, "nearest_mode": "floor"})


@upgrade("Resize", since=13)
def resize_inputs(_: Builder, form: Form) -> Form:
    """Before 13 an empty tensor said that an input is left out, and there was one more way to count."""
    form.inputs = [None if value is not None and value.shape == (0,) else value for value in form.inputs]
    if form.attrs.get("coordinate_transformation_mode") == "tf_half_pixel_for_nn":
        if form.attrs.get("nearest_mode") != "floor":
            refuse("coordinate_transformation_mode tf_half_pixel_for_nn without nearest_mode floor")
        # floor((i + 0.5) / scale) is the nearest to (i + 0.5) / scale - 0.5, the upper one of two
        form.attrs |= {"coordinate_transformation_mode": "half_pixel", "nearest_mode": "round_prefer_ceil"}
    return form


@upgrade("Scatter", since=11)
def scatter(_: Builder, form: Form) -> Form:
    return Form("ScatterElements", form.inputs, form.attrs)


@upgrade("RoiAlign", since=16)
def roi_align(_: Builder, form: Form) -> Form:
    form.attrs["coordinate_transformation_mode"] = "output_half_pixel"
    return form


@upgrade("GridSample", since=20)
def grid_sample_modes(_: Builder, form: Form) -> Form:
    mode = str(form.attrs.get("mode", "bilinear"))
    form.attrs["mode"] = {"bilinear": "linear", "bicubic": "cubic"}.get(mode, mode)
    return form


@upgrade("DFT", since=20)
def dft_axis(b: Builder, form: Form) -> Form:
    axis = b.constant(np.asarray(form.attrs.pop("axis", 1), np.int64))
    form.inputs = [form.data(), form.input(1), axis]
    return form


@upgrade("GroupNormalization", since=21)
def group_norm_of_channels(b: Builder, form: Form) -> Form:
    """Scale and bias had one number a group; since 21 one a channel."""
    channels, groups = form.shape()[1], form.attrs["num_groups"]
    if not isinstance(channels, int) or not isinstance(groups, int):
        refuse("an unknown number of channels")

    def spread(value: Value | None) -> Value:
        column = b.op("Unsqueeze", value, [1])
        return b.op("Reshape", b.op("Expand", column, [groups, channels // groups]), [channels])

    form.inputs[1:] = [spread(form.input(1)), spread(form.input(2))]
    return form


@upgrade("Scan", since=9)
def scan(_: Builder, form: Form) -> Form:
    refuse(f"the form of opset 8, with {len(form.inputs)} inputs")


UNCHANGED: dict[tuple[str, int], str] = {
    **{
        (op, since): f"{attribute} came; leaving it out means what the older form did"
        for (op, since), attribute in {
            ("ArgMax", 12): "select_last_index",
            ("ArgMin", 12): "select_last_index",
            ("AveragePool", 10): "ceil_mode",
            ("AveragePool", 19): "dilations",
            ("Cast", 19): "saturate",
            ("CastLike", 19): "saturate",
            ("DepthToSpace", 11): "mode",
            ("DequantizeLinear", 13): "axis",
            ("DequantizeLinear", 21): "block_size",
            ("GatherND", 12): "batch_dims",
            ("GRU", 14): "layout",
            ("LSTM", 14): "layout",
            ("RNN", 14): "layout",
            ("LpPool", 18): "ceil_mode",
            ("MaxPool", 8): "storage_order",
            ("MaxPool", 10): "ceil_mode",
            ("Pad", 18): "axes",
            ("QuantizeLinear", 13): "axis",
            ("QuantizeLinear", 19): "saturate",
            ("QuantizeLinear", 21): "block_size",
            ("Reshape", 14): "allowzero",
            ("Resize", 18): "antialias",
            ("ScatterElements", 16): "reduction",
            ("ScatterND", 16): "reduction",
            ("Shape", 15): "start",
            ("TopK", 11): "largest",
            ("Constant", 11): "sparse_value",
            ("Constant", 12): "value_int",
        }.items()
    },
    ("BatchNormalization", 15): "only types",
    ("Cast", 9): "strings came",
    ("Clip", 12): "integers came",
    ("Equal", 11): "floats came",
    **{(op, 8): "broadcasting came" for op in ("Max", "Mean", "Min", "Sum")},
    **{(op, 12): "integers came" for op in ("Max", "Min")},
    ("Pow", 12): "an exponent of another type came",
    **{(op, 18): "reductions max and min came" for op in ("ScatterElements", "ScatterND")},
    ("Pad", 19): "mode wrap came",
    ("Resize", 19): "half_pixel_symmetric came",
    ("OptionalGetElement", 18): "refused by name",
    ("Dropout", 10): "the type of the mask changed, which only training has",
    ("Gemm", 11): "C may be left out",
    ("OptionalHasElement", 18): "refused by name",
}
"""(operator, opset) -> why the older form is read as the newer one, where more than types changed."""
