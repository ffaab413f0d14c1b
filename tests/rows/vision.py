"""Functions on images."""

from __future__ import annotations

from tests.harness import Case, Code, X

F = "megengine.functional.vision."

ROWS = [
    Case(F + "interpolate", (X(1, 2, 4, 5),), {"scale_factor": 2}),
    Case(F + "interpolate", (X(1, 2, 4, 5),), {"scale_factor": 2, "mode": "nearest"}),
    Case(F + "interpolate", (X(1, 2, 4, 5),), {"size": (7, 9), "mode": "nearest"}),
    Case(F + "interpolate", (X(1, 2, 4, 5),), {"size": (7, 9)}),
    Case(F + "interpolate", (X(1, 2, 4, 5),), {"size": (7, 9), "align_corners": True}),
    Case(F + "interpolate", (X(1, 2, 8, 9),), {"size": (3, 4), "align_corners": False}),
    Case(F + "interpolate", (X(1, 2, 4, 4),), {"scale_factor": 1.5, "mode": "bilinear"}),
    Code(
        "F.vision.interpolate(x, size=y.shape[2:], mode='nearest')", X(1, 2, 3, 4), X(1, 2, 6, 8), id="interpolate-like"
    ),
]
