"""The node tests of the onnx package in LiteRT: none wrong, none that does not run, no bug of ours."""

from __future__ import annotations

import json

import pytest

from tests.harness.node_tests import REFUSED, RIGHT, WITH_CONSTANTS

from .node_tests import FILE, results

LEAST, LEAST_WITH_CONSTANTS = 1150, 1300
"""So many are right at least as they are, and with their parameters as constants."""
NOT_OURS = {
    "test_dequantizelinear_e4m3fn_float16": "onnxruntime does not run it either",
    "test_resize_downsample_scales_cubic_align_corners": "onnxruntime rounds the resized length, as we do",
    "test_resize_downsample_scales_linear_align_corners": "onnxruntime rounds the resized length, as we do",
}
"""Tests that come out otherwise than the onnx package says, and why."""


@pytest.mark.reference
def test_nothing_is_wrong_and_what_comes_of_each_is_recorded() -> None:
    assert results() == json.loads(FILE.read_text())


def test_the_count() -> None:
    recorded: dict[str, str] = json.loads(FILE.read_text())
    right = [name for name, verdict in recorded.items() if verdict == RIGHT]
    constants = [name for name, verdict in recorded.items() if verdict == WITH_CONSTANTS]
    refused = [name for name, verdict in recorded.items() if verdict.startswith(REFUSED)]
    assert len(right) >= LEAST
    assert len(right) + len(constants) >= LEAST_WITH_CONSTANTS
    assert recorded.keys() - {*right, *constants, *refused} == NOT_OURS.keys()
