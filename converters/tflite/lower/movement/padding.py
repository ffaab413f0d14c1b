"""Borders around tensors.

Source: pad.cc, mirror_pad.cc of tensorflow/lite/kernels/.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value, table_size
from mgeconvert.ir.table_size import check_table

from ...layout.wants import FOLLOW
from ..table import lower
from ..translation import Translation


def _widths(t: Translation, rank: int) -> list[tuple[int, int]]:
    """(before, after) of each axis of the IR's value."""
    numbers = t.array(1, "pads")
    if numbers is None or numbers.shape != (rank, 2) or numbers.min(initial=0) < 0:
        refuse("pads that do not fit the data")
    return [(int(numbers[axis][0]), int(numbers[axis][1])) for axis in t.layout]


def _flat(widths: list[tuple[int, int]]) -> list[int]:
    return [before for before, _ in widths] + [after for _, after in widths]


def _computed(t: Translation) -> Value | None:
    """Pads that the run computes, (rank, 2) of the file's axes, in ONNX's order; None where they are constants."""
    if t.is_known(1):
        return None
    rows = t.b.op("Gather", t.value(1), np.array(t.layout, np.int64), axis=0)
    return t.b.op("Cast", t.b.op("Reshape", t.b.op("Transpose", rows, perm=(1, 0)), [-1]), to=7)


@lower("PAD", "PADV2", wants=FOLLOW, data=1, moves=True)
def pad(t: Translation, x: Value) -> Value:
    """With zeros, or with operand 2."""
    fill = t.value(2) if t.tensor(2) is not None else None
    if fill is not None:
        fill = t.b.op("Reshape", fill, np.array([], np.int64))
    return t.b.op("Pad", x, _computed(t) or _flat(_widths(t, len(x.shape or ()))), fill)


@lower("MIRROR_PAD", wants=FOLLOW, data=1, moves=True)
def mirror_pad(t: Translation, x: Value) -> Value:
    """REFLECT leaves the border out of the mirror image; SYMMETRIC repeats it, which is a Gather in ONNX."""
    widths = _widths(t, len(x.shape or ()))
    if t.option("Mode") == 0:
        return t.b.op("Pad", x, _flat(widths), mode="reflect")
    for axis, pair in enumerate(widths):
        if any(pair):
            (size,) = t.known((x.shape or ())[axis : axis + 1], "a symmetric pad")
            check_table(size + sum(pair))
            x = t.b.op("Gather", x, np.pad(table_size.arange(size, dtype=np.int64), pair, "symmetric"), axis=axis)
    return x
