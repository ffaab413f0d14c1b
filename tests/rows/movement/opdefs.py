"""Raw operators that make, shape, join and pad tensors."""

from __future__ import annotations

from tests.harness import OP, Case, X
from tests.harness.dtypes import ints

ROWS = [
    Case(OP + "GetVarShape", (X(2, 3, 4),)),
    Case(OP + "GetVarShape", (X(2, 3, 4),), {"axis": 1}),
    Case(OP + "Reshape", (X(2, 3, 4), ints(4, 6))),
    Case(OP + "Reshape", (X(2, 3, 4), ints(4, -1)), {"axis": 1}),
    Case(OP + "Broadcast", (X(3, 1), ints(2, 3, 4))),
    Case(OP + "Dimshuffle", (X(2, 3, 4),), {"pattern": [2, -1, 0, 1]}),
    Case(OP + "Dimshuffle", (X(2, 1, 4),), {"pattern": [2, 0]}),
    Case(OP + "AddAxis", (X(2, 3),), {"axis": [0, 2]}),
    Case(OP + "RemoveAxis", (X(1, 1, 3),), {"axis": [0, 0]}),
    Case(OP + "Concat", (X(2, 3), X(2, 1)), {"axis": 1, "comp_node": "xpux"}),
    Case(OP + "Stack", (X(2, 3), X(2, 3)), {"axis": 1, "comp_node": "xpux"}),
    Case(OP + "Split", (X(2, 6),), {"axis": 1, "nsections": 3}),
    Case(OP + "Split", (X(2, 6), ints(2), ints(4)), {"axis": 1}),
    Case(OP + "Linspace", (ints(1), ints(4), ints(5)), {"comp_node": "xpux"}),
    Case(OP + "Linspace", (ints(1), ints(4), ints(5)), {"endpoint": False, "comp_node": "xpux"}),
    Case(OP + "Eye", (ints(3, 4),), {"k": 1, "dtype": "float32", "comp_node": "xpux"}),
    Case(OP + "Fill", (ints(2, 3),), {"value": 2.5, "dtype": "float32", "comp_node": "xpux"}),
    Case(OP + "FillLike", (X(2, 3),), {"value": 2.5, "comp_node": "xpux"}),
    Case(OP + "MeshGrid", (X(2), X(3)), {"indexing": "xy"}),
    Case(OP + "MeshGrid", (X(2), X(3), X(4)), {"indexing": "ij"}),
    Case(OP + "Padding", (X(2, 3),), {"front_offset_dim0": 1, "back_offset_dim1": 2, "padding_val": 3.0}),
]
