"""Images of other sizes than the network takes: resized to it, or its size cut out of their middle.

With both, the image is resized to the crop's size, and the middle of that is cut out: the usual "256, then 224".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mgeconvert.errors import UsageError
from mgeconvert.ir import Shape, Value
from mgeconvert.ir.builder import Builder

HeightWidth = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Frame:
    """`own` are the network's height and width, `axes` where they are; `resize` is the size of images that are resized,
    `crop` that of those whose middle is cut out."""

    own: HeightWidth
    axes: tuple[int, int]
    resize: HeightWidth | None
    crop: HeightWidth | None

    def raw(self, shape: Shape) -> Shape:
        """The shape of what is taken instead of the network's own."""
        taken = self.resize or self.crop or self.own
        return tuple(taken[self.axes.index(axis)] if axis in self.axes else dim for axis, dim in enumerate(shape))

    def apply(self, b: Builder, x: Value) -> Value:
        """As nodes: a bilinear Resize (half-pixel, as OpenCV's), a Slice."""
        middle = self.crop or self.own
        if self.resize is not None and self.resize != middle:
            x = b.op("Resize", x, None, None, np.array(middle, np.int64), mode="linear", axes=self.axes)
        if middle == self.own:
            return x
        starts = [(size - own) // 2 for size, own in zip(middle, self.own, strict=True)]
        ends = [start + own for start, own in zip(starts, self.own, strict=True)]
        return b.op("Slice", x, starts, ends, list(self.axes))


def frame(
    name: str, network: Value, axes: tuple[int, int], resize: HeightWidth | None, crop: HeightWidth | None
) -> Frame | None:
    """What to do to images of these sizes; None where nothing is asked for. UsageError where it cannot be done."""
    if resize is None and crop is None:
        return None
    height, width = ((network.shape or ())[axis] for axis in axes)
    if not isinstance(height, int) or not isinstance(width, int):
        hint = f"mgeconvert edit MODEL --shape {name}=1,3,224,224 gives it one"
        raise UsageError(f"input {name}: is {network.type_text}, of no one size to resize or crop to", hint=hint)
    if crop is not None and (crop[0] < height or crop[1] < width):
        fact = f"--crop {crop[0]}x{crop[1]}: input {name} takes {height}x{width}, which is not within"
        raise UsageError(fact, hint="--resize takes images of any size")
    return Frame((height, width), axes, resize, crop)
