"""Of what another optimizer removed, every operator needs a reason to stay."""

from __future__ import annotations

from collections import Counter

import pytest

from .kept import KEPT, reason

GEMM, SPLIT = "a Gemm between Reshapes takes the same time", "one product and a Split are slower than three products"
GROWS = "the weight has another reader, the file would grow"


@pytest.mark.parametrize(
    ("network", "removed", "made", "expected"),
    [
        ("Bert", {"Add": 12, "MatMul": 12}, {"Gemm": 12, "Reshape": 8}, GEMM),
        ("Clip", {"Add": 6, "MatMul": 10}, {"Gemm": 6, "Split": 2}, f"{SPLIT}; {GEMM}"),
        ("Fcos", {"Mul": 4}, {}, GROWS),
        ("Raft", {"Mul": 4}, {}, ""),
        ("Bert", {"Add": 12, "MatMul": 12, "Slice": 1}, {"Gemm": 12}, ""),
        ("Bert", {"Add": 12, "MatMul": 12}, {}, ""),
    ],
)
def test_what_is_removed_is_known_or_not(
    network: str, removed: dict[str, int], made: dict[str, int], expected: str
) -> None:
    assert reason(network, Counter(removed), Counter(made)) == expected


def test_reasons_say_something() -> None:
    assert all(kept.why and kept.removes for kept in KEPT)
