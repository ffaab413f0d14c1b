"""four-axes: the parts of one product without a value of five axes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from mgeconvert.passes import PASSES
from tests.passes.harness import Row, examine, tables
from tests.passes.layers import x

ROWS, changes, declines = tables()


def split(b: Builder, source: Value, *perm: int) -> Value:
    return b.op("Transpose", b.op("Reshape", source, [2, 5, 3, 2, 4]), perm=perm)


@changes(
    "four-axes",
    """
    graph main (x: float32[2,5,24])
      Reshape: float32[2,5,3,2,4] = Reshape(x, int64([2, 5, 3, 2, 4]))
      Transpose: float32[3,2,2,5,4] = Transpose(Reshape) {perm=(2, 0, 3, 1, 4)}
      Gather: float32[2,2,5,4] = Gather(Transpose, int64(0)) {axis=0}
      Gather_1: float32[2,2,5,4] = Gather(Transpose, int64(-1)) {axis=0}
      return q=Gather, v=Gather_1
    """,
    """
    graph main (x: float32[2,5,24])
      Slice: float32[2,5,8] = Slice(x, int64([0]), int64([8]), int64([2]))
      Reshape: float32[2,5,2,4] = Reshape(Slice, int64([2, 5, 2, 4]))
      Gather: float32[2,2,5,4] = Transpose(Reshape) {perm=(0, 2, 1, 3)}
      Slice_1: float32[2,5,8] = Slice(x, int64([16]), int64([24]), int64([2]))
      Reshape_1: float32[2,5,2,4] = Reshape(Slice_1, int64([2, 5, 2, 4]))
      Gather_1: float32[2,2,5,4] = Transpose(Reshape_1) {perm=(0, 2, 1, 3)}
      return q=Gather, v=Gather_1
    """,
    grows=True,
)
def queries_and_keys(b: Builder) -> dict[str, Value]:
    parts = split(b, x(b, 2, 5, 24), 2, 0, 3, 1, 4)
    return {"q": b.op("Gather", parts, np.int64(0), axis=0), "v": b.op("Gather", parts, np.int64(-1), axis=0)}


@declines("four-axes")
def other_parts(b: Builder) -> dict[str, Value]:
    source = x(b, 2, 5, 24)
    return {
        "heads": b.op("Gather", split(b, source, 3, 0, 2, 1, 4), np.int64(1), axis=0),
        "several": b.op("Gather", split(b, source, 2, 0, 3, 1, 4), [0, 1], axis=0),
    }


def test_no_level_runs_it() -> None:
    assert [row.level for row in PASSES if row.name == "four-axes"] == [None]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, tmp_path: Path) -> None:
    examine(row, tmp_path)
