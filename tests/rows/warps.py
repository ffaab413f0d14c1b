"""Warps of images with channels last, which MegEngine computes on a grid for some; images of integers."""

from __future__ import annotations

from tests.harness import Case, P, X

V = "megengine.functional.vision."
OP = "megengine.core.ops.builtin."
AFFINE = [[[0.61, 0.13, -1.07], [-0.11, 0.57, 0.43]]]
TIES = [[[1, 0, 1 / 64], [0, 1, 3 / 64 - 2]]]
"""Halfway between two positions on the grid."""
HALVES = [[[0.5, 0, -2.5], [0, 0.5, 0.5]]]
"""Halfway between two pixels."""
PERSPECTIVE = [[0.0031, 0.0017, 1]]
STRAIGHT = [[0, 0, 1]]
SIZE = (10, 12)


def image(channels: int, dtype: str = "float32") -> X:
    low, high = (-100, 100) if dtype == "int8" else (0, 200)
    return X(1, 9, 11, channels, dtype=dtype, low=low, high=high)


def form(border: str = "replicate", mode: str = "linear") -> dict[str, object]:
    return {"format": "NHWC", "border_mode": border, "interp_mode": mode, "border_val": 7.0}


def matrix(values: list[list[list[float]]], third: list[list[float]]) -> P:
    return P(values=[values[0] + third])


ON_GRID = [(count, dtype) for count in (1, 2, 3) for dtype in ("float32", "uint8")]

ROWS = [
    *(
        Case(
            V + "warp_affine", (image(channels, dtype), P(values=values), SIZE), form(),
            id=f"affine-{name}-{channels}-{dtype}",
        )
        for channels, dtype in [*ON_GRID, (4, "float32")]
        for name, values in (("general", AFFINE), ("ties", TIES))
    ),
    Case(V + "warp_affine", (image(1, "int8"), P(values=AFFINE), SIZE), form(), id="affine-general-1-int8"),
    *(
        Case(
            V + "warp_perspective", (image(channels, dtype), matrix(values, third), SIZE), form(),
            id=f"perspective-{name}-{channels}-{dtype}",
        )
        for channels in (1, 3, 4)
        for dtype in ("float32", "uint8")
        for name, values, third in (("general", AFFINE, PERSPECTIVE), ("ties", TIES, STRAIGHT))
    ),
    *(
        Case(
            V + "warp_affine", (image(1), P(values=values), SIZE), form(border, mode),
            id=f"affine-{border}-{mode}-{name}",
        )
        for border in ("constant", "reflect", "reflect_101", "wrap")
        for mode in ("linear", "nearest")
        for name, values in (("general", AFFINE), ("halves", HALVES))
    ),
    *(
        Case(
            V + "warp_perspective", (image(3), matrix(HALVES, STRAIGHT), SIZE), form(border, mode),
            id=f"perspective-{border}-{mode}-halves",
        )
        for border in ("constant", "replicate", "wrap")
        for mode in ("linear", "nearest")
    ),
    Case(V + "warp_affine", (image(3), X(values=AFFINE), SIZE), form(), id="affine-by-a-matrix-of-the-run"),
    *(
        Case(V + "remap", (X(1, 2, 5, 6, dtype=dtype, high=100), X(1, 4, 3, 2, low=-2, high=7)), id=f"remap-{dtype}")
        for dtype in ("uint8", "int8")
    ),
    Case(
        V + "warp_perspective", (X(1, 2, 9, 11, dtype="uint8", high=99), matrix(AFFINE, PERSPECTIVE), SIZE),
        id="channels-first-uint8",
    ),
    Case(
        OP + "WarpAffine", (image(3), P(values=AFFINE), P(values=[10, 12], dtype="int32")),
        {"format": "NHWC", "border_mode": "replicate", "imode": "linear", "border_val": 0.0},
    ),
]  # fmt: skip
