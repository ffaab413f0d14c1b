"""Convolution: convolutions, transposed and deformable ones, sliding windows."""

from __future__ import annotations

from tests.harness.operators import BLOCK, Op, P, X

PADS = ((0, 0, 0, 0), (1, 1, 1, 1), (0, 1, 1, 0), (2, 0, 1, 3), (0, 0, 1, 1))


ROWS = [
    Op("DeformConv", X(2, 3, 5, 6), X(4, 3, 3, 3), X(2, 18, 3, 4)),
    Op(
        "DeformConv",
        X(2, 4, 5, 6),
        P(6, 2, 3, 2),
        X(2, 24, 3, 3, low=-6.0, high=6.0),
        P(6),
        X(2, 12, 3, 3),
        group=2,
        offset_group=2,
        strides=(2, 3),
        dilations=(1, 2),
        pads=(1, 2, 1, 1),
    ),
    Op("Conv", X(*BLOCK), P(3, 4, 3, 3), P(3), pads=(1, 1, 1, 1)),
    Op("ConvTranspose", X(*BLOCK), P(4, 3, 3, 3), strides=(2, 2), output_padding=(1, 1)),
    *(
        Op("Conv", X(1, 4, 9, 11), P(6, 4, 3, 3), P(6), pads=pads, strides=strides)
        for pads in PADS
        for strides in ((1, 1), (2, 2), (2, 1))
    ),
    Op("Conv", X(2, 4, 9, 9), P(4, 1, 3, 3), None, group=4, pads=(1, 1, 1, 1)),
    Op("Conv", X(2, 4, 9, 9), P(6, 2, 3, 3), P(6), group=2, dilations=(2, 2), pads=(2, 2, 2, 2)),
    Op("Conv", X(2, 4, 9, 9), P(6, 4, 3, 3), P(6), auto_pad="SAME_UPPER", strides=(2, 2)),
    Op("Conv", X(2, 4, 9, 9), P(6, 4, 3, 3), P(6), auto_pad="SAME_LOWER", strides=(2, 2)),
    Op("Conv", X(2, 4, 9), P(6, 4, 3), P(6), pads=(1, 1)),
    Op("Conv", X(1, 2, 5, 6, 7), P(3, 2, 3, 3, 3), P(3), pads=(1,) * 6),
    *(
        Op("ConvTranspose", X(1, 4, 5, 6), P(4, 3, 3, 3), P(3), pads=pads, strides=(2, 2), output_padding=more)
        for pads in ((0, 0, 0, 0), (1, 1, 1, 1), (0, 1, 1, 0), (2, 0, 1, 0))
        for more in ((0, 0), (1, 1), (0, 1))
    ),
    Op("ConvTranspose", X(1, 4, 5, 6), P(4, 1, 4, 4), None, group=4, strides=(2, 2), pads=(1, 1, 1, 1)),
    Op("ConvTranspose", X(1, 4, 5, 6), P(4, 3, 3, 3), None, group=2, dilations=(2, 2)),
    Op("ConvTranspose", X(1, 4, 5), P(4, 3, 3), P(3), strides=(2,)),
    *(
        Op("ConvTranspose", X(1, 2, 4, 3), P(2, 3, *kernel), None, strides=strides, auto_pad=same)
        for kernel, strides in (((5, 4), (2, 1)), ((6, 7), (1, 2)))
        for same in ("SAME_UPPER", "SAME_LOWER")
    ),
    Op("Conv", X(1, 4, 9), P(6, 2, 3), P(6), group=2, dilations=(2,), pads=(1, 3), strides=(2,)),
    *(
        Op("Conv", X(2, 4, 9, 11), P(6, 4, 3, 3), b, pads=p, strides=s, dilations=d)
        for b, p, s, d in (
            (None, (0, 0, 0, 0), (1, 1), (1, 1)),
            (P(6), (1, 1, 1, 1), (1, 1), (1, 1)),
            (P(6), (1, 1, 1, 1), (2, 2), (1, 1)),
            (P(6), (0, 1, 2, 3), (2, 1), (1, 1)),
            (P(6), (2, 2, 2, 2), (1, 1), (2, 2)),
            (None, (0, 0, 1, 1), (2, 2), (1, 1)),
        )
    ),
    Op("Conv", X(1, 4, 8, 8), P(6, 2, 3, 3), P(6), group=2, pads=(1, 1, 1, 1)),
    Op("Conv", X(1, 4, 8, 8), P(4, 1, 3, 3), P(4), group=4, pads=(1, 1, 1, 1)),
    Op("Conv", X(1, 4, 8, 8), P(8, 1, 3, 3), P(8), group=4, strides=(2, 2)),
    Op("Conv", X(1, 4, 8, 8), P(8, 1, 3, 3), None, group=4, dilations=(2, 2)),
    Op("Conv", X(1, 4, 8, 8), P(5, 4, 1, 1), None),
    Op("Conv", X(1, 4, 8, 7), P(5, 4, 2, 3), None, auto_pad="SAME_UPPER", strides=(2, 2)),
    Op("Conv", X(1, 4, 8, 7), P(5, 4, 2, 3), None, auto_pad="SAME_LOWER"),
    Op("Conv", X(2, 4, 9), P(6, 4, 3), P(6), pads=(1, 2), strides=(2,)),
    Op("Conv", X(2, 4, 9), P(6, 2, 3), None, group=2),
    Op("Conv", X(1, 2, 5, 6, 7), P(4, 2, 3, 3, 3), P(4), pads=(1, 1, 1, 1, 1, 1)),
    Op("Conv", X(1, 4, 5, 6, 7), P(4, 2, 2, 3, 3), None, group=2, strides=(1, 2, 1)),
    *(
        Op(
            "ConvTranspose",
            X(2, 4, 5, 6),
            P(4, 3 if g == 1 else 2, 3, 3),
            b,
            group=g,
            pads=p,
            strides=s,
            output_padding=o,
            dilations=d,
        )
        for g, b, p, s, o, d in (
            (1, None, (0, 0, 0, 0), (1, 1), (0, 0), (1, 1)),
            (1, P(3), (1, 1, 1, 1), (2, 2), (0, 0), (1, 1)),
            (1, P(3), (1, 1, 1, 1), (2, 2), (1, 1), (1, 1)),
            (2, P(4), (1, 0, 0, 1), (2, 1), (0, 0), (1, 1)),
            (1, None, (0, 0, 0, 0), (3, 3), (2, 2), (1, 1)),
            (1, None, (1, 1, 1, 1), (1, 1), (0, 0), (2, 2)),
        )
    ),
    Op("ConvTranspose", X(2, 4, 5), P(4, 3, 3), None, strides=(2,), pads=(1, 1)),
    Op("ConvTranspose", X(1, 4, 4, 4), P(4, 2, 2, 2), P(2), strides=(2, 2)),
    Op("ConvTranspose", X(1, 4, 4, 4), P(4, 2, 3, 3), None, strides=(2, 2), output_shape=(8, 8), auto_pad="SAME_UPPER"),
    Op("ConvTranspose", X(1, 4, 3, 4, 5), P(4, 2, 3, 2, 3), P(2), strides=(1, 2, 1), pads=(0, 1, 1, 0, 1, 1)),
    Op("Conv", X(1, 3, 6, 6), X(4, 3, 3, 3), X(4), pads=(1, 1, 1, 1)),
    Op("Conv", X(1, 3, 6, 6), X(3, 1, 3, 3), None, group=3),
    Op("Conv", X(1, 3, 6), X(4, 3, 3), None),
    Op(
        "DeformConv",
        X(2, 4, 5, 6),
        P(3, 4, 3, 3),
        X(2, 18, 5, 6, low=-2, high=2),
        P(3),
        X(2, 9, 5, 6, low=0),
        pads=(1, 1, 1, 1),
    ),
    Op(
        "DeformConv",
        X(1, 4, 7, 6),
        P(6, 2, 3, 2),
        X(1, 24, 3, 3, low=-2, high=2),
        group=2,
        offset_group=2,
        strides=(2, 2),
        pads=(1, 1, 0, 1),
        dilations=(1, 2),
    ),
]
