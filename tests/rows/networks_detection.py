"""Detectors, with their anchors, decoding and suppression inside."""

from __future__ import annotations

from tests.harness import Network, X

IMAGE = (X(1, 3, 64, 96, low=0),)

ROWS = [
    Network("one_stage", "RetinaNet()", IMAGE, batch="first"),
    Network("one_stage", "RetinaNetNms()", IMAGE, batch="first"),
    Network("one_stage", "Fcos()", IMAGE),
    Network("yolox", "Yolox()", (X(1, 3, 64, 96),)),
    Network("yolox", "Yolox(decode=False)", (X(1, 3, 64, 96),), id="Yolox-raw"),
    Network("two_stages", "FasterRcnn()", (X(1, 3, 64, 96), X(values=[[64.0, 96.0]])), batch="first"),
    Network(
        "two_stages",
        "MaskRcnnHead()",
        (
            X(1, 4, 16, 16),
            X(1, 4, 8, 8),
            X(values=[[0, 4, 6, 40, 50], [0, 10, 10, 20, 22], [0, 1, 2, 60, 40], [0, 30, 20, 37, 41]]),
        ),
        batch="first",
    ),
]
