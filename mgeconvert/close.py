"""What a name that nothing has may have been meant to be."""

from __future__ import annotations

from collections.abc import Iterable

CLOSE = 3
"""So many names at most are said."""


def meant(name: str, known: Iterable[str], before: str = "") -> str:
    """``did you mean a or b?`` behind `before`, with the known names that are close; "" where none is."""
    import difflib

    close = difflib.get_close_matches(name, list(dict.fromkeys(known)), CLOSE)
    return f"{before}did you mean {' or '.join(close)}?" if close else ""
