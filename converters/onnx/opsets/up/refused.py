"""Operators that are not lowered, and why."""

from __future__ import annotations

_SEQUENCES = "At Construct Empty Erase Insert Length Map"
_OPTIONALS = ("Optional", "OptionalGetElement", "OptionalHasElement")
REFUSED = {
    **dict.fromkeys(("Loop", "Scan"), "a loop; only straight networks can be converted"),
    **dict.fromkeys((f"Sequence{name}" for name in _SEQUENCES.split()), "a sequence of tensors; only tensors are read"),
    **dict.fromkeys(("SplitToSequence", "ConcatFromSequence"), "a sequence of tensors; only tensors are read"),
    **dict.fromkeys(_OPTIONALS, "an optional tensor; only tensors are read"),
}
"""Operators that are not lowered, and why."""
