"""Every command of every document runs, ends as the page says and prints what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.documents.pages import CHINESE, ROOT, Command, Written, documents, files, steps
from tests.documents.reader import agrees, follow, lay_out, masked

PAGES = [page for page in documents() if CHINESE not in page.parents and page.name != "README.zh-CN.md"]
FRAMEWORKS = {
    "README.md": ("megengine",),
    "docs/tutorials/leaving-megengine.md": ("torch",),
    "docs/reference-environment.md": ("megengine", "caffe", "torch"),
    "docs/static-graphs.md": ("megengine",),
    "docs/tracing.md": ("megengine",),
    "docs/how-to/03-trace.md": ("megengine",),
    "docs/how-to/22-coming-from-dump.md": ("megengine",),
}
"""Pages whose commands ask for a framework of a reference environment; Chinese ones are the same by test_languages."""


def _page(page: Path) -> object:
    name = str(page.relative_to(ROOT))
    return pytest.param(page, id=name, marks=[pytest.mark.reference(it) for it in FRAMEWORKS.get(name, ())])


@pytest.mark.parametrize("page", [*map(_page, PAGES)])
def test_a_reader_who_follows_the_page(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(tmp_path, page)
    monkeypatch.chdir(tmp_path)
    for command, code, output in follow(page):
        assert (command.line, code, output) == (command.line, command.exit_code, output)
        assert command.prints is None or agrees(command.prints, output), f"{command.line} prints now:\n{output}"


def test_the_forms_of_a_page() -> None:
    text = (
        "Files: `a.pkl`, `b.npz`\n```python net.py\nx = 1\n```\n"
        "```console\n$ mgeconvert x  # exit code 3\none\n$ ls\n```\n    mgeconvert y  # why\n"
    )
    assert files(text) == ["a.pkl", "b.npz"]
    script, failing, listing, silent = steps(text)
    assert script == Written("net.py", "x = 1\n")
    assert isinstance(failing, Command)
    assert (failing.words, failing.exit_code) == ("mgeconvert x", 3)
    assert (failing.prints, listing) == (("one",), Command("ls", (), (8, 8)))
    assert silent == Command("mgeconvert y")


def test_output_is_compared_but_for_numbers() -> None:
    assert masked("wrote  m.onnx (423.5 kB), 1e-07") == "wrote m.onnx (# kB), #"
    assert agrees(["a 1", "...", "c"], "a 2\nb\nbb\nc\n")
    assert agrees([], "")
    assert not agrees(["a"], "a\nb\n")
    assert not agrees(["a"], "b\n")
