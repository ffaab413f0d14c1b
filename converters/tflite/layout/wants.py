"""What an operator asks of the layout of its data."""

from __future__ import annotations

import enum


class Wants(enum.Enum):
    """What an emitter, or a lowering, asks of the layout of its data inputs."""

    PLAIN = "plain"
    """The axis order of the source: the IR's when writing, the file's when reading."""
    ANY = "any"
    """Elementwise in one tensor: whatever is there, the output likewise."""
    FOLLOW = "follow"
    """One common layout for all, the cheapest; axes are mapped by `axis` of the emission or the translation."""
    CHANNELS_LAST = "channels-last"
    """Writing: the first input channels-last."""
    CHANNELS_FIRST = "channels-first"
    """Reading: the first operand channels-first."""
    VIEW = "view"
    """No tensors: the function gets values and works on views."""


PLAIN, ANY, FOLLOW, CHANNELS_LAST, CHANNELS_FIRST, VIEW = Wants
