"""Squeeze, Split and Pad took as attributes before what they take as inputs."""

from __future__ import annotations

import numpy as np

from mgeconvert.ir.builder import Builder

from .table import Form, attributes_to_inputs, upgrade

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
