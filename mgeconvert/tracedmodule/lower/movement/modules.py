"""The Concat, Pad and PixelShuffle modules."""

from __future__ import annotations

from typing import Any

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..module import Module
from ..names import MODULE
from ..table import lower
from .functional import concat, pad, pixel_shuffle


@lower(MODULE + "concat.Concat")
def concat_module(b: Builder, self: Module, inps: Any, axis: int = 0) -> Value:
    return concat(b, inps, axis)


@lower(MODULE + "padding.Pad")
def pad_module(b: Builder, self: Module, src: Value) -> Value:
    return pad(b, src, self.pad_width, self.mode, self.pad_val)


@lower(MODULE + "pixel_shuffle.PixelShuffle")
def pixel_shuffle_module(b: Builder, self: Module, x: Value) -> Value:
    return pixel_shuffle(b, x, self.upscale_factor)
