"""Activations, softmax and its logarithm."""

from __future__ import annotations

from tests.harness import OP, Case, F, M, P, X
from tests.harness.dtypes import NUMBERS, images, matrices

NAMES = ["gelu", "hsigmoid", "hswish", "logsigmoid", "silu", "softplus"]

ROWS = [
    Case(F + "nn.relu", (X(2, 3, 4, 4),)),
    Case(F + "nn.relu6", (X(2, 3, 4, 4, low=-9, high=9),)),
    Case(F + "nn.sigmoid", (X(2, 3, 4, low=-6, high=6),)),
    Case(F + "nn.softmax", (X(2, 3, 4, low=-4, high=4), -1)),
    Case(F + "nn.softmax", (X(2, 3, 4, low=-4, high=4),), {"axis": 1}),
    Case(F + "nn.softmax", (X(2, 5, low=-90, high=90),)),
    Case(F + "nn.softmax", (X(2, 3, 4, 5),)),
    *(Case(F + "nn." + name, (X(2, 3, 4, low=-6, high=6),)) for name in NAMES),
    Case(F + "nn.leaky_relu", (X(2, 3, 4),)),
    Case(F + "nn.leaky_relu", (X(2, 3, 4),), {"negative_slope": 0.2}),
    Case(F + "nn.prelu", (X(2, 3, 4, 4), P(1, 3, 1, 1))),
    Case(F + "nn.prelu", (X(2, 3, 4, 4), P(1))),
    Case(F + "nn.logsoftmax", (X(2, 3, 4, low=-4, high=4), 1)),
    Case(F + "elemwise.tanh", (X(2, 3, 4, low=-4, high=4),)),
    Case(M + "activation.ReLU", (X(2, 3, 4, 4),)),
    *(
        Case(M + "activation." + name, (X(2, 3, 4, low=-6, high=6),))
        for name in ("GELU", "SiLU", "Sigmoid", "LeakyReLU")
    ),
    Case(M + "activation.LeakyReLU", (X(2, 3),), init=(0.3,)),
    Case(M + "activation.PReLU", (X(2, 3, 4, 4),)),
    Case(M + "activation.PReLU", (X(2, 3, 4, 4),), init=(3,)),
    Case(M + "activation.Softmax", (X(2, 3, 4),), init=(1,)),
    Case(M + "activation.Softmax", (X(2, 3),)),
    Case(OP + "Softmax", (X(2, 3, 4),), {"axis": 1}),
    *images(
        {
            "leaky-relu": ("F.leaky_relu(x - 50, 0.125)", "int8 int16 int32"),
        }
    ),
    *matrices(
        {
            "relu": ("F.relu(x)", NUMBERS),
            "sigmoid": ("F.sigmoid(x)", ["float16"]),
            "softmax": ("F.softmax(x, axis=1)", ["float16"]),
            "gelu": ("F.gelu(x)", ["float16"]),
        }
    ),
]
