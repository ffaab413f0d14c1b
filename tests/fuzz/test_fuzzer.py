"""The fuzzer itself: it changes files, it sees what is not allowed, and it goes on after that."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping

import pytest

from . import flatbuffer_fields, pickle_opcodes, protobuf_fields, text_tokens
from .judge import OTHERS, READERS, Verdict, judged
from .run import case, fuzz
from .seeds import seed
from .server import Server


def _fine() -> None:
    return


def _bug() -> None:
    {}["no such key"]


def _endless() -> None:
    while True:
        pass


def _memory() -> None:
    bytearray(8 << 30)


def _dies() -> None:
    import os

    os.abort()


WRONG: Mapping[str, tuple[Callable[[], None], str]] = {
    "bug": (_bug, "internal"),
    "endless": (_endless, "hang"),
    "memory": (_memory, "memory"),
    "dies": (_dies, "died"),
}


def planted(reader: str, _: Mapping[str, bytes]) -> Verdict:
    """A judge of one thing, in place of `judged`."""
    from .judge import _through

    function = WRONG[reader][0] if reader in WRONG else _fine
    return _through(iter([("read", function)]))


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_allowed_is_seen(name: str) -> None:
    with Server(planted, seconds=0.5) as server:
        verdict = server.ask(name, {})
        assert (verdict.kind, verdict.is_finding) == (WRONG[name][1], True)
        assert server.ask("fine", {}) == Verdict("result", "end")
    if name in ("bug", "endless"):
        assert f"in _{name}" in verdict.text


@pytest.mark.parametrize("reader", READERS)
def test_right_files_are_results(reader: str) -> None:
    for number in range(4):
        assert judged(reader, seed(reader, number)).kind == "result"


@pytest.mark.parametrize("reader", READERS + OTHERS)
def test_cases_are_wrong_files_and_come_again(reader: str) -> None:
    first = [case(reader, number) for number in range(20)]
    assert first == [case(reader, number) for number in range(20)]
    assert len({str(files) for files in first}) > 10


@pytest.mark.parametrize(
    ("module", "reader", "name"),
    [
        (pickle_opcodes, "tm", "m.pkl"),
        (protobuf_fields, "onnx", "m.onnx"),
        (flatbuffer_fields, "tflite", "m.tflite"),
        (flatbuffer_fields, "mge", "m.mge"),
        (text_tokens, "caffe", "m.prototxt"),
    ],
    ids=str,
)
def test_changes_of_fields_are_mostly_read(module: object, reader: str, name: str) -> None:
    """They reach what is behind the parser: some of the changed files are still read."""
    data = seed(reader, 1)
    r = random.Random(1)
    changed = [{**data, name: module.changed(r, data[name])} for _ in range(40)]  # type: ignore[attr-defined]
    assert sum(each != data for each in changed) > 20
    assert any(judged(reader, files).kind == "result" for files in changed if files != data)


def test_a_finding_is_kept_once_and_time_is_kept() -> None:
    told: list[str] = []
    begin = time.monotonic()
    with Server(lambda reader, files: Verdict("internal", reader, "a place")) as server:  # noqa: ARG005
        outcome = fuzz(server, "npz", seconds=0.5, tell=told.append)
    assert time.monotonic() - begin < 60
    assert outcome.cases > 1
    assert list(outcome.findings) == ["internal a place read"] or len(outcome.findings) == 1
    assert len(told) == 1
