"""Pages that are made of the program say what it says today."""

from __future__ import annotations

import pytest

from tests.documents.reference import DOCS, PAGES


@pytest.mark.parametrize("page", PAGES)
def test_the_page_is_that_of_the_program(page: str) -> None:
    """`make docs` writes it anew."""
    assert (DOCS / page).read_text(encoding="utf-8") == PAGES[page]().rstrip() + "\n"
