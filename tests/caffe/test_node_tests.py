"""The node tests of the onnx package in real Caffe: none wrong, none that does not run, no bug of ours."""

from __future__ import annotations

import json

import pytest

from .node_tests import FILE, REFUSED, RIGHT, WITH_CONSTANTS, WRONG, results

LEAST = 760
"""So many are right at least."""
NOT_OURS = {
    "test_resize_downsample_scales_cubic_align_corners": "onnxruntime rounds the resized length, as we do",
    "test_resize_downsample_scales_linear_align_corners": "onnxruntime rounds the resized length, as we do",
}
"""Tests that come out otherwise than the onnx package says, and why."""


@pytest.mark.reference("caffe")
def test_nothing_is_wrong_and_what_comes_of_each_is_recorded() -> None:
    found = results()
    assert {name for name, verdict in found.items() if verdict.startswith(WRONG)} == NOT_OURS.keys()
    assert found == json.loads(FILE.read_text())


def test_the_count() -> None:
    recorded = json.loads(FILE.read_text())
    right = [name for name, verdict in recorded.items() if verdict in (RIGHT, WITH_CONSTANTS)]
    refused = [name for name, verdict in recorded.items() if verdict.startswith(REFUSED)]
    assert len(right) >= LEAST
    assert len(right) + len(refused) + len(NOT_OURS) == len(recorded)
