"""`x[...]` and `x[...] = y` in every form."""

from __future__ import annotations

from tests.harness import Code, X
from tests.harness.dtypes import ALL, matrices, wrapping
from tests.harness.source import brief

MATRIX = X(4, 6)
CUBE = X(2, 3, 4)
FOUR = X(2, 3, 4, 5)
ROWS_OF_4 = X(values=[3, 0, 1, 1, 2], dtype="int32")
GRID = X(values=[[0, 2], [1, 1]], dtype="int32")

READ = {
    MATRIX: [
        "x[2]", "x[-1]", "x[:]", "x[...]", "x[()]", "x[1:3]", "x[-3:-1]", "x[:-1]", "x[::2]", "x[1::2]", "x[::-1]",
        "x[-1, -1]", "x[1:3, ::2]", "x[::-1, ::-1]", "x[..., 0]", "x[0, ...]", "x[None]", "x[:, None]",
        "x[..., None]", "x[None, 1]", "x[1, None]", "x[:, 1, None]", "x[None, :, None, 2:4]", "x[1:2, None, 3]",
        "x[np.int64(1)]", "x[True]", "x[[0, 2]]", "x[[1]]", "x[[3, 3, 0]]", "x[:, [0, 2, 5]]", "x[[0, 1], [2, 3]]",
        "x[[-1, -2]]", "x[np.array([0, 2])]", "x[1, [0, 2]]", "x[[0, 2], 1]", "x[1:, [0, 2]]", "x[[0, 2], 1:]",
        "x[[0, 2], ::-2]", "x[[[0, 1], [2, 3]]]", "x[[0, 2], None]", "x[None, [0, 2]]", "x[x > 0]", "x[x[:, 0] > 0]",
        "x[x[0] > 2]",
    ],
    CUBE: [
        "x[[0, 1], None, [0, 2]]", "x[0, None, [0, 2]]", "x[[0, 1], None, 1]", "x[None, [0, 1], :, [0, 1]]",
        "x[:, True]", "x[[0, 1], None, :, [0, 1]]", "x[:, [1, 0], ..., [2, 1]]", "x[:, 1, ..., [2, 1]]",
        "x[:, x[0] > 0]", "x[1, 2, 3]", "x[0, :, 1]", "x[:, 1]", "x[..., 1, :]", "x[1, ..., 2]",
        "x[:, None, 1, 1:3]", "x[:, ::2, ::-1]", "x[[0, 1], :, [1, 3]]", "x[:, [0, 2], [1, 3]]", "x[[1, 0], [0, 2]]",
        "x[0, [0, 2], [1, 3]]", "x[[0, 1], 1, [1, 3]]", "x[:, [0, 2], 1]", "x[:, [0, 2], 1:3]", "x[[1, 0], :, 1:3]",
        "x[1:, [0, 2], ::2]", "x[..., [0, 2]]", "x[[1], ..., [2]]", "x[:, [[0, 1], [2, 0]]]",
        "x[[0, 1], [[0], [2]]]", "x[:, [0, 2], None]", "x[:, None, [0, 2]]", "x[x > 0.5]", "x[:, x[0, :, 0] > 0]",
        "x[x[:, :, 0] > 0]", "x[0][1][2]",
    ],
    FOUR: [
        "x[[0, 1], :, None, [0, 1]]", "x[:, 0, None, [0, 1]]", "x[:, [0, 1], None, [0, 1]]", "x[:, [0, 1], 0]",
        "x[0, [0, 1], :, 0]", "x[:, [1, 0], ..., [2, 1], :]", "x[None, :, None, [0, 1]]",
        "x[1, None, ..., [2, 0], None]", "x[0, 1:, :, 2]", "x[:, 1, ..., -1]", "x[..., ::2, 1:4]",
        "x[:, [0, 2], [1, 3], 1]", "x[:, [0, 2], [1, 3]]", "x[[1, 0], :, [1, 3], 2:]", "x[:, [0, 2], :, [1, 3]]",
        "x[0, :, [0, 2]]", "x[0, :, [0, 2], 1:3]", "x[:, 1, [0, 2]]", "x[..., [0, 2], 1]", "x[1, [0, 2], 2, [1, 3]]",
        "x[None, :, [0, 2], ..., [1, 3]]",
    ],
}  # fmt: skip
"""Expressions of one operand."""

