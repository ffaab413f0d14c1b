"""Functions that a file has beside its classes: only those that it calls, whose names no variable has."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from mgeconvert_converters.pytorch.emit.bodies import BUILT_IN, FUNCTIONS
from mgeconvert_converters.pytorch.write.helpers import HELPERS, called
from tests.pytorch.written import FOLDER, unread


def test_no_variable_hides_a_function() -> None:
    functions = {name for name, text in HELPERS.items() if not text.startswith("class ")}
    assert functions == set(FUNCTIONS)
    assert functions < set(BUILT_IN)


@pytest.mark.parametrize("name", HELPERS)
def test_a_helper_comes_with_what_it_calls(name: str) -> None:
    """Alone in a file, each is a program whose functions and classes are all read."""
    text = "\n\n\n".join(called(f"net = {name}(x)"))
    assert HELPERS[name] in text
    assert set(unread(text)) <= {name}
    known = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    assert not [other for other in HELPERS if other in known and HELPERS[other] not in text]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_only_what_is_read(path: Path) -> None:
    assert unread(path.read_text()) == []


def test_a_word_is_no_call() -> None:
    assert called("x = self.gru(x)") == []
    assert called("x = gru_2 + roi_align") == []
