"""Every message of the source has a code, every code an entry in both languages, and `explain` says it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mgeconvert.errors import BadInputError, MgeconvertError, Problem, UnsupportedError, VerificationError
from mgeconvert.explanations import HOLE, LEAST, MESSAGES, code_of, code_of_error, kinds, messages
from mgeconvert.explanations.page import page, text_of
from mgeconvert.ir.evaluate import EvaluationError
from mgeconvert_cli.main import COMMANDS, application
from mgeconvert_cli.problems import document
from tests.harness.runner import Runner

from .assign import FAMILIES, PHRASES, PLACES, kind_of
from .collect import ROOT, Source, refusals
from .written import written

OF_CLASSES = {"MGE901", "MGE903"}
"""Kinds whose messages are made of figures, or of what Python says: they are known by the class of the error."""


def test_every_message_has_a_code() -> None:
    without = [message for message in (*Source().messages(), *refusals()) if kind_of(message) is None]
    assert without == []


def test_the_table_is_what_the_source_says() -> None:
    """`python -m tests.explanations` writes it anew."""
    assert json.loads(MESSAGES.read_text(encoding="utf-8")) == json.loads(written())


def test_every_code_is_of_some_message() -> None:
    assert {*messages()} | OF_CLASSES == {*kinds()}


def test_every_message_is_found_by_its_text() -> None:
    """What is filled in does not hide which message it is, unless two of one text are of several kinds."""
    wrong = {}
    for code, templates in messages().items():
        for template in templates:
            if sum(map(str.isalpha, template)) >= LEAST and code_of(template.replace(HOLE, "x7")) != code:
                wrong[template] = code
    assert wrong == {}


def test_rules_are_of_kinds_that_there_are() -> None:
    numbers = {kind.number for kind in kinds().values()}
    assert {*PHRASES} | {number for _, number in (*PLACES, *FAMILIES)} <= numbers


@pytest.mark.parametrize("code", kinds())
def test_an_entry_is_whole_in_both_languages(code: str) -> None:
    english, chinese = text_of(code, "en"), text_of(code, "zh")
    assert all((*english, *chinese))
    assert english.title.isascii()
    assert re.search("[\u4e00-\u9fff]", chinese.title)
    assert _commands(english.remedy) == _commands(chinese.remedy)


def _commands(text: str) -> list[str]:
    return sorted(re.findall(r"`(mgeconvert [^`]*)`", text))


def _options(command: str) -> set[str]:
    helped = Runner().invoke(application, [command, "--help"]) if command else Runner().invoke(application, ["--help"])
    return {*re.findall(r"(?<![\w-])--?[a-zA-Z][a-z0-9-]*", helped.stdout)}


def test_commands_and_options_of_the_entries_exist() -> None:
    texts = [part for code in kinds() for language in ("en", "zh") for part in text_of(code, language)]
    named = {word for text in texts for word in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", text)}
    known = set().union(*(_options(name) for name in [*COMMANDS, "tm-to-onnx", "tm-to-tflite", "tm-to-caffe"]))
    known |= _options("tflite-to-onnx") | {"--python"}  # of `reference install`
    assert named - known == set()
    commands = {line.split()[1] for text in texts for line in _commands(text)}
    assert {name for name in commands if name.islower()} <= {*COMMANDS, "help", "tflite-to-onnx"}


def test_the_longest_message_holds() -> None:
    assert code_of("m.onnx: cannot be written: it is a folder") == "MGE205"
    assert code_of("step tm-to-onnx: m.pkl: there is no such file") == "MGE201"
    assert code_of("words of nobody") is None


def test_codes_of_errors() -> None:
    assert code_of_error(UnsupportedError("export to onnx", [Problem("a", "Conv", "training mode")])) == "MGE400"
    assert code_of_error(BadInputError("zzz")) == "MGE301"
    assert code_of_error(VerificationError("m.onnx: max rel error 1")) == "MGE601"
    fails = "m.onnx: differs from m.npz: 1 of 2 outputs fail\n  z: is float32[2,3], expected bool[2,3]"
    assert code_of_error(VerificationError(fails)) == "MGE601"
    assert code_of_error(MgeconvertError("zzz")) == code_of_error(RuntimeError("zzz")) == "MGE901"
    assert code_of_error(PermissionError(13, "no")) == "MGE205"
    assert code_of_error(KeyboardInterrupt()) == "MGE903"


def test_what_was_said_below() -> None:
    causes: dict[Exception, str] = {
        FileNotFoundError(2, "no"): "MGE201",
        PermissionError(13, "no"): "MGE202",
        EvaluationError("Range(): x"): "MGE319",
    }
    for cause, code in causes.items():
        error = BadInputError("m.onnx: no")
        error.__cause__ = cause
        assert code_of_error(error) == code


def test_reasons_have_codes_of_their_own() -> None:
    problems = [Problem("a", "Conv", "training mode"), Problem("b", "X", "training mode"), Problem("c", "X", "zzz")]
    found = document(UnsupportedError("export to onnx", problems), "", None)
    assert (found["code"], [each["code"] for each in found["problems"]]) == ("MGE400", ["MGE403", "MGE403", None])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_is_that_of_the_tables(language: str) -> None:
    """`make docs` writes it anew."""
    file = ROOT / "docs" / ("zh" if language == "zh" else "") / "messages.md"
    assert file.read_text(encoding="utf-8") == page(language) + "\n"


SAID = {
    "MGE201 --language en": "MGE201: There is no such file\n\nIt means: A file or folder",
    "mge201 --language zh": "MGE201: 文件不存在\n\n含义\uff1a",
    "--language en": "MGE101  No such command or option\nMGE102  ",
    "--language zh": "MGE101  没有这个命令或选项\n",
}


@pytest.mark.parametrize("words", SAID)
def test_explain(words: str) -> None:
    result = Runner().invoke(application, ["explain", *words.split()])
    assert result.exit_code == 0
    assert result.stdout.startswith(SAID[words])


def test_explain_takes_a_message_and_several_codes() -> None:
    result = Runner().invoke(application, ["explain", "--language", "en", "m.onnx: there is no such file", "MGE403"])
    assert [line for line in result.stdout.splitlines() if line.startswith("MGE")] == [
        "MGE201: There is no such file",
        "MGE403: A network in training mode",
    ]


def test_the_language_is_that_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    for value, title in {"zh_CN.UTF-8": "MGE201: 文件不存在", "de_DE": "MGE201: There is no such file"}.items():
        monkeypatch.setenv("LANG", value)
        assert Runner().invoke(application, ["explain", "MGE201"]).stdout.splitlines()[0] == title


WRONG = {
    "MGE2010": "error: MGE2010: no code and no message of mgeconvert; did you mean MGE201 or MGE210 or MGE205?"
    "\nhint: mgeconvert explain\n",
    "hello": "error: hello: no code and no message of mgeconvert\nhint: mgeconvert explain\n",
    "--markdown MGE201": "error: --markdown has every code: MGE201 would be ignored\nhint: leave out one of them\n",
}


@pytest.mark.parametrize("words", WRONG)
def test_what_cannot_be_explained(words: str) -> None:
    result = Runner().invoke(application, ["explain", *words.split()])
    assert result.exit_code == 2
    assert result.stderr.startswith(WRONG[words].partition("; did you")[0].partition("\n")[0])


def test_json(tmp_path: Path) -> None:
    answer = json.loads(Runner().invoke(application, ["--json", "explain", "MGE201", "--language", "en"]).stdout)
    assert answer["codes"]["MGE201"]["title"] == "There is no such file"
    error = json.loads(Runner().invoke(application, ["--json", "inspect", str(tmp_path / "no.onnx")]).stdout)["error"]
    assert error["code"] == "MGE201"
