"""Recurrent: recurrent networks."""

from __future__ import annotations

from tests.harness.operators import Op, P, X

ROWS = [
    Op("LSTM", X(3, 2, 4), P(1, 12, 4), P(1, 12, 3), hidden_size=3, outputs=3),
    Op("RNN", X(3, 2, 4), P(1, 3, 4), P(1, 3, 3), hidden_size=3, outputs=2),
    *(
        Op(
            "LSTM",
            X(5, 2, 3),
            P(d, 16, 3),
            P(d, 16, 4),
            P(d, 32),
            None,
            X(d, 2, 4),
            X(d, 2, 4),
            outputs=3,
            hidden_size=4,
            direction=direction,
        )
        for direction, d in (("forward", 1), ("reverse", 1), ("bidirectional", 2))
    ),
    Op("LSTM", X(1, 2, 3), P(1, 16, 3), P(1, 16, 4), outputs=1, hidden_size=4),
    Op("RNN", X(5, 2, 3), P(2, 4, 3), P(2, 4, 4), P(2, 8), outputs=2, hidden_size=4, direction="bidirectional"),
    *(
        Op(
            "GRU",
            X(5, 2, 3),
            P(1, 12, 3),
            P(1, 12, 4),
            P(1, 24),
            None,
            start,
            outputs=2,
            hidden_size=4,
            linear_before_reset=before,
        )
        for before in (0, 1)
        for start in (None, X(1, 2, 4))
    ),
    *(
        Op(
            op,
            X(4, 2, 3),
            P(d, g * 5, 3),
            P(d, g * 5, 5),
            P(d, 2 * g * 5),
            outputs=3 if op == "LSTM" else 2,
            hidden_size=5,
            direction=way,
            **more,
        )
        for op, g, more in (("LSTM", 4, {}), ("RNN", 1, {}), ("GRU", 3, {}), ("GRU", 3, {"linear_before_reset": 1}))
        for way, d in (("forward", 1), ("reverse", 1), ("bidirectional", 2))
    ),
    Op("LSTM", X(4, 2, 3), P(1, 20, 3), P(1, 20, 5), None, None, X(1, 2, 5), X(1, 2, 5), outputs=3, hidden_size=5),
]
