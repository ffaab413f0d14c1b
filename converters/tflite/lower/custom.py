"""Options of custom operators: a map of FlexBuffers, or a C struct of TensorFlow Lite."""

from __future__ import annotations

import struct
from typing import Any

from mgeconvert.errors import refuse

from .translation import Translation

PADDINGS = {1: 0, 2: 1}
"""TfLitePadding (same, valid) to the schema's Padding (SAME, VALID)."""


def flexible(t: Translation) -> dict[str, Any]:
    """The map in the options; refuses options that are none."""
    from flatbuffers import flexbuffers  # type: ignore[import-untyped,unused-ignore]

    content = _content(t)
    try:
        options = flexbuffers.Loads(content)
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError, struct.error) as error:
        refuse(f"options that are no FlexBuffers: {error}")
    if not isinstance(options, dict):
        refuse("options that are no map")
    return options


def windowed(t: Translation, names: str) -> None:
    """Take the leading integers of a C struct, padding first, for the operator's options of those names."""
    wanted = names.split()
    content = _content(t)
    if len(content) < 4 * len(wanted):
        refuse(f"{len(content)} bytes of options, {4 * len(wanted)} are needed")
    numbers = struct.unpack_from(f"<{len(wanted)}i", content)
    options = dict(zip(wanted, numbers, strict=True))
    if options["Padding"] not in PADDINGS or min(numbers) < 1:
        refuse(f"options {options}")
    t.operator.options.update(options, Padding=PADDINGS[options["Padding"]])


def _content(t: Translation) -> bytes:
    assert t.operator.custom is not None
    return t.operator.custom[1]
