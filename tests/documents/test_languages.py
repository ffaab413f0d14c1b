"""Chinese pages are in step with the English ones: the same pages, headings, commands and files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.documents.pages import CHINESE, ROOT, files, headings, steps

PAIRS = [
    (ROOT / "README.md", ROOT / "README.zh-CN.md"),
    (ROOT / "docs" / "messages.md", CHINESE / "messages.md"),
    *(
        (page, CHINESE / page.relative_to(ROOT / "docs"))
        for folder in ("tutorials", "how-to")
        for page in sorted((ROOT / "docs" / folder).glob("*.md"))
    ),
]


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=[str(pair[0].relative_to(ROOT)) for pair in PAIRS])
def test_both_languages_say_the_same(english: Path, chinese: Path) -> None:
    ours, theirs = english.read_text(), chinese.read_text()
    assert headings(theirs) == headings(ours)
    assert [_said(step) for step in steps(theirs)] == [_said(step) for step in steps(ours)]
    assert files(theirs) == files(ours)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in theirs)
    assert f"({_link(chinese, english)})" in theirs
    assert f"({_link(english, chinese)})" in ours


def test_no_chinese_page_is_alone() -> None:
    assert {*CHINESE.rglob("*.md")} - {chinese for _, chinese in PAIRS} == {CHINESE / "index.md"}


def _said(step: object) -> tuple[object, ...]:
    return tuple(value for name, value in vars(step).items() if name != "lines")


def _link(page: Path, other: Path) -> str:
    return Path(os.path.relpath(other, page.parent)).as_posix()