INDEXED = [
    ("x[y]", MATRIX, ROWS_OF_4), ("x[:, y]", MATRIX, ROWS_OF_4), ("x[y, 1]", MATRIX, ROWS_OF_4),
    ("x[y, :2]", MATRIX, ROWS_OF_4), ("x[y, y]", MATRIX, ROWS_OF_4), ("x[..., y]", CUBE, ROWS_OF_4),
    ("x[y]", MATRIX, GRID), ("x[:, y]", CUBE, GRID), ("x[y - 1]", MATRIX, ROWS_OF_4), ("x[:, y, y]", CUBE, GRID),
    ("x[y[0]]", MATRIX, ROWS_OF_4), ("x[y[0] :]", MATRIX, X(values=[1], dtype="int32")),
    ("x[: y[0], y[0]]", MATRIX, X(values=[1], dtype="int32")), ("x[y]", MATRIX, X(values=2, dtype="int32")),
    ("x[:, y : y + 2]", MATRIX, X(values=2, dtype="int32")), ("x[1, y]", MATRIX, X(values=2, dtype="int32")),
    ("x[y]", MATRIX, X(4, dtype="bool")), ("x[y]", MATRIX, X(4, 6, dtype="bool")),
    ("x[:, y]", MATRIX, X(6, dtype="bool")), ("x[y]", CUBE, X(2, 3, dtype="bool")),
    ("x[y, 1]", CUBE, X(2, dtype="bool")), ("x[y, 1:]", CUBE, X(2, dtype="bool")),
    ("x[0, y]", CUBE, X(3, 4, dtype="bool")), ("x[y]", X(4, 6, dtype="int32"), ROWS_OF_4),
    ("x[y]", X(4, 6, dtype="uint8"), ROWS_OF_4), ("x[y]", X(4, 6, dtype="bool"), ROWS_OF_4),
    ("x[y]", X(4, 6, dtype="float16"), ROWS_OF_4), ("x[:, ::-1] + y", X(4, 6, dtype="int32"), X(6, dtype="int32")),
    ("x[x.shape[0] - 2 :] + y", MATRIX, X(6)), ("x[:, x.shape[1] // 2] + y", MATRIX, X(4)),
    ("x[y > 2]", ROWS_OF_4, ROWS_OF_4), ("x[F.argmax(y, axis=1)]", MATRIX, X(3, 4)),
    ("x[F.arange(2, dtype='int32'), y]", CUBE, X(values=[2, 0], dtype="int32")),
    ("x[y.reshape(-1)].reshape(2, 2, -1)", MATRIX, GRID),
]  # fmt: skip
"""Expressions of two."""

