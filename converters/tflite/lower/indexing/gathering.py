"""Reading at indices.

Source: gather.cc, gather_nd.cc, embedding_lookup.cc, reverse_sequence.cc of tensorflow/lite/kernels/.
"""

from __future__ import annotations

from mgeconvert.errors import refuse
from mgeconvert.ir import Value

from ...layout.wants import FOLLOW, PLAIN
from ..table import lower
from ..translation import Translation, without


@lower("GATHER", wants=FOLLOW, data=1, moves=True)
def gather(t: Translation, x: Value) -> Value:
    """Along one axis; with batch dimensions each batch has indices of its own."""
    rank, indices = len(x.shape or ()), t.value(1)
    axis, batches = t.own_axis(t.option("Axis"), rank), t.option("BatchDims")
    count = len(indices.shape or ())
    if batches:
        return _batched(t, axis, t.own_axis(batches, count + 1), indices)
    if count > 1:
        t.layout, x = tuple(range(rank - 1 + count)), t.value(0)
        return t.b.op("Gather", x, indices, axis=axis)
    where = t.axis(axis)
    if not count:
        t.layout = without(t.layout, [axis])
    return t.b.op("Gather", x, indices, axis=where)


def _batched(t: Translation, axis: int, batches: int, indices: Value) -> Value:
    if axis != batches:
        refuse(f"GATHER along axis {axis} with {batches} batch dimensions")
    x = t.value(0)
    last = len(indices.shape or ())
    made = t.b.op("GatherND", x, t.b.op("Unsqueeze", t.b.op("Cast", indices, to=7), [last]), batch_dims=batches)
    t.layout = tuple(range(len(made.shape or ())))
    return made


@lower("GATHER_ND", wants=PLAIN, data=1, moves=True)
def gather_nd(t: Translation, x: Value) -> Value:
    made = t.b.op("GatherND", x, t.int64(1))
    t.layout = tuple(range(len(made.shape or ())))
    return made


@lower("EMBEDDING_LOOKUP", wants=PLAIN, data=1, first=1, moves=True)
def embedding_lookup(t: Translation, table: Value) -> Value:
    """Rows of operand 1 at the indices of operand 0."""
    return t.b.op("Gather", table, t.value(0), axis=0)


@lower("REVERSE_SEQUENCE", wants=PLAIN, data=1, moves=True)
def reverse_sequence(t: Translation, x: Value) -> Value:
    """ONNX has the first two axes as time and batch; other ones come there and go back."""
    rank = len(x.shape or ())
    time, batch = t.own_axis(t.option("SeqDim"), rank), t.own_axis(t.option("BatchDim"), rank)
    if {time, batch} == {0, 1}:
        return t.b.op("ReverseSequence", x, t.int64(1), time_axis=time, batch_axis=batch)
    if time == batch:
        refuse("a sequence along the axis of the batch")
    order = [batch, time, *(axis for axis in range(rank) if axis not in (batch, time))]
    turned = t.b.op("Transpose", x, perm=order)
    made = t.b.op("ReverseSequence", turned, t.int64(1), time_axis=1, batch_axis=0)
    return t.b.op("Transpose", made, perm=[order.index(axis) for axis in range(rank)])


@lower("REVERSE_V2", wants=FOLLOW, data=1, moves=True)
def reverse_v2(t: Translation, x: Value) -> Value:
    axes = [t.axis(axis) for axis in t.ints(1, "axes") or []]
    if not axes:
        return x
    ends = [-(2**31)] * len(axes)
    return t.b.op("Slice", x, [-1] * len(axes), ends, axes, [-1] * len(axes))
