"""Every public callable of MegEngine is lowered and has a row, is refused with a reason, or cannot be in a graph.

`tests/goldens/api.json` lists MegEngine 1.13's callables; the reference lane checks that it is what MegEngine has:
`REFERENCE_PYTHON tests/tracedmodule/megengine_api.py > tests/goldens/api.json` remakes it.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from mgeconvert.reference.environment import environment
from mgeconvert.tracedmodule.lower import table
from mgeconvert.tracedmodule.lower.driver import load_table
from tests.harness import goldens

LIST = goldens.FOLDER / "api.json"
SCRIPT = Path(__file__).parents[1] / "megengine_api.py"
ALL: list[str] = json.loads(LIST.read_text())

TENSOR, OP, FUNCTIONAL = "megengine.tensor.Tensor.", "megengine.core.ops.builtin.", "megengine.functional."


def each(prefix: str, names: str, reason: str) -> dict[str, str]:
    return {prefix + name: reason for name in names.split()}


NOT_IN_GRAPHS = {
    **each(OP, "OpDef PyOpBase", "a base class: only its subclasses are applied"),
    **each(
        "megengine.module.",
        "module.Module qat.module.QATModule quantized.module.QuantizedModule rnn.RNNBase rnn.RNNCellBase",
        "a base class: only its subclasses are called",
    ),
    **each("megengine.module.sequential.", "Sequential", "traced through: its modules are recorded one by one"),
    **each(
        FUNCTIONAL + "debug_param.",
        "get_conv_execution_strategy get_execution_strategy set_conv_execution_strategy set_execution_strategy",
        "a setting of the process",
    ),
    **each(FUNCTIONAL + "nn.", "expand_dhw expand_hw", "computes with Python numbers: its result is an argument"),
    **each("megengine.random.", "RNG seed", "a setting of the process; what it draws is refused"),
    **each(
        TENSOR,
        "__array__ __bool__ __complex__ __contains__ __dlpack__ __float__ __index__ __int__ __trunc__ item numpy "
        "tolist",
        "leaves the graph for Python: its result is recorded as a constant",
    ),
    **each(TENSOR, "__iter__", "recorded as one __getitem__ an element"),
    **each(TENSOR, "__len__ ndim", "a Python number: recorded as a constant"),
    **each(TENSOR, "shape size", "recorded as GetVarShape"),
    **each(TENSOR, "reset_zero", "recorded as __imul__"),
    **each(TENSOR, "set_value", "recorded as a constant, or not at all"),
    **each(
        TENSOR,
        "device dmap_callback dtype format grad graph name qparams requires_grad value_id var",
        "an attribute: its value is recorded, not its reading",
    ),
    **each(
        TENSOR,
        "__abstractmethods__ __array_priority__ __array_wrap__ __dict__ __getnewargs__ __getstate__ __module__ "
        "__setstate__ __slots__ __weakref__",
        "Python's own bookkeeping",
    ),
}
"""Callables and attributes that no TracedModule holds a call of."""

NO_ROW = {
    **each(OP, "Dropout", "MegEngine 1.13 does not run it without CUDA"),
    **each(FUNCTIONAL, "nn.interpolate", "where MegEngine 1.6 has it: test_versions"),
    **each(FUNCTIONAL, "nn.layerPixelShuffle_traceable", "recorded as its parts"),
    **each(TENSOR, "T", "recorded as transpose; MegEngine 1.6 has the property itself: test_versions"),
    **each(TENSOR, "to", "recorded as Copy"),
    **each(
        "megengine.module.quantized.",
        "conv.ConvTransposeRelu2d conv_transpose_bn.ConvTransposeBn2d conv_transpose_bn.ConvTransposeBnRelu2d",
        "MegEngine 1.13 refuses to run it: `bias of quantized transposed conv2d is not supported yet`",
    ),
}
"""Lowered callables that MegEngine 1.13 cannot be asked about."""


@pytest.fixture(scope="module", autouse=True)
def _table() -> None:
    load_table()


@pytest.fixture(scope="module")
def recorded() -> set[str]:
    """Every callable that some row made MegEngine record (that no archive is missing, test_harness checks)."""
    paths = [goldens.archive(family) for family in goldens.families()]
    indexes = [goldens.index(path)["rows"] for path in paths if path.is_file()]
    return {name for rows in indexes for entry in rows.values() for name in entry["calls"]}


def test_every_callable_is_accounted_for() -> None:
    known = {*table.lowered(), *(key for key, _ in table.refused()), *NOT_IN_GRAPHS}
    assert [name for name in ALL if name not in known] == []


def test_no_callable_is_accounted_for_twice() -> None:
    assert set(NOT_IN_GRAPHS) & {*table.lowered(), *(key for key, _ in table.refused())} == set()
    assert set(NOT_IN_GRAPHS) - set(ALL) == set()


def test_everything_lowered_has_a_row(recorded: set[str]) -> None:
    assert [name for name in table.lowered() if name not in recorded and name not in NO_ROW] == []
    assert [name for name in NO_ROW if name in recorded or name not in set(table.lowered())] == []


def test_nothing_outside_graphs_is_recorded(recorded: set[str]) -> None:
    assert recorded & set(NOT_IN_GRAPHS) == set()


def test_every_refusal_is_a_reason() -> None:
    assert [name for name, reason in table.refused() if len(reason.split()) < 3] == []


def test_there_are_many_rows() -> None:
    assert sum(map(len, goldens.families().values())) >= 900


@pytest.mark.reference
def test_the_list_is_what_megengine_has() -> None:
    listed = subprocess.run([environment("megengine").python, SCRIPT], capture_output=True, text=True, check=True)
    assert json.loads(listed.stdout) == ALL
