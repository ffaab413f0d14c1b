"""The command line as a user meets it: exact texts and exit codes, on a format of `tests.harness.small_graphs`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

import mgeconvert.passes
from mgeconvert.passes import Outcome
from mgeconvert.registry import Option
from mgeconvert_cli.main import application
from tests.harness import small_graphs as lst
from tests.harness.runner import Runner
from tests.plugins import Install, plugins

__all__ = ["plugins"]

MODEL = {"inputs": {"x": ["float32", [2, 3]]}, "ops": ["Neg", "Abs"]}
EXACT = {"max_abs": 0.0, "max_rel": 0.0, "cosine": 1.0}
Invoke = Callable[..., Result]


@pytest.fixture
def invoke(plugins: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """`invoke("lst-to-lst m.lst")` in a folder with the model m.lst; times are 0.00 s."""
    plugins({"lst": lst.FRONTEND}, {"lst": lst.BACKEND})
    monkeypatch.setattr(mgeconvert.passes, "optimize", lambda *_, **__: Outcome(), raising=False)
    monkeypatch.chdir(tmp_path)
    write("m.lst", MODEL)

    def run(line: str, **options: Any) -> Result:
        return Runner().invoke(application, line.split(), **options)

    return run


def write(path: str, content: dict[str, Any]) -> None:
    Path(path).write_text(json.dumps(content))


def steady(text: str) -> str:
    """The text with the times taken out."""
    return re.sub(r"\b\d+\.\d\d s\b", "T s", text)


def record(path: str, wrong: float = 0.0, **arrays: np.ndarray) -> None:
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.savez(path, **(arrays or {"in_0": x, "out_0": x + np.float32(wrong)}))


def test_export_says_what_was_done(invoke: Invoke) -> None:
    result = invoke("lst-to-lst m.lst -o out.lst")
    assert (result.exit_code, result.stdout) == (0, "")
    assert steady(result.stderr).splitlines() == [
        "read m.lst (61 B): Operator list, 2 nodes, 0 B of weights, T s",
        "wrote out.lst (75 B), T s",
        "verified in the lst runtime against m.lst run in the lst runtime on random inputs: "
        "1 output, max rel error 0 (limit 0.0001)",
        "next: mgeconvert run out.lst --random",
    ]


def test_export_against_recorded_outputs(invoke: Invoke) -> None:
    record("r.npz")
    result = invoke("lst-to-lst m.lst -o out.lst --io r.npz")
    assert result.exit_code == 0
    assert result.stderr.splitlines()[-2] == (
        "verified in the lst runtime against the recorded outputs of r.npz: 1 output, max rel error 0 (limit 0.0001)"
    )


def test_recorded_outputs_beside_the_model_are_used(invoke: Invoke) -> None:
    record("m.npz")
    result = invoke("lst-to-lst m.lst -o out.lst")
    assert "m.npz beside the model holds its recorded outputs" in result.stderr.splitlines()
    assert "verified in the lst runtime against the recorded outputs of m.npz" in result.stderr


def test_export_that_computes_something_else(invoke: Invoke) -> None:
    record("m.npz")
    result = invoke("lst-to-lst m.lst -o out.lst --wrong 1")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-5:] == [
        "verified in the lst runtime against the recorded outputs of m.npz: 1 of 1 FAILED",
        "out.lst is not written; --keep-failed keeps such a file under another name",
        "error: out.lst: differs from the recorded outputs of m.npz: 1 of 1 outputs fail",
        "  y: max abs error 1, max rel error 0.2 (limit 0.0001), cosine 0.989455",
        "hint: --rtol 0.21 would let it pass",
    ]
    assert invoke("lst-to-lst m.lst -o out.lst --wrong 1 --rtol 0.3").exit_code == 0


def test_json_is_one_document_on_stdout(invoke: Invoke) -> None:
    record("m.npz")
    result = invoke("lst-to-lst --json m.lst -o out.lst -O1")
    document = json.loads(result.stdout)
    assert document["command"] == "lst-to-lst"
    assert document["files"] == [{"path": "out.lst", "bytes": 75}]
    assert document["verification"]["passed"] is True
    assert document["verification"]["outputs"] == [
        {"name": "y", "dtype": "float32", "shape": [2, 3], "problem": None, **EXACT}
    ]
    assert set(document["seconds"]) == {"read", "optimize", "write", "verify"}


@pytest.mark.parametrize("line", ["--json --quiet ops lst", "ops lst --json --quiet", "--quiet ops --json lst"])
def test_switches_stand_before_and_after_the_command(invoke: Invoke, line: str) -> None:
    assert json.loads(invoke(line).stdout)["command"] == "ops"


def test_json_of_a_failure_has_the_error(invoke: Invoke) -> None:
    write("bad.lst", {**MODEL, "refused": [["a.b", "Loop", "loops are no part of lists"]]})
    result = invoke("--json lst-to-lst bad.lst -o out.lst")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "error": {
            "kind": "UnsupportedError",
            "code": "MGE400",
            "message": "cannot read the list: 1 operator not supported\n  a.b: Loop: loops are no part of lists",
            "hint": "`mgeconvert ops lst` lists what can be read",
            "problems": [{"scope": "a.b", "op": "Loop", "reason": "loops are no part of lists", "code": None}],
        }
    }


def test_json_of_a_mismatch_has_the_figures_and_the_error(invoke: Invoke) -> None:
    record("m.npz", wrong=1)
    document = json.loads(invoke("--json lst-to-lst m.lst -o out.lst").stdout)
    assert document["verification"]["passed"] is False
    assert document["error"]["kind"] == "VerificationError"


def test_quiet_says_nothing(invoke: Invoke) -> None:
    result = invoke("--quiet lst-to-lst m.lst -o out.lst")
    assert (result.exit_code, result.output) == (0, "")


def test_ten_unsupported_operators_are_all_listed(invoke: Invoke) -> None:
    write("bad.lst", {**MODEL, "refused": [[f"layer{n}", "Loop", "a list has no loops"] for n in range(10)]})
    result = invoke("lst-to-lst bad.lst -o out.lst")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "error: cannot read the list: 10 operators not supported",
        *(f"  layer{n}: Loop: a list has no loops" for n in range(10)),
        "hint: `mgeconvert ops lst` lists what can be read",
    ]
    assert not Path("out.lst").exists()


USAGE = {
    "": (0, None),
    "lst-to-lsx m.lst": (
        2,
        "error: lst-to-lsx: no such command; did you mean lst-to-lst?\nhint: `mgeconvert --help`",
    ),
    "frob": (2, "error: frob: no such command\nhint: `mgeconvert --help` lists what can be given\n"),
    "lst-to-lst": (
        2,
        "error: MODEL is missing and no step before gives one\nhint: mgeconvert lst-to-lst MODEL\n",
    ),
    "lst-to-lst m.lst": (2, "error: m.lst: would overwrite its source\nhint: give -o OUT\n"),
    "lst-to-lst m.lst --frob": (2, "error: No such option"),
    "convert m.lst out.foo": (
        2,
        "error: out.foo: the suffix names no known format; known: .lst\nhint: say the format with --to\n",
    ),
    "convert m.foo out.lst": (
        2,
        "error: m.foo: the suffix names no known format; known: .lst\nhint: say the format with --from\n",
    ),
    "convert m.lst out.lst --from onxx": (2, "error: onxx: unknown source format; known: lst\n"),
    "ops onxx": (2, "error: onxx: unknown format; known: lst\nhint: mgeconvert ops\n"),
    "load m.lst load m.lst": (
        2,
        "error: step load: a step before has a model already\nhint: `load` is the first step of a chain\n",
    ),
    "verify a b c": (2, "error: 3 files given, expected CANDIDATE or MODEL CANDIDATE\nhint: mgeconvert verify MODEL"),
    "completion tcsh": (2, "error: Invalid value for '{bash|zsh|fish}'"),
    "verify nothere.lst": (3, "error: nothere.lst: there is no such file\nhint: ls .\n"),
    "lst-to-lst m.lst -o o.lst --io nothere.npz": (3, "error: nothere.npz: No such file or directory\n"),
    "lst-to-lst m.lst -o nothere/o.lst": (
        2,
        "error: nothere/o.lst: cannot be written: the folder nothere does not exist\nhint: mkdir -p nothere\n",
    ),
    "--quiet --json": (2, "error: no command given\nhint: `mgeconvert --help` lists what can be given\n"),
}


@pytest.mark.parametrize("line", USAGE)
def test_wrong_use(invoke: Invoke, line: str) -> None:
    code, text = USAGE[line]
    result = invoke(line)
    assert result.exit_code == code
    errors = [part for part in result.stderr.splitlines(keepends=True) if not part.startswith(("read ", "load: "))]
    if text is not None:
        assert "".join(errors).startswith(text) if not text.endswith("\n") else "".join(errors) == text
    else:
        assert result.stdout.startswith("Usage: mgeconvert [OPTIONS] COMMAND [ARGS]...")


ARRAY = np.zeros((2, 3), np.float32)
BAD_RECORDS: dict[str, tuple[dict[str, np.ndarray], str]] = {
    "names": ({"a": ARRAY, "b": ARRAY}, "bad.npz: holds a, b; expected in_0 ... in_0, or x"),
    "no outputs": ({"in_0": ARRAY}, "bad.npz: holds in_0; expected out_0 ... out_0, or y"),
    "too many": (
        {"in_0": ARRAY, "in_1": ARRAY, "out_0": ARRAY},
        "bad.npz: holds 2 arrays in_N, expected 1: the model's inputs are x",
    ),
    "shape": (
        {"x": ARRAY[:, :2], "y": ARRAY},
        "bad.npz: the array for input x is float32[2,2], expected float32[2,3]",
    ),
    "dtype": (
        {"x": ARRAY.astype(np.float64), "y": ARRAY},
        "bad.npz: the array for input x is float64[2,3], expected float32[2,3]",
    ),
}


@pytest.mark.parametrize("case", BAD_RECORDS)
def test_bad_recorded_data(invoke: Invoke, case: str) -> None:
    arrays, text = BAD_RECORDS[case]
    record("bad.npz", **arrays)
    result = invoke("lst-to-lst m.lst -o out.lst --io bad.npz")
    assert result.exit_code == 3
    assert result.stderr.splitlines()[1] == f"error: {text}"
    assert not Path("out.lst").exists(), "recorded data is checked before anything is written"


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 broken"])
def test_recorded_data_that_is_no_archive(invoke: Invoke, content: bytes) -> None:
    Path("bad.npz").write_bytes(content)
    result = invoke("lst-to-lst m.lst -o out.lst --io bad.npz")
    assert result.exit_code == 3
    assert result.stderr.splitlines()[1] == "error: bad.npz: not an .npz archive of plain arrays"


def test_a_missing_runtime_does_not_stop_the_export(invoke: Invoke, plugins: Install) -> None:
    plugins({"lst": lst.FRONTEND}, {"lst": replace(lst.BACKEND, run=lst.missing_run)})
    result = invoke("lst-to-lst m.lst -o out.lst")
    assert result.exit_code == 0
    assert result.stderr.splitlines()[-3:-1] == [
        "not verified, not run: the lst runtime is not installed",
        "hint: pip install lst",
    ]


def test_standard_input_and_output(invoke: Invoke) -> None:
    result = invoke("lst-to-lst - -o - --no-verify", input=json.dumps(MODEL))
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {**MODEL, "wrong": 0.0}
    assert steady(result.stderr).splitlines() == [
        "read standard input: Operator list, 2 nodes, 0 B of weights, T s",
        "wrote standard output (75 B), T s",
    ]


def test_debug_shows_the_traceback(invoke: Invoke) -> None:
    result = invoke("--debug verify nothere.lst")
    assert result.exit_code == 3
    assert "Traceback (most recent call last):" in result.stderr
    assert result.stderr.splitlines()[-2] == "error: nothere.lst: there is no such file"


def test_version(invoke: Invoke) -> None:
    assert invoke("--version").stdout == f"mgeconvert {mgeconvert.__version__}\n"


@pytest.mark.parametrize(("short", "long"), [("-V", "--version"), ("-h", "--help"), ("help", "--help")])
def test_short_names(invoke: Invoke, short: str, long: str) -> None:
    assert invoke(short).stdout == invoke(long).stdout != ""


def test_help_on_a_command(invoke: Invoke) -> None:
    assert invoke("help lst-to-lst").stdout == invoke("lst-to-lst -h").stdout == invoke("lst-to-lst --help").stdout
    assert invoke("-q lst-to-lst m.lst -o out.lst").output == ""


SHELLS = {"bash": "complete -o nosort", "zsh": "#compdef mgeconvert", "fish": "complete --no-files"}


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_prints_the_script(invoke: Invoke, shell: str) -> None:
    result = invoke(f"completion {shell}")
    assert result.exit_code == 0
    assert SHELLS[shell] in result.stdout
    assert "_MGECONVERT_COMPLETE" in result.stdout


def test_an_option_that_rounds_on_purpose_brings_its_tolerance(invoke: Invoke, plugins: Install) -> None:
    rounding = Option("wrong", float, 0.0, "added to every output", rtol=0.3)
    plugins({"lst": lst.FRONTEND}, {"lst": replace(lst.BACKEND, options=(rounding,))})
    record("m.npz")
    result = invoke("lst-to-lst m.lst -o out.lst --wrong 1")
    assert result.exit_code == 0
    assert result.stderr.splitlines()[-2].endswith("1 output, max rel error 0.2 (limit 0.3)")
    assert invoke("lst-to-lst m.lst -o out.lst --wrong 1 --rtol 0.1").exit_code == 1


@pytest.mark.parametrize(
    "line", ["--version --json", "--json --version", "optimize --list-passes --json", "--json ops"]
)
def test_what_ends_the_run_is_one_json_document(invoke: Invoke, line: str) -> None:
    result = invoke(line)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["command"]


@pytest.mark.parametrize(
    "line", ["lst-to-lst --frob --json", "reference --json", "frob --json", "reference frob --json"]
)
def test_errors_before_json_was_read_are_json(invoke: Invoke, line: str) -> None:
    result = invoke(line)
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["message"]


def test_reference_alone(invoke: Invoke) -> None:
    assert invoke("reference").stderr == (
        "error: Missing command\nhint: `mgeconvert reference --help` lists what can be given\n"
    )
