"""four-axes: values of five axes and more become several of four, which is all that ncnn has.

Named by its own option only: elsewhere the larger value is the shorter graph.
"""

from __future__ import annotations

from mgeconvert.ir import Node

from .nodes import array, data, integer, ints
from .rewriter import Rewriter
from .table import Result, rule

MOST = 4


@rule("four-axes", "Gather")
def parts_of_a_product(r: Rewriter, node: Node) -> Result:
    """Gather(Transpose(Reshape(x, (*a, k, *b)), p), i) -> Transpose(Reshape(Slice(x, i), (*a, *b)), p without k): the
    queries, keys and values of attention that are computed as one product"""
    transpose = r.producer(node.inputs[0], "Transpose")
    reshape = None if transpose is None else r.producer(data(transpose), "Reshape")
    if transpose is None or reshape is None:
        return None
    x, index = data(reshape), array(node, 1)
    before, split = x.static_shape, reshape.output.static_shape
    if before is None or split is None or index is None or index.shape != () or len(split) <= MOST:
        return None
    perm = ints(transpose, "perm")
    axis = integer(node, "axis", 0) % len(split)
    first = len(before) - 1
    if not perm or perm[axis] != first or split[:first] != before[:first]:
        return None
    count, size = split[first], before[first] // split[first]
    start = int(index) % count * size
    part = r.op("Slice", x, [start], [start + size], [first])
    shaped = r.op("Reshape", part, [*split[:first], *split[first + 1 :]])
    kept = [place - (place > first) for place in perm if place != first]
    return r.op("Transpose", shaped, perm=kept)
