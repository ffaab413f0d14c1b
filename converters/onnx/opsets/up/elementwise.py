"""The bounds of Clip were attributes before opset 11; broadcasting was asked for before 7, types had names before 6."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.dtypes import elem_type

from .table import Form, upgrade, without_attributes

upgrade("Abs", "Add", "Ceil", "Clip", "Div", "Exp", "Floor", "Log", "Max", "Mean", "Min", "Mul", since=6)(
    without_attributes("consumed_inputs")
)
upgrade("Neg", "Reciprocal", "Sqrt", "Sub", "Sum", since=6)(without_attributes("consumed_inputs"))

TYPES = {"float": "float32", "double": "float64"}
"""Names of types before opset 6 that numpy has other names for."""


@upgrade("Cast", since=6)
def cast_to_a_number(_: Builder, form: Form) -> Form:
    """Cast(x, to=FLOAT) -> Cast(x, to=1)"""
    name = str(form.attrs["to"]).lower()
    try:
        form.attrs["to"] = elem_type(TYPES.get(name, name))
    except (KeyError, TypeError):
        refuse(f"a Cast to {name}")
    return form


@upgrade("Add", "And", "Div", "Equal", "Greater", "Less", "Mul", "Or", "Pow", "Sub", "Xor", since=7)
def broadcast_from_an_axis(b: Builder, form: Form) -> Form:
    """Add(x, y, broadcast, axis) -> Add(x, Unsqueeze(y)): the dimensions of y began at an axis of x."""
    axis = form.attrs.pop("axis", None)
    if form.attrs.pop("broadcast", 0) and axis is not None:
        assert isinstance(axis, int)
        form.inputs[1] = _from_axis(b, form, axis)
    return form


def _from_axis(b: Builder, form: Form, axis: int) -> Value:
    y, rank = form.input(1), len(form.shape())
    if y is None or y.rank is None:
        refuse("an input of unknown rank")
    behind = rank - axis % rank - y.rank
    return b.op("Unsqueeze", y, [y.rank + index for index in range(behind)]) if behind > 0 else y


@upgrade("Clip", since=11)
def clip_bounds(b: Builder, form: Form) -> Form:
    """Clip(x, min=, max=) -> Clip(x, low, high)"""
    x = form.data()
    bounds = [form.attrs.pop("min", None), form.attrs.pop("max", None)]
    form.inputs[1:] = [None if bound is None else b.constant(np.asarray(bound, x.dtype)) for bound in bounds]
    return form
