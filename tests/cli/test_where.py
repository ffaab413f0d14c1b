"""`ops --where`: the line of every handler, also of those that are rows of data, with rows and tests."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from mgeconvert_cli.main import application
from tests.harness.runner import Runner

ROOT = Path(__file__).parents[2]
TABLES = {
    "Relu": {
        "caffe, read": ("ReLU", "converters/caffe/lower/activation.py", '"ReLU"'),
        "caffe, written": ("Relu", "converters/caffe/emit/activation.py", '@emit("Relu")'),
        "onnx, read": ("Relu", "converters/onnx/opsets/up/activation.py", '"Relu"'),
        "pytorch, written": ("Relu", "converters/pytorch/emit/activation.py", "@emit(*PLAIN)"),
        "tflite, read": ("RELU", "converters/tflite/lower/activation.py", "@lower(*ALIKE"),
        "tflite, written": ("Relu", "converters/tflite/emit/activation/kernels.py", "@emit("),
        "tm, read": ("functional.nn.relu", "mgeconvert/tracedmodule/lower/activation.py", '"relu'),
        "mge, written": ("Relu", "mgeconvert/tracedmodule/emit/activation/emitters.py", "emitter"),
        "rows": ("relu", "tests/rows/activation.py", "relu"),
    },
    "GatherND": {"onnx, written": ("GatherND", "converters/onnx/opsets/down/indexing.py", 'downgrade("GatherND"')},
    "Flatten": {"onnx, written": ("Flatten", "converters/onnx/opsets/down/movement.py", '"Flatten", "Split"')},
    "CumsumV1": {"mge, read": ("CumsumV1", "mgeconvert/staticgraph/lower/reduction.py", 'opdef("Cumsum", "CumsumV1")')},
    "megengine.module.linear.Linear": {
        "tm, read": ("module.linear.Linear", "mgeconvert/tracedmodule/lower/matmul/modules.py", "linear(b,"),
        "pytorch, written": ("megengine.module.linear.Linear", "converters/pytorch/emit/matmul.py", "Linear"),
    },
    "INNERPRODUCT": {"rows": ("InnerProduct", "tests/caffe/lower/layer_rows.py", "InnerProduct")},
    "soft_max": {"rows": ("Softmax", "tests/operators/activation.py", "Softmax")},
}  # fmt: skip
"""NAME to tables: the operator there, the file, and what the line holds."""


@functools.cache
def places(name: str) -> list[Mapping[str, str | int]]:
    result = Runner().invoke(application, ["--json", "ops", "--where", name])
    assert result.exit_code == 0, result.output
    found: list[Mapping[str, str | int]] = json.loads(result.stdout)["where"]
    return found


@pytest.mark.parametrize("name", TABLES)
def test_handlers_rows_and_tests_are_found_with_their_line(name: str) -> None:
    found = places(name)
    for table, (op, file, text) in TABLES[name].items():
        lines = [
            "\n".join((ROOT / file).read_text().splitlines()[int(place["line"]) - 1 :][:3])
            for place in found
            if (place["table"], place["op"], place["file"]) == (table, op, file)
        ]
        assert any(text in line for line in lines), (table, lines)


def test_no_handler_is_shown_where_rules_are_made() -> None:
    files = {place["file"] for name in ("Relu", "Flatten", "GatherND", "ReduceSum") for place in places(name)}
    assert [file for file in files if str(file).endswith(("/table.py", "/driver.py"))] == []


def test_an_unknown_name_is_answered_with_close_ones() -> None:
    result = Runner().invoke(application, ["ops", "--where", "Sofmax"])
    assert result.exit_code == 2
    assert result.stderr == (
        "error: Sofmax: no table of handlers has this operator; did you mean Softmax or softmax or LogSoftmax?\n"
        "hint: mgeconvert ops FORMAT\n"
    )
