"""The changes that `make mutants` makes, and which tests it takes for them."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from tests.mutation import lines, mutants, selection, server
from tests.mutation.mutants import Mutant

CHANGES = {
    "y = a < b": ["a < b  ->  a <= b"],
    "y = a in b": ["a in b  ->  a not in b"],
    "y = a and not b": ["a and (not b)  ->  a or not b", "not b  ->  b"],
    "y = a + 3": ["a + 3  ->  a - 3", "3  ->  4"],
    "y = True": ["True  ->  False"],
    "y = 0.5": ["0.5  ->  1.0"],
    "y = 'text'": [],
    "f(a)": ["f(a)  ->  pass"],
    "if a:\n    f = b": ["a  ->  True", "a  ->  False"],
    "y = b if a else c": ["a  ->  True", "a  ->  False"],
    "y = [b for b in a if b]": ["b  ->  True"],
    "def f(x: 'Literal[3]' = 1):\n    return x": ["1  ->  2"],
    "@dataclass(frozen=True)\nclass C:\n    x: int = field(default=3)": [],
    "if TYPE_CHECKING:\n    x = 1": [],
}


@pytest.mark.parametrize("text", CHANGES)
def test_the_changes_of_a_text(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    (tmp_path / "a.py").write_text(text)
    found = mutants.mutants_of("a.py")
    assert [mutant.change for mutant in found] == CHANGES[text]
    for mutant in found:
        assert ast.unparse(mutants.mutated(mutant)) != ast.unparse(ast.parse(text))


def test_the_lines_of_a_diff() -> None:
    diff = "--- a/x.py\n+++ b/x.py\n@@ -3 +3,2 @@\n@@ -9,2 +11,0 @@\n--- a/y.py\n+++ b/y.py\n@@ -1 +1 @@\n"
    assert lines.lines_of(diff) == {"x.py": {3, 4}, "y.py": {1}}


SOURCE = "X = 3\n\ndef f(x):\n    if x:\n        return 1\n    return 2\n"


def test_a_change_gets_the_tests_that_enter_its_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "ROOT", tmp_path)
    (tmp_path / "a.py").write_text(SOURCE)
    rows = [
        ["tests/test_b.py::one", True, 0.5, ["a.py::f:0", "a.py::f:1"], [0, 1]],
        ["tests/test_a.py::two", True, 0.5, ["c.py::g:0"], [0, 2]],
        ["tests/test_a.py::failed", False, 0.5, [], [0, 1]],
    ]
    (tmp_path / "1.contexts").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    recorded = selection.Recorded(tmp_path, {"a.py"})

    def tests(line: int, kind: str = "constant") -> list[str]:
        return [reaching.test for reaching in recorded.tests(Mutant("a.py", 0, line, kind))]

    assert tests(5) == ["tests/test_b.py::one"]
    assert tests(6) == ["tests/test_a.py::two", "tests/test_b.py::one"]
    assert tests(1) == tests(3, "default") == ["tests/test_a.py::two", "tests/test_b.py::one"]
    assert not recorded.is_in_function(Mutant("a.py", 0, 1, "constant"))
    assert recorded.is_in_function(Mutant("a.py", 0, 5, "constant"))


def test_functions_that_are_there_get_the_changed_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (mutants, server):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    path = tmp_path / "a.py"
    path.write_text(SOURCE)
    names: dict[str, object] = {}
    exec(compile(SOURCE, str(path), "exec", dont_inherit=True), names)
    of_line = {mutant.line: mutant for mutant in mutants.mutants_of("a.py")}
    assert names["f"](True) == 1  # type: ignore[operator]
    assert server.replace_code(of_line[5])
    assert names["f"](True) == 2  # type: ignore[operator]
    assert not server.replace_code(of_line[1])
