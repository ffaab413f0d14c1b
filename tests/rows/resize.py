"""Resizing of images."""

from __future__ import annotations

from tests.harness import OP, Case, Code, F, X
from tests.harness.dtypes import images, ints, matrices

ROWS = [
    Case(F + "vision.interpolate", (X(1, 2, 4, 5),), {"scale_factor": 2}),
    Case(F + "vision.interpolate", (X(1, 2, 4, 5),), {"scale_factor": 2, "mode": "nearest"}),
    Case(F + "vision.interpolate", (X(1, 2, 4, 5),), {"size": (7, 9), "mode": "nearest"}),
    Case(F + "vision.interpolate", (X(1, 2, 4, 5),), {"size": (7, 9)}),
    Case(F + "vision.interpolate", (X(1, 2, 4, 5),), {"size": (7, 9), "align_corners": True}),
    Case(F + "vision.interpolate", (X(1, 2, 8, 9),), {"size": (3, 4), "align_corners": False}),
    Case(F + "vision.interpolate", (X(1, 2, 4, 4),), {"scale_factor": 1.5, "mode": "bilinear"}),
    Code(
        "F.vision.interpolate(x, size=y.shape[2:], mode='nearest')", X(1, 2, 3, 4), X(1, 2, 6, 8), id="interpolate-like"
    ),
    Case(OP + "Resize", (X(1, 2, 3, 4), ints(6, 7)), {"format": "NCHW", "imode": "linear"}),
    Case(OP + "Resize", (X(1, 2, 3, 4), ints(6, 7)), {"format": "NCHW", "imode": "nearest"}),
    Case(OP + "Resize", (X(1, 2, 5, 4), ints(8, 7)), {"format": "NCHW", "imode": "cubic"}),
    Case(OP + "Resize3D", (X(1, 2, 3, 4, 3), ints(5, 6, 5)), {"format": "NCDHW", "imode": "linear"}),
    *images(
        {
            "resize": ("F.vision.interpolate(x, size=(12, 12))", "uint8 int8"),
            "resize-nearest": ("F.vision.interpolate(x, size=(9, 9), mode='nearest')", "uint8 int8 float16"),
            "resize-corners": ("F.vision.interpolate(x, size=(11, 11), align_corners=True)", "uint8 int8 float16"),
            "resize-cubic": ("F.vision.interpolate(x * 2, size=(9, 9), mode='bicubic')", "uint8"),
        }
    ),
    *matrices(
        {
            "interpolate": ("F.vision.interpolate(x.reshape(1, 1, 2, 3), (4, 6))", ["float16"]),
        }
    ),
]
