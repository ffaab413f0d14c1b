"""What an operator asks of the layout of its data."""

from __future__ import annotations

import enum


class Wants(enum.Enum):
    """What an emitter asks of the layout of its data inputs."""

    PLAIN = "plain"
    """The IR's own axis order."""
    ANY = "any"
    """Elementwise in one tensor: whatever is there, the output likewise."""
    FOLLOW = "follow"
    """One common layout for all, the cheapest; axes are mapped by `Emission.axis`."""
    CHANNELS_LAST = "channels-last"
    """The first input channels-last."""
    VIEW = "view"
    """No tensors: the function gets values and works on views."""


PLAIN, ANY, FOLLOW, CHANNELS_LAST, VIEW = Wants
