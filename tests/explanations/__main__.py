"""``python -m tests.explanations``: which message is of which kind, into mgeconvert/explanations/messages.json."""

from __future__ import annotations

from mgeconvert.explanations import MESSAGES

from .written import written

if __name__ == "__main__":
    MESSAGES.write_text(written(), encoding="utf-8")
