"""The reducer keeps what is said of a file, and nothing else."""

from __future__ import annotations

import pickle
from pathlib import Path

from .judge import Verdict
from .reduce import pieces_of, reduced, said


def test_what_is_not_needed_is_removed() -> None:
    assert (
        reduced([b"%c" % each for each in range(97, 123)], lambda content: b"d" in content and b"w" in content) == b"dw"
    )


def test_nothing_is_removed_that_is_needed() -> None:
    assert reduced([b"a", b"b"], lambda content: content == b"ab") == b"ab"
    assert reduced([b"a", b"b"], lambda _: True, seconds=-1) == b"ab"


def test_pieces_are_those_of_the_format() -> None:
    data = pickle.dumps([1, "a"], 2)
    assert b"".join(pieces_of(Path("m.pkl"), data)) == data
    assert b"K\x01" in pieces_of(Path("m.pkl"), data)
    assert pieces_of(Path("m.pkl"), b"no pickle") == [b"no pickle"]
    assert pieces_of(Path("m.prototxt"), b"a\nb\n") == [b"a\n", b"b\n"]
    assert pieces_of(Path("m.onnx"), b"ab") == [b"a", b"b"]


def test_the_folder_is_not_compared() -> None:
    one, other = (Verdict("error", "read", f"/{folder}/m.pkl: is damaged") for folder in ("a", "b"))
    assert said(one) == said(other) == ("error", "read", "pkl: is damaged")
