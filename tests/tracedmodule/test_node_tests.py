"""The node tests of the onnx package in real MegEngine: what is wrong or does not run is MegEngine's, by name."""

from __future__ import annotations

import json

import pytest

from tests.harness.node_tests import INTERNAL, REFUSED, RIGHT, WITH_CONSTANTS

from .node_tests import FILE, results

LEAST = 1300
"""So many are right at least, with their parameters as constants where MegEngine wants them."""
ROUNDS = "onnxruntime does not give what the package expects either"
NOT_OURS = dict.fromkeys(
    [
        "test_dequantizelinear_e4m3fn_float16",
        "test_reduce_max_empty_set_bool",
        "test_resize_downsample_scales_linear_align_corners",
    ],
    ROUNDS,
)
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
