"""Command lines and manifests that mean nothing: exit codes and exact texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

import mgeconvert
from mgeconvert.ir.builder import Builder
from mgeconvert_cli.batch.manifest import PARTS
from mgeconvert_cli.main import application
from mgeconvert_cli.session import size
from tests.harness.runner import Runner

Invoke = Callable[[str], Result]
MODEL = '[[model]]\npath = "m.onnx"\n'
TO_TFLITE = f'{MODEL}targets = ["tflite"]\n'


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    monkeypatch.chdir(tmp_path)
    for name in ("m.onnx", "n.onnx"):
        b = Builder()
        b.output("y", b.op("Relu", b.input("x", "float32", (2, 3))))
        mgeconvert.save(b.graph, name)
    np.save("a.npy", np.zeros(3))
    Path("empty").mkdir()
    Path("text.txt").write_text("hello")
    Path("bad.py").write_text("def (")
    return lambda line: Runner().invoke(application, line.split(), input=Path("m.onnx").read_bytes())


def spelled_out(levels: int) -> str:
    """Lists of ten references each: 10 ^ levels parts in a few lines."""
    lines = ["l0: &l0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"l{at}: &l{at} [{', '.join([f'*l{at - 1}'] * 10)}]" for at in range(1, levels)]
    return "\n".join(lines)


BATCH = "batch m.onnx --targets tflite -o o"
ERRORS: list[tuple[str, int, str]] = [
    (
        "batch m.onnx --targets wrong -o o",
        2,
        "error: wrong: unknown target format; known: caffe, mge, onnx, pytorch, tflite, tm\n",
    ),
    (f"{BATCH} --name z*", 2, "error: --name z*: no model of this batch has such a name\n"),
    (f"{BATCH} -j 0", 2, "error: -j 0: must be a positive number or auto\n"),
    (f"{BATCH} -j two", 2, "error: -j two: must be a positive number or auto\n"),
    ("batch nowhere --targets tflite -o o", 2, "error: nowhere: no such file or folder\n"),
    (
        "batch empty --targets tflite -o o",
        2,
        "error: empty: holds no model; known suffixes: .lite, .mdl, .mgb, .mge, .onnx, .pkl, .prototxt, .tflite, .tm, "
        ".tm.pkl\n",
    ),
    (
        "batch m.onnx --targets tflite",
        2,
        "error: m.onnx: no folder to write to\nhint: mgeconvert batch m.onnx --targets tflite -o FOLDER\n",
    ),
    ("batch m.onnx -o o", 2, "error: m.onnx: no target\nhint: mgeconvert batch m.onnx --targets onnx -o FOLDER\n"),
    (
        f"{BATCH} --baseline text.txt",
        3,
        "error: text.txt: no document of `mgeconvert --json batch`\n"
        "hint: mgeconvert batch MANIFEST --json > baseline.json\n",
    ),
    (f"{BATCH} --baseline nowhere.json", 3, "error: nowhere.json: cannot be read: No such file or directory\n"),
    (
        f"{BATCH} --dask nonsense",
        2,
        "error: --dask nonsense: is no address of a scheduler\nhint: --dask tcp://HOST:8786\n",
    ),
    (
        f"{BATCH} --fail-on regression",
        2,
        "error: --fail-on regression compares with an earlier run\nhint: give --baseline FILE.json\n",
    ),
    ("onnx-to-tflite -", 2, "error: standard input has no name to derive OUT from\nhint: give -o OUT\n"),
    (
        "onnx-to-tflite m.onnx n.onnx -o text.txt/sub/",
        2,
        "error: text.txt/sub: is no folder and cannot become one: Not a directory\n",
    ),
    ("edit m.onnx --set-input x=abc -o n.onnx", 2, "error: --set-input x=abc: expected numbers, true or false\n"),
    (
        "inspect m.onnx --model-explorer -",
        2,
        "error: --model-explorer - : expected a file\nhint: --model-explorer FILE.json\n",
    ),
    (
        "ops onnx --where Relu",
        2,
        "error: --where is about one operator in all formats: leave out FORMAT and --markdown\n",
    ),
    ("view -", 2, "error: netron opens files\nhint: name a file\n"),
    ("text.txt", 3, "error: text.txt: is of no known format\nhint: mgeconvert ops\n"),
    ("bad.py", 3, "error: bad.py: is no Python source: invalid syntax (<unknown>, line 1)\n"),
    (
        "quantize m.onnx --data text.txt -o q.onnx",
        2,
        "error: --data text.txt: is no such file\n"
        "hint: --data takes a folder of .npy or .npz files, an .npz, or script.py:feeds\n",
    ),
]
"""What is said, but for the lines about what is read."""


@pytest.mark.parametrize(("line", "code", "said"), ERRORS, ids=[line for line, _, _ in ERRORS])
def test_a_command_line(invoke: Invoke, line: str, code: int, said: str) -> None:
    done = invoke(line)
    assert done.stderr[max(done.stderr.find("error: "), 0) :] == said
    assert done.exit_code == code


MANIFESTS: dict[str, tuple[str, str]] = {
    "entry.toml": ('model = ["x"]\n', ":1: a [[model]] is a table, not 'x'"),
    "targets.toml": (f"{MODEL}targets = 3\n", ":3: targets is a list of formats, not 3"),
    "none.toml": (MODEL, ': an entry has no targets\nhint: targets = ["onnx"] in [defaults]'),
    "options.toml": (f"{TO_TFLITE}tflite = 3\n", ":4: tflite is a table of options for that target"),
    "path.toml": ('[[model]]\npath = 3\ntargets = ["tflite"]\n', ":2: path must be text"),
    "format.toml": (
        f'{TO_TFLITE}format = "foo"\n',
        ":4: foo: unknown source format; known: caffe, mge, onnx, tflite, tm",
    ),
    "value.toml": (f"{TO_TFLITE}tflite = {{for = true}}\n", ": for needs a value, not true"),
    "syntax.toml": ("a = \n", ": Invalid value (at line 1, column 5)"),
    "syntax.yaml": ("a: [\n", ":2: expected the node content, but found '<stream end>'"),
    "character.yaml": (
        "a: \x07\n",
        ": unacceptable character #x0007: special characters are not allowed\n"
        '  in "<unicode string>", position 3',
    ),
    "list.yaml": ("- 1\n", ": a manifest is a table with [defaults] and [[model]]"),
    "key.yaml": ("1: 2\n", ": the key 1 is no text"),
    "deep.yaml": ("[" * 3000, ": tables in tables without end"),
    "parts.yaml": (spelled_out(7), f": more than {PARTS:,} parts, all spelled out"),
}  # fmt: skip
"""The file, and what is said behind its name."""


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest(invoke: Invoke, name: str) -> None:
    text, said = MANIFESTS[name]
    Path(name).write_text(text)
    done = invoke(f"batch {name} -o o --dry-run")
    assert (done.stderr, done.exit_code) == (f"error: {name}{said}\n", 2)


def test_a_manifest_in_other_letters(invoke: Invoke) -> None:
    Path("latin.toml").write_bytes(b"\xff\xfe")
    done = invoke("batch latin.toml -o o")
    assert done.stderr == (
        "error: latin.toml: cannot be read: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte\n"
    )
    assert done.exit_code == 2


def test_two_models_of_one_name(invoke: Invoke) -> None:
    name = 'name = "a"\n'
    Path("twice.toml").write_text(f"{TO_TFLITE}{name}{TO_TFLITE.replace('m.onnx', 'n.onnx')}{name}")
    done = invoke("batch twice.toml -o o --dry-run")
    assert done.stderr == (
        "error: o/a.tflite: both m.onnx and n.onnx would be written there\n"
        'hint: give one of them another name = "..."\n'
    )
    assert done.exit_code == 2


def test_a_model_in_the_place_of_another(invoke: Invoke) -> None:
    Path("over.toml").write_text(
        f'{MODEL}name = "n"\ntargets = ["onnx"]\n[[model]]\npath = "n.onnx"\ntargets = ["tflite"]\n'
    )
    done = invoke("batch over.toml -o . --dry-run")
    assert done.stderr == (
        "error: n.onnx: is a model of this batch, n onnx would be written there\nhint: give -o FOLDER\n"
    )
    assert done.exit_code == 2


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (46_800_000, "46.8 MB"),
        (2_000_000_000, "2.0 GB"), (3_000_000_000_000, "3000.0 GB"),
    ],
)  # fmt: skip
def test_sizes(count: int, text: str) -> None:
    assert size(count) == text