MASK = X(4, 6, dtype="bool")
WRITE = [
    ("x[...] = y", MATRIX, X(4, 6)), ("x[:, :] = y", MATRIX, X(6)), ("x[()] = 3", MATRIX), ("x[True] = 0.5", MATRIX),
    ("x[False] = 0.5", MATRIX), ("x[None] = 0.5", MATRIX), ("x[[0, 1], None] = 0.5", MATRIX),
    ("x[1, None] = 0.5", MATRIX), ("x[:, 1, None] = 0.5", MATRIX), ("x[[1], ..., [2]] = 0.5", MATRIX),
    ("x[1:, [2]] = 0.5", MATRIX), ("x[:, [1, 0], ..., [2, 1]] = y", CUBE, X(2, 2)),
    ("x[0, ::2, [0, 2]] = y", CUBE, X(2, 2)), ("x[:, ::-1, [0, 2]] = y", CUBE, X(3, 2)),
    ("x[1:, [[0], [2]]] = y", CUBE, X(2, 1, 4)), ("x[:, y] = 0.5", CUBE, X(3, 4, dtype="bool")),
    ("x[1:, y] = z", CUBE, X(values=[True, False, True], dtype="bool"), X(2, 4)),
    ("x[y, 1] = z", MATRIX, X(values=-1, dtype="int32"), X()),
    ("x[:, y] = z", MATRIX, X(values=-2, dtype="int32"), X(4)),
    ("x[y, ::2] = z", MATRIX, X(values=-1, dtype="int32"), X(3)),
    ("x[y] = z", MATRIX, X(values=[-1, 0], dtype="int32"), X(2, 6)), ("x[1] = y", MATRIX, X(6)),
    ("x[-1] = 0.5", MATRIX), ("x[:] = y", MATRIX, X(6)), ("x[...] = 2", MATRIX), ("x[1:3] = y", MATRIX, X(2, 6)),
    ("x[::2] = y", MATRIX, X(6)), ("x[::-1] = y", MATRIX, X(4, 6)), ("x[::-2, 1] = y", MATRIX, X(2)),
    ("x[3:0:-1, ::2] = y", MATRIX, X(3, 1)), ("x[:, 1] = y", MATRIX, X(4)), ("x[:, 1:2] = y", MATRIX, X(4, 1)),
    ("x[1, 2] = 3", MATRIX), ("x[1, 2] = y", MATRIX, X()), ("x[..., -1] = y", MATRIX, X(4)),
    ("x[0, ...] = y", MATRIX, X(6)), ("x[:, 2:] += 1", MATRIX), ("x[:, 0::2] = x[:, 1::2]", MATRIX),
    ("x[2:2] = y", MATRIX, X(6)), ("x[1:100] = y", MATRIX, X(6)), ("x[:, None, 1] = y", MATRIX, X(4, 1)),
    ("x[None, 1] = y", MATRIX, X(1, 6)), ("x[1:3, 2:4] = y", MATRIX, X(2)), ("x[1:3, 1] = y", MATRIX, X(1)),
    ("x[0, 1:, 2] = y", CUBE, X(2)), ("x[:, 1] = y", CUBE, X(2, 1)), ("x[:, 1, ::2] = y", CUBE, X(2)),
    ("x[..., 1, :] = y", CUBE, X(2, 4)), ("x[1, :, ::-1] = y", CUBE, X(3, 4)),
    ("x[:, ::2, 1:3] *= y", CUBE, X(2, 1, 2)), ("x[0] = x[1]", CUBE), ("x[0][1] = 5", CUBE),
    ("x[[0, 2]] = y", MATRIX, X(2, 6)), ("x[[0, 2]] = 1.5", MATRIX),
    ("x[y] = 0", MATRIX, X(values=[1, 3], dtype="int32")), ("x[:, [0, 2]] = y", MATRIX, X(4, 2)),
    ("x[[0, 2], 1] = y", MATRIX, X(2)), ("x[1, [0, 2]] = y", MATRIX, X(2)), ("x[[0, 2], 1:3] = y", MATRIX, X(2, 2)),
    ("x[1:3, [0, 2]] = y", MATRIX, X(2, 2)), ("x[[0, 1], [2, 3]] = y", MATRIX, X(2)),
    ("x[[[0, 1], [2, 3]]] = y", MATRIX, X(2, 2, 6)), ("x[::2, [0, 5]] = 9", MATRIX),
    ("x[..., [0, 2]] = y", CUBE, X(2)), ("x[:, [0, 2], [1, 3]] = y", CUBE, X(2, 2)),
    ("x[[0, 1], :, [1, 3]] = y", CUBE, X(2, 3)), ("x[0, :, [0, 2]] = y", CUBE, X(2, 3)),
    ("x[:, y] = 0", CUBE, X(values=[2, 0], dtype="int32")), ("x[x > 0] = 0", MATRIX), ("x[y] = -1", MATRIX, MASK),
    ("x[y] = 0.5", MATRIX, X(4, dtype="bool")), ("x[:, y] = 0.5", MATRIX, X(6, dtype="bool")),
    ("x[y] = z", MATRIX, MASK, X()), ("x[x < 0] *= 2", MATRIX), ("x[x < 0] = -x[x < 0]", MATRIX),
    ("x[y] = 3", CUBE, X(2, 3, dtype="bool")), ("x[y, 1] = 3", CUBE, X(2, dtype="bool")),
    ("x[1:] = 7", X(4, 6, dtype="int32")), ("x[y] = 7", X(4, 6, dtype="int32"), MASK),
    ("x[:, 1] = 2.7", X(4, 6, dtype="int32")), ("x[:, 1] = y", MATRIX, X(4, dtype="int32")),
    ("x[0] = True", X(4, 6, dtype="bool")), ("x[:, 1] = 0.5", X(4, 6, dtype="float16")),
    ("x[y[0]] = 1", MATRIX, ROWS_OF_4), ("x[y[0] :] = 1", MATRIX, X(values=[2], dtype="int32")),
    ("x[: y[0], 1] = z", MATRIX, X(values=[2], dtype="int32"), X()), ("x[:, x.shape[1] // 2 :] = y", MATRIX, X(3)),
    ("x[y] = z", MATRIX, X(values=2, dtype="int32"), X(6)),
]  # fmt: skip
"""Assignments; the row's result is what x has become."""


