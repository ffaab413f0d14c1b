"""Normalization: normalization by computed or stored statistics, dropout."""

from __future__ import annotations

from tests.harness.operators import BLOCK, IMAGE, Op, P, X

ROWS = [
    Op("Dropout", X(*BLOCK)),
    Op("Dropout", X(*BLOCK), P(values=0.3), P(values=False, dtype="bool")),
    Op("BatchNormalization", X(*BLOCK), P(4), P(4), P(4), P(4, low=0.1, high=2.0)),
    Op("LayerNormalization", X(*BLOCK), P(6), P(6)),
    Op("LayerNormalization", X(*BLOCK), P(5, 6), axis=2, outputs=3),
    Op("LayerNormalization", X(*BLOCK, dtype="float16"), P(6, dtype="float16")),
    Op("GroupNormalization", X(*BLOCK), P(4), P(4), num_groups=2),
    Op("MeanVarianceNormalization", X(*BLOCK), axes=(0, 2, 3)),
    Op("InstanceNormalization", X(*BLOCK), P(4), P(4)),
    Op("LRN", X(*BLOCK), size=3),
    Op("LpNormalization", X(*BLOCK)),
    Op("Dropout", X(2, 3)),
    Op("BatchNormalization", X(*IMAGE), P(3), P(3), P(3), P(3, low=0.1, high=2.0)),
    Op("BatchNormalization", X(2, 3), P(3), P(3), P(3), P(3, low=0.1, high=2.0)),
    Op("InstanceNormalization", X(*IMAGE), P(3), P(3)),
    Op("GroupNormalization", X(2, 6, 4, 5), P(6), P(6), num_groups=3),
    Op("LayerNormalization", X(2, 6, 20), P(20), P(20)),
    Op("LayerNormalization", X(2, 6, 4, 5), P(6, 4, 5), P(6, 4, 5), axis=1),
    Op("MeanVarianceNormalization", X(*IMAGE)),
    Op("LRN", X(2, 6, 4, 5), size=5, alpha=0.1, bias=2.0),
    Op("LpNormalization", X(2, 6, 4), axis=1, p=2),
    Op("LpNormalization", X(2, 6, 4), axis=1, p=1),
    Op("BatchNormalization", X(*IMAGE), P(3), P(3), P(3), P(3, low=0.5, high=2)),
    Op("BatchNormalization", X(5, 3), P(3), P(3), P(3), P(3, low=0.5, high=2)),
    Op("LayerNormalization", X(2, 5, 8), P(8), P(8)),
    Op("LayerNormalization", X(*IMAGE), P(3, 5, 7), None, axis=1),
    Op("LayerNormalization", X(*IMAGE), P(7), P(7)),
    Op("GroupNormalization", X(2, 6, 5), P(6), P(6), num_groups=2),
    Op("LpNormalization", X(3, 4)),
    Op("LpNormalization", X(3, 4), p=1, axis=0),
    Op("LRN", X(*IMAGE), size=3),
    Op("Dropout", X(3, 4)),
]
