"""One policy for all passes: the file does not grow, or by as much as the user allows each rewrite."""

from __future__ import annotations

import re

import pytest

from mgeconvert.passes import select
from mgeconvert.passes.driver import run
from tests.passes import (
    test_add_mul,
    test_conv_bn_declined,
    test_conv_scale,
    test_fold_scale,
    test_identity,
    test_norms,
)
from tests.passes.harness import Row, graph_of

MODULES = (test_add_mul, test_conv_bn_declined, test_conv_scale, test_fold_scale, test_identity, test_norms)
GROWS = re.compile(r"the file would grow by ([\d,]+) bytes")
ROWS = [(row, int(found[1].replace(",", ""))) for module in MODULES for row in module.ROWS
        for reason in row.reasons if (found := GROWS.search(reason))]  # fmt: skip


def test_every_pass_that_makes_constants_keeps_to_the_policy() -> None:
    assert {row.passes for row, _ in ROWS} == {
        "backward-fold-scale", "fold-constants", "fuse-add-mul", "fuse-conv-bn", "fuse-conv-scale", "fuse-norm",
    }  # fmt: skip


@pytest.mark.parametrize(("row", "needed"), ROWS, ids=str)
def test_growth_is_allowed_to_the_byte(row: Row, needed: int) -> None:
    assert not run(graph_of(row.build), select(0, [row.passes]), allowed_growth=needed - 1).changes
    assert run(graph_of(row.build), select(0, [row.passes]), allowed_growth=needed).changes
