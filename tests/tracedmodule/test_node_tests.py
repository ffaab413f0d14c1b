"""The node tests of the onnx package in real MegEngine: what is wrong or does not run is MegEngine's, by name."""

from __future__ import annotations

import json

import pytest

from tests.harness.node_tests import INTERNAL, REFUSED, RIGHT, WITH_CONSTANTS

from .node_tests import FILE, results

LEAST = 1300
"""So many are right at least, with their parameters as constants where MegEngine wants them."""
LOWEST = "MegEngine's max of nothing but -inf is the lowest finite number"
BITS = "MegEngine shifts by the lowest bits of a count that is known only at run time"
ZEROS = "a shape that is an input of the model and holds ONNX's 0 when it runs"
ROUNDS = "onnxruntime does not give what the package expects either"
NOT_OURS = {
    **dict.fromkeys(
        [
            "test_attention_23_boolmask_fullymasked_row_nan_robustness",
            "test_attention_23_boolmask_fullymasked_row_nan_robustness_expanded",
            "test_attention_23_fullymasked_qk_matmul_output_mode3_zero",
            "test_attention_23_fullymasked_qk_matmul_output_mode3_zero_expanded",
            "test_attention_24_fullymasked_qk_matmul_output_mode3_zero",
            "test_attention_24_fullymasked_qk_matmul_output_mode3_zero_expanded",
            "test_attention_24_qk_matmul_output_mode3_softmax_precision",
            "test_attention_24_qk_matmul_output_mode3_softmax_precision_expanded",
            "test_attention_4d_causal_nonpad_negative_offset_structural_empty_expanded",
            "test_attention_causal_boolmask_nan_robustness",
            "test_attention_causal_boolmask_nan_robustness_expanded",
        ],
        LOWEST,
    ),
    **dict.fromkeys(
        [
            "test_bitshift_left_int32_negative_shift",
            "test_bitshift_left_int32_shift_ge_width",
            "test_bitshift_right_int32_negative_shift",
            "test_bitshift_right_int32_shift_ge_width",
        ],
        BITS,
    ),
    **dict.fromkeys(["test_reshape_zero_and_negative_dim", "test_reshape_zero_dim"], ZEROS),
    **dict.fromkeys(
        [
            "test_dequantizelinear_e4m3fn_float16",
            "test_reduce_max_empty_set_bool",
            "test_resize_downsample_scales_linear_align_corners",
        ],
        ROUNDS,
    ),
}
"""Tests that come out otherwise than the onnx package says, and why."""


@pytest.mark.reference
def test_what_comes_of_each_is_recorded() -> None:
    assert results() == json.loads(FILE.read_text())


def test_the_count() -> None:
    recorded: dict[str, str] = json.loads(FILE.read_text())
    right = {name for name, verdict in recorded.items() if verdict in (RIGHT, WITH_CONSTANTS)}
    refused = {name for name, verdict in recorded.items() if verdict.startswith(REFUSED)}
    assert len(right) >= LEAST
    assert not [verdict for verdict in recorded.values() if verdict.startswith(INTERNAL)]
    assert recorded.keys() - right - refused == NOT_OURS.keys()