def read(text: str, *operands: X) -> Code:
    return Code(text, *operands)


def written(text: str, *operands: X) -> Code:
    name = "-".join([text, *(brief(operand) for operand in operands)])
    return Code(f"x = x + 0\n{text}\nreturn x", *operands, id=name)


ROWS = [
    Code("x[1:, ::2]", X(4, 6)),
    Code("x[0]", X(4, 6)),
    Code("x[:, -1]", X(4, 6)),
    Code("x[..., 1:3]", X(2, 3, 5)),
    Code("x[:, None, None, :]", X(2, 5)),
    Code("x[:, ::-1]", X(2, 5)),
    Code("x[2:0:-1]", X(4, 3)),
    Code("x[0, :, 1:-1, -2]", X(2, 3, 5, 4)),
    Code("x[:, [0, 2]]", X(2, 3, 4)),
    Code("x[y]", X(6, 3), X(4, dtype="int32", high=6), id="getitem-tensor"),
    Code("x[:, : x.shape[1] // 2]", X(2, 6, 3), id="getitem-run-time"),
    Code("x[0, ..., -1, 3:]", X(2, 3, 4, 6)),
    Code("x[:, :1] = y\nreturn x", X(3, 4), X(3, 1), id="setitem-slice"),
    Code("x[..., 1] = 0.5\nreturn x * 2", X(2, 3, 4), id="setitem-scalar"),
    Code("y = F.zeros_like(x)\ny[:, 0::2] = x[:, 0::2]\ny[:, 1::2] = -1\nreturn y", X(2, 6), id="setitem-steps"),
    Code("[row * 2 for row in x]", X(2, 3), id="Tensor.__iter__"),
    *(read(text, x) for x, texts in READ.items() for text in texts),
    *(read(text, *operands) for text, *operands in INDEXED),
    *(written(text, *operands) for text, *operands in WRITE),
    Code("a, b, c, d = x\nreturn a * d, b - c", MATRIX, id="unpacking"),
    Code("sum(row * 2 for row in x)", MATRIX, id="iteration"),
    Code("y = x[1:]\ny[0] = 0\nreturn x, y", MATRIX, id="a-slice-is-a-copy"),
    Code("y = F.zeros((4, 6))\nfor i in range(4):\n    y[i] = x[3 - i] * i\nreturn y", MATRIX, id="rows-in-a-loop"),
    Code(
        "y = x[:, None] - x[None]\nreturn y[F.arange(4, dtype='int32'), F.arange(4, dtype='int32')]",
        MATRIX,
        id="diagonal",
    ),
    Code("y[..., 0::2] = F.clip(y[..., 0::2], 0, 3)\nreturn y", MATRIX, X(5, 4, low=-5, high=5), id="clip-in-place"),
    *wrapping(
        {
            "assigned": "x[0] = 300; x[1] = -1; x[2] = 2.7; x[3] = 3000000000; return x",
        }
    ),
    *matrices(
        {
            "getitem": ("x[:, ::2]", ALL),
            "getitem-int": ("x[1]", ALL),
        }
    ),
]
