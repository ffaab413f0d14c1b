"""Every node test of the onnx package that onnxruntime runs comes out of onnx-to-onnx right, or is refused by name."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.harness.node_tests import FAILS, INTERNAL, REFUSED, RIGHT, WRONG
from tests.onnx.node_tests import NodeTest, document, node_tests, result, results


@pytest.fixture(scope="module")
def few() -> dict[str, NodeTest]:
    """The tests that the core lane runs: of each kind that once failed."""
    names = {"test_abs", "test_if_seq", "test_loop11", "test_scan_sum", "test_not_2d", "test_cumprod_1d"}
    names |= {"test_mod_float32_mixed_sign_fmod_0", "test_sequence_insert_at_back", "test_identity_opt"}
    names |= {"test_bitshift_left_int32", "test_ai_onnx_ml_binarizer", "test_maxpool_2d_ceil_output_size_reduce_by_one"}
    return {test.name: test for test in node_tests() if test.name in names}


def test_kinds_that_once_failed(few: dict[str, NodeTest]) -> None:
    assert {name: result(test, "onnx").kind for name, test in few.items()} == dict.fromkeys(few, RIGHT)
    assert len(few) == 12


@pytest.mark.reference
def test_all_of_them() -> None:
    found = results("onnx")
    counts = Counter(each.kind for each in found)
    assert [each for each in found if each.kind in (WRONG, FAILS, INTERNAL, REFUSED)] == []
    assert counts[RIGHT] > 1500
    assert f"| onnx | {counts[RIGHT]} |" in document({"onnx": found})
