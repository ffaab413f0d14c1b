"""Convolutions, pools and resizing."""

from __future__ import annotations

from .case import IMAGE, C, Op, ints, real

CASES = [
    # convolutions
    *[
        Op("Conv", real(2, 4, 9, 11), C(real(6, 4, 3, 3)), b, pads=p, strides=s, dilations=d)
        for b, p, s, d in (
            (None, (0, 0, 0, 0), (1, 1), (1, 1)),
            (C(real(6)), (1, 1, 1, 1), (1, 1), (1, 1)),
            (C(real(6)), (1, 1, 1, 1), (2, 2), (1, 1)),
            (C(real(6)), (0, 1, 2, 3), (2, 1), (1, 1)),
            (C(real(6)), (2, 2, 2, 2), (1, 1), (2, 2)),
            (None, (0, 0, 1, 1), (2, 2), (1, 1)),
        )
    ],
    Op("Conv", real(1, 4, 8, 8), C(real(6, 2, 3, 3)), C(real(6)), group=2, pads=(1, 1, 1, 1)),
    Op("Conv", real(1, 4, 8, 8), C(real(4, 1, 3, 3)), C(real(4)), group=4, pads=(1, 1, 1, 1)),
    Op("Conv", real(1, 4, 8, 8), C(real(8, 1, 3, 3)), C(real(8)), group=4, strides=(2, 2)),
    Op("Conv", real(1, 4, 8, 8), C(real(8, 1, 3, 3)), None, group=4, dilations=(2, 2)),
    Op("Conv", real(1, 4, 8, 8), C(real(5, 4, 1, 1)), None),
    Op("Conv", real(1, 4, 8, 7), C(real(5, 4, 2, 3)), None, auto_pad="SAME_UPPER", strides=(2, 2)),
    Op("Conv", real(1, 4, 8, 7), C(real(5, 4, 2, 3)), None, auto_pad="SAME_LOWER"),
    Op("Conv", real(2, 4, 9), C(real(6, 4, 3)), C(real(6)), pads=(1, 2), strides=(2,)),
    Op("Conv", real(2, 4, 9), C(real(6, 2, 3)), None, group=2),
    Op("Conv", real(1, 2, 5, 6, 7), C(real(4, 2, 3, 3, 3)), C(real(4)), pads=(1, 1, 1, 1, 1, 1)),
    Op("Conv", real(1, 4, 5, 6, 7), C(real(4, 2, 2, 3, 3)), None, group=2, strides=(1, 2, 1)),
    *[
        Op(
            "ConvTranspose",
            real(2, 4, 5, 6),
            C(real(4, 3 // g * 1 if g == 1 else 2, 3, 3)),
            b,
            group=g,
            pads=p,
            strides=s,
            output_padding=o,
            dilations=d,
        )
        for g, b, p, s, o, d in (
            (1, None, (0, 0, 0, 0), (1, 1), (0, 0), (1, 1)),
            (1, C(real(3)), (1, 1, 1, 1), (2, 2), (0, 0), (1, 1)),
            (1, C(real(3)), (1, 1, 1, 1), (2, 2), (1, 1), (1, 1)),
            (2, C(real(4)), (1, 0, 0, 1), (2, 1), (0, 0), (1, 1)),
            (1, None, (0, 0, 0, 0), (3, 3), (2, 2), (1, 1)),
            (1, None, (1, 1, 1, 1), (1, 1), (0, 0), (2, 2)),
        )
    ],
    Op("ConvTranspose", real(2, 4, 5), C(real(4, 3, 3)), None, strides=(2,), pads=(1, 1)),
    Op("ConvTranspose", real(1, 4, 4, 4), C(real(4, 2, 2, 2)), C(real(2)), strides=(2, 2)),
    Op(
        "ConvTranspose",
        real(1, 4, 4, 4),
        C(real(4, 2, 3, 3)),
        None,
        strides=(2, 2),
        output_shape=(8, 8),
        auto_pad="SAME_UPPER",
    ),
    Op(
        "ConvTranspose",
        real(1, 4, 3, 4, 5),
        C(real(4, 2, 3, 2, 3)),
        C(real(2)),
        strides=(1, 2, 1),
        pads=(0, 1, 1, 0, 1, 1),
    ),
    Op("Conv", real(1, 3, 6, 6), real(4, 3, 3, 3, seed=1), real(4), pads=(1, 1, 1, 1)),
    Op("Conv", real(1, 3, 6, 6), real(3, 1, 3, 3, seed=1), None, group=3),
    Op("Conv", real(1, 3, 6), real(4, 3, 3, seed=1), None),
    # pools
    *[
        Op(op, real(2, 3, 9, 8), kernel_shape=(3, 3), pads=p, strides=s, ceil_mode=m)
        for op in ("MaxPool", "AveragePool")
        for p, s, m in (
            ((0, 0, 0, 0), (1, 1), 0),
            ((1, 1, 1, 1), (2, 2), 0),
            ((0, 0, 0, 0), (2, 2), 1),
            ((1, 0, 0, 1), (2, 1), 0),
            ((1, 1, 1, 1), (2, 2), 1),
        )
    ],
    *[
        Op(
            "AveragePool",
            real(2, 3, 9, 8),
            kernel_shape=(3, 2),
            pads=(1, 1, 1, 1),
            strides=(2, 2),
            ceil_mode=m,
            count_include_pad=1,
        )
        for m in (0, 1)
    ],
    Op("MaxPool", real(2, 3, 9, 8), kernel_shape=(2, 2), dilations=(2, 2)),
    Op("MaxPool", real(2, 3, 9), kernel_shape=(3,), strides=(2,), pads=(1, 1)),
    Op("AveragePool", real(2, 3, 9), kernel_shape=(3,), strides=(2,), pads=(1, 1)),
    Op("AveragePool", real(2, 3, 4, 5, 6), kernel_shape=(2, 2, 2), strides=(2, 2, 2)),
    Op("MaxPool", real(2, 3, 4, 5, 6), kernel_shape=(2, 3, 2), pads=(1, 1, 1, 1, 1, 1)),
    Op("AveragePool", real(2, 3, 4, 5, 6), kernel_shape=(2, 2, 2), pads=(1, 1, 1, 1, 1, 1)),
    Op("GlobalAveragePool", real(*IMAGE)),
    Op("GlobalMaxPool", real(*IMAGE)),
    Op("GlobalAveragePool", real(2, 3, 4)),
    # resizing
    *[
        Op(
            "Resize",
            real(1, 3, 5, 6),
            None,
            None,
            ints(1, 3, *size),
            mode="linear",
            coordinate_transformation_mode=rule,
        )
        for size in ((10, 12), (3, 4), (7, 13))
        for rule in ("half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel")
    ],
    *[
        Op(
            "Resize",
            real(1, 3, 5, 6),
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
    ],
    *[
        Op(
            "Resize",
            real(1, 3, 5, 6),
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
    ],
    Op("Resize", real(1, 3, 5, 6), None, C([1, 1, 1.5, 2.3]), mode="linear"),
    Op("Resize", real(1, 3, 6), None, None, ints(1, 3, 11), mode="linear"),
    Op("Resize", real(1, 2, 3, 4, 5), None, None, ints(1, 2, 6, 5, 7), mode="linear"),
    Op(
        "Resize",
        real(1, 3, 5, 6),
        None,
        None,
        ints(1, 3, 1, 1),
        mode="linear",
        coordinate_transformation_mode="align_corners",
    ),
]
