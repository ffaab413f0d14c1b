"""Every row through every backend, and the harness's own promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness import goldens
from tests.harness.cases import Row
from tests.harness.check import TARGETS, Target, check_row

CASES = [
    pytest.param(
        family,
        row,
        target,
        id=f"{family}/{row.id}-{target.format}",
        marks=[
            pytest.mark.xfail(strict=True, reason=row.xfail[name])
            for name in ("tm", target.format)
            if name in row.xfail
        ],
    )
    for family, rows in goldens.families().items()
    for row in rows
    for target in TARGETS
]


@pytest.mark.parametrize(("family", "row", "target"), CASES)
def test_row(family: str, row: Row, target: Target, tmp_path: Path) -> None:
    check_row(row, goldens.load(family, row), target, tmp_path)
