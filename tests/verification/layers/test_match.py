"""How far two values are apart, where large numbers hide the others."""

from __future__ import annotations

import numpy as np
import pytest

from mgeconvert.verification.layers.match import apart

SCORES = np.random.default_rng(0).normal(size=(2, 4, 8)).astype(np.float32)
MASK = np.where(np.arange(8) < 5, 0, -1e4).astype(np.float32)
SHIFT = np.where(np.arange(8) == 1, 0.25, 0).astype(np.float32)
HIDDEN = np.where(MASK < 0, -np.inf, 0).astype(np.float32)
LARGE = np.where(np.arange(8) == 7, 1e6, 0).astype(np.float32)


@pytest.mark.parametrize(
    ("found", "truth", "least", "most"),
    [
        pytest.param(SCORES + SHIFT + MASK, SCORES + MASK, 0.08, 0.25, id="scores differ beside a mask"),
        pytest.param(SCORES + SHIFT + HIDDEN, SCORES + HIDDEN, 0.08, 0.25, id="scores differ beside infinity"),
        pytest.param(SCORES + HIDDEN, SCORES, np.inf, np.inf, id="infinite in one"),
        pytest.param(SCORES + MASK, SCORES + MASK, 0, 0, id="the same"),
        pytest.param(SCORES + SHIFT, SCORES, 0.08, 0.25, id="no mask"),
        pytest.param(SCORES + LARGE + np.float32(1e-3), SCORES + LARGE, 1e-10, 1e-8, id="rounding of the large ones"),
        pytest.param(SCORES * 0, SCORES * 0, 0, 0, id="zeros"),
        pytest.param(SCORES[:0], SCORES[:0], 0, 0, id="empty"),
        pytest.param(SCORES[..., :4], SCORES, np.inf, np.inf, id="another shape"),
    ],
)
def test_apart(found: np.ndarray, truth: np.ndarray, least: float, most: float) -> None:
    assert least <= apart(found, truth) <= most
