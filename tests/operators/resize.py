"""Resize: resizing of images."""

from __future__ import annotations

from collections.abc import Iterator

from tests.harness.operators import BLOCK, Op, P, X, ints

NEAREST = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
MODES = [{"mode": "linear"}, {"mode": "cubic"}, *({"mode": "nearest", "nearest_mode": mode} for mode in NEAREST)]
COORDINATES = ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel", "half_pixel_symmetric")


def forms(mode: dict[str, str], coordinates: str) -> Iterator[Op]:
    """By scales that grow and shrink, by sizes, along one axis."""
    attrs = {**mode, "coordinate_transformation_mode": coordinates}
    for scales in ((2, 2), (1.5, 0.6), (3, 1)):
        yield Op("Resize", X(*BLOCK), None, P(values=[1, 1, *scales]), **attrs)
    yield Op("Resize", X(*BLOCK), None, None, ints(7, 4), axes=(2, 3), **attrs)
    yield Op("Resize", X(*BLOCK), None, P(values=[1.7]), axes=(-1,), **attrs)


ROWS = [
    Op("Resize", X(*BLOCK), None, None, ints(3, 4), mode="linear", axes=(2, 3), antialias=1),
    Op("Resize", X(*BLOCK), None, None, ints(3, 9), mode="cubic", axes=(2, 3), antialias=1),
    Op("Resize", X(*BLOCK), None, None, ints(3, 4), mode="cubic", axes=(2, 3), exclude_outside=1),
    Op("Resize", X(*BLOCK), None, None, ints(7, 4), axes=(2, 3), keep_aspect_ratio_policy="not_larger"),
    Op("Resize", X(*BLOCK), None, None, ints(7, 4), axes=(2, 3), keep_aspect_ratio_policy="not_smaller"),
    Op(
        "Resize",
        X(*BLOCK),
        P(values=[0, 0, 0.1, 0.2, 1, 1, 0.8, 0.9]),
        None,
        ints(2, 4, 4, 4),
        mode="linear",
        coordinate_transformation_mode="tf_crop_and_resize",
    ),
    *(
        Op("Resize", X(1, 2, 4, 5), None, None, ints(1, 2, *size), mode=mode, coordinate_transformation_mode=transform)
        for mode in ("nearest", "linear", "cubic")
        for transform in ("half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel")
        for size in ((8, 10), (3, 7))
    ),
    *(
        Op("Resize", X(1, 3, 5, 6), None, None, ints(1, 3, *size), mode="linear", coordinate_transformation_mode=rule)
        for size in ((10, 12), (3, 4), (7, 13))
        for rule in ("half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel")
    ),
    *(
        Op(
            "Resize",
            X(1, 3, 5, 6),
            None,
            None,
            ints(1, 3, *size),
            mode="nearest",
            coordinate_transformation_mode=rule,
            nearest_mode=n,
        )
        for size in ((10, 12), (3, 4), (7, 13))
        for rule, n in (
            ("asymmetric", "floor"),
            ("half_pixel", "round_prefer_floor"),
            ("align_corners", "round_prefer_ceil"),
        )
    ),
    *(
        Op(
            "Resize",
            X(1, 3, 5, 6),
            None,
            None,
            ints(1, 3, *size),
            mode="cubic",
            coordinate_transformation_mode=rule,
            cubic_coeff_a=-0.75,
            exclude_outside=e,
        )
        for size in ((10, 12), (7, 4))
        for rule, e in (("half_pixel", 0), ("align_corners", 0), ("half_pixel", 1))
    ),
    Op("Resize", X(1, 3, 5, 6), None, P(values=[1, 1, 1.5, 2.3]), mode="linear"),
    Op("Resize", X(1, 3, 6), None, None, ints(1, 3, 11), mode="linear"),
    Op("Resize", X(1, 2, 3, 4, 5), None, None, ints(1, 2, 6, 5, 7), mode="linear"),
    Op(
        "Resize",
        X(1, 3, 5, 6),
        None,
        None,
        ints(1, 3, 1, 1),
        mode="linear",
        coordinate_transformation_mode="align_corners",
    ),
    *(row for mode in MODES for coordinates in COORDINATES for row in forms(mode, coordinates)),
]
