"""Recurrent networks and attention."""

from __future__ import annotations

from tests.harness import Case, Code, P, X

R = "megengine.module.rnn."
A = "megengine.module.multiheadattn.MultiHeadAttention"
OP = "megengine.core.ops.builtin."
NN = "megengine.functional.nn."
SEQUENCE = X(5, 2, 3)
FORMS = [{}, {"num_layers": 2}, {"bidirectional": True}, {"num_layers": 2, "bidirectional": True, "bias": False}]
Q = X(2, 4, 8)
WEIGHTED = {"need_weights": True}
FLAT = "F.nn.multi_head_attention(x, x, x, 8, 2, 0., 0., self.w, 8, 8, 8, 8, need_weights=True, training=False)[0]"

ROWS = [
    *[Case(R + "RNN", (SEQUENCE,), init=(3, 4), init_kwargs=form) for form in FORMS],
    Case(R + "RNN", (SEQUENCE,), init=(3, 4), init_kwargs={"nonlinearity": "relu"}),
    Case(R + "RNN", (SEQUENCE, X(1, 2, 4)), init=(3, 4)),
    *[Case(R + "LSTM", (SEQUENCE,), init=(3, 4), init_kwargs=form) for form in FORMS],
    Case(R + "LSTM", (SEQUENCE, (X(2, 2, 4), X(2, 2, 4))), init=(3, 4), init_kwargs={"num_layers": 2}),
    Case(R + "LSTM", (X(2, 5, 3),), init=(3, 4), init_kwargs={"batch_first": True, "bidirectional": True}),
    Case(R + "LSTM", (SEQUENCE,), init=(3, 4), init_kwargs={"proj_size": 2}),
    Case(R + "RNNCell", (X(2, 3),), init=(3, 4)),
    Case(R + "RNNCell", (X(2, 3), X(2, 4)), init=(3, 4), init_kwargs={"nonlinearity": "relu", "bias": False}),
    Case(R + "LSTMCell", (X(2, 3),), init=(3, 4)),
    Case(R + "LSTMCell", (X(2, 3), (X(2, 4), X(2, 4))), init=(3, 4)),
    Code(
        "apply(builtin.RNN(num_layers=1, bidirectional=False, bias=True, hidden_size=4, dropout=0., "
        "nonlineMode='tanh', fwd_mode='inference'), x, y, self.w)[:2]",
        SEQUENCE, X(1, 2, 4), w=P(4, 9), id="RNN-opdef",
    ),
    Code(
        "apply(builtin.LSTM(num_layers=1, bidirectional=False, bias=True, hidden_size=4, proj_size=0, dropout=0., "
        "fwd_mode='inference'), x, y, z, self.w)[:3]",
        SEQUENCE, X(1, 2, 4), X(1, 2, 4), w=P(16, 9), id="LSTM-opdef",
    ),
    Case(OP + "RNNCell", (X(2, 3), P(4, 3), P(4), X(2, 4), P(4, 4), P(4)), {"nonlineMode": "identity"}),
    Code(
        "apply(builtin.LSTMCell(), x, self.w, self.b, y, self.r, self.c, z)[:2]",
        X(2, 3), X(2, 4), X(2, 4), w=P(16, 3), b=P(16), r=P(16, 4), c=P(16), id="LSTMCell-opdef",
    ),
    Case(A, (Q, Q, Q), WEIGHTED, init=(8, 2)),
    Case(A, (X(2, 3, 8), X(2, 4, 6), X(2, 4, 5)), WEIGHTED, init=(8, 2), init_kwargs={"kdim": 6, "vdim": 5}),
    Case(A, (Q, Q, Q), WEIGHTED | {"attn_mask": X(4, 4)}, init=(8, 2), init_kwargs={"bias": False}),
    Case(A, (Q, Q, Q), WEIGHTED | {"attn_mask": X(4, 4, 4)}, init=(8, 2)),
    Case(A, (Q, Q, Q), WEIGHTED | {"key_padding_mask": X(2, 4)}, init=(8, 2)),
    Case(A, (Q, Q, Q), WEIGHTED | {"attn_mask": X(4, 4), "key_padding_mask": X(2, 4)}, init=(8, 2)),
    Case(A, (Q, Q, Q), WEIGHTED | {"average_attn_weights": True}, init=(8, 4)),
    Code(FLAT, Q, w=P(1, 256), id="multi_head_attention"),
    Code("F.matinv(x @ x.transpose(0, 2, 1) + self.d)", X(2, 5, 7), d=P(values=[[[0.5]]]), id="matinv-gram"),
    Case("megengine.functional.math.matinv", (X(4, 4),)),
    Case("megengine.functional.math.matinv", (P(values=[[0, 2, 1], [1, 0, 3], [4, 1, 0]]),)),
    Case(OP + "MatrixInverse", (X(2, 3, 3),)),
]  # fmt: skip
