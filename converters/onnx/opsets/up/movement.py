"""Squeeze, Split, Pad, Reshape and Tile of older opsets, which took as attributes what became inputs."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import table_size
from mgeconvert.ir.builder import Builder

from .table import Form, attributes_to_inputs, upgrade


@upgrade("Concat", since=4)
def concat_of_channels(_: Builder, form: Form) -> Form:
    """Concat(x, y) -> Concat(x, y, axis=1): the axis could be left out."""
    form.attrs.setdefault("axis", 1)
    return form


@upgrade("Pad", since=2)
def paddings(_: Builder, form: Form) -> Form:
    """Pad(x, paddings=) -> Pad(x, pads=)"""
    form.attrs["pads"] = form.attrs.pop("paddings")
    return form


@upgrade("Reshape", since=5)
def reshape_input(b: Builder, form: Form) -> Form:
    """Reshape(x, shape=) -> Reshape(x, shape)"""
    form.attrs.pop("consumed_inputs", None)
    return attributes_to_inputs("shape")(b, form)  # type: ignore[return-value]


@upgrade("Split", since=2)
def split_attribute(_: Builder, form: Form) -> Form:
    """Split(x, sizes) -> Split(x, split=sizes)"""
    sizes = form.input(1)
    if sizes is not None:
        if sizes.array is None:
            refuse("sizes computed at run time")
        form.attrs["split"] = tuple(int(size) for size in sizes.array)
    del form.inputs[1:]
    return form


@upgrade("Tile", since=6)
def tile_of_an_axis(b: Builder, form: Form) -> Form:
    """Tile(x, tiles, axis) -> Tile(x, repeats), 1 for the other axes."""
    tiles, axis = form.input(1), form.input(2)
    if tiles is None or axis is None or tiles.array is None or axis.array is None:
        refuse("repeats computed at run time")
    repeats = table_size.ones(len(form.shape()), np.int64)
    repeats[int(axis.array.item())] = int(tiles.array.item())
    form.inputs[1:] = [b.constant(repeats)]
    return form


upgrade("Squeeze", "Unsqueeze", since=13)(attributes_to_inputs("axes"))


upgrade("Split", since=13)(attributes_to_inputs("split"))


@upgrade("Split", since=18)
def split_into_parts(_: Builder, form: Form) -> Form:
    """Split(x) of n outputs -> Split(x, num_outputs=n).

    Without sizes the number of outputs said into how many parts; since 18 an attribute does.
    """
    if form.input(1) is None:
        form.attrs["num_outputs"] = form.outputs
    return form


@upgrade("Pad", since=11)
def pad_inputs(b: Builder, form: Form) -> Form:
    """Pad(x, pads=, value=) -> Pad(x, pads, value)"""
    pads, value = form.attrs.pop("pads"), form.attrs.pop("value", 0.0)
    fill = b.constant(np.asarray(value, form.data().dtype)) if value else None
    form.inputs[1:] = [b.constant(np.asarray(pads, np.int64)), fill]
    return form
