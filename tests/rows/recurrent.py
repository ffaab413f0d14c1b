"""Recurrent networks and their cells."""

from __future__ import annotations

from tests.harness import OP, Case, Code, M, P, X

SEQUENCE = X(5, 2, 3)
FORMS = [{}, {"num_layers": 2}, {"bidirectional": True}, {"num_layers": 2, "bidirectional": True, "bias": False}]

ROWS = [
    *[Case(M + "rnn.RNN", (SEQUENCE,), init=(3, 4), init_kwargs=form) for form in FORMS],
    Case(M + "rnn.RNN", (SEQUENCE,), init=(3, 4), init_kwargs={"nonlinearity": "relu"}),
    Case(M + "rnn.RNN", (SEQUENCE, X(1, 2, 4)), init=(3, 4)),
    *[Case(M + "rnn.LSTM", (SEQUENCE,), init=(3, 4), init_kwargs=form) for form in FORMS],
    Case(M + "rnn.LSTM", (SEQUENCE, (X(2, 2, 4), X(2, 2, 4))), init=(3, 4), init_kwargs={"num_layers": 2}),
    Case(M + "rnn.LSTM", (X(2, 5, 3),), init=(3, 4), init_kwargs={"batch_first": True, "bidirectional": True}),
    Case(M + "rnn.LSTM", (SEQUENCE,), init=(3, 4), init_kwargs={"proj_size": 2}),
    Case(M + "rnn.RNNCell", (X(2, 3),), init=(3, 4)),
    Case(M + "rnn.RNNCell", (X(2, 3), X(2, 4)), init=(3, 4), init_kwargs={"nonlinearity": "relu", "bias": False}),
    Case(M + "rnn.LSTMCell", (X(2, 3),), init=(3, 4)),
    Case(M + "rnn.LSTMCell", (X(2, 3), (X(2, 4), X(2, 4))), init=(3, 4)),
    Code(
        "apply(builtin.RNN(num_layers=1, bidirectional=False, bias=True, hidden_size=4, dropout=0., "
        "nonlineMode='tanh', fwd_mode='inference'), x, y, self.w)[:2]",
        SEQUENCE,
        X(1, 2, 4),
        w=P(4, 9),
        id="RNN-opdef",
    ),
    Code(
        "apply(builtin.LSTM(num_layers=1, bidirectional=False, bias=True, hidden_size=4, proj_size=0, dropout=0., "
        "fwd_mode='inference'), x, y, z, self.w)[:3]",
        SEQUENCE,
        X(1, 2, 4),
        X(1, 2, 4),
        w=P(16, 9),
        id="LSTM-opdef",
    ),
    Case(OP + "RNNCell", (X(2, 3), P(4, 3), P(4), X(2, 4), P(4, 4), P(4)), {"nonlineMode": "identity"}),
    Code(
        "apply(builtin.LSTMCell(), x, self.w, self.b, y, self.r, self.c, z)[:2]",
        X(2, 3),
        X(2, 4),
        X(2, 4),
        w=P(16, 3),
        b=P(16),
        r=P(16, 4),
        c=P(16),
        id="LSTMCell-opdef",
    ),
]
