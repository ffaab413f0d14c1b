"""The walk over TracedModules: order, places, names, arguments, and results equal to MegEngine's."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mgeconvert.tracedmodule.lower import walk
from mgeconvert.tracedmodule.read.arrays import MgeDType
from mgeconvert.tracedmodule.read.records import ModuleRecord
from tests.tracedmodule import files as traced_files
from tests.tracedmodule.lower.recorders import Numpy, record

QUANTISED = ("qat_", "quantised", "user_qat")
LAYERS = {"computed", "layers", "states", "tied", "words"}
"""Files whose layers numpy alone does not compute; they are judged in MegEngine and in torch."""


@pytest.mark.parametrize(
    "name", [name for name in traced_files.names() if not name.startswith(QUANTISED) and name not in LAYERS]
)
def test_computes_what_megengine_computes(name: str) -> None:
    inputs, expected = traced_files.recorded(name)
    results = walk.walk(traced_files.read(name), inputs, Numpy())
    assert len(results) == len(expected)
    for ours, theirs in zip(results, expected, strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", traced_files.names())
def test_input_and_output_infos_agree_with_the_recorded_arrays(name: str) -> None:
    traced = traced_files.read(name)
    inputs, outputs = traced_files.recorded(name)
    assert [(info.shape, info.dtype) for info in traced.inputs] == [(array.shape, array.dtype) for array in inputs]
    assert len(traced.outputs) == len(outputs)
    assert len({info.name for info in traced.outputs}) == len(outputs)
    assert traced.version == (None if name == "v1_6" else "1.13.0")
    json.dumps(traced.output_structure)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nested", ["x"]),
        ("keywords", ["x", "y", "shift"]),
        ("arguments", ["x", "rest_0", "rest_1_0", "rest_1_1", "table_a_0", "table_b"]),
        ("surgery", ["x", "extra"]),
    ],
)
def test_inputs_have_the_names_of_forward(name: str, expected: list[str]) -> None:
    assert [info.name for info in traced_files.read(name).inputs] == expected


def test_outputs_have_traced_names_and_structure_paths() -> None:
    traced = traced_files.read("outputs")
    assert [(info.name, info.path) for info in traced.outputs] == [
        ("inner_out_3", "[0].all[0]"),
        ("inner_out_1", "[0].all[1]"),
        ("add_out", "[0].boxes"),
        ("inner_out_2", "[1]"),
        ("mul_out", "[2]"),
    ]
    inner = {"type": "dict", "items": {"all": {"type": "tuple", "items": [0, 1]}, "boxes": 2}}
    assert traced.output_structure == {"type": "list", "items": [inner, 3, 4]}
    assert traced_files.read("nested").outputs[0].path == ""
    assert traced_files.read("nested").output_structure == 0


def test_a_registered_container_is_known_by_its_class_name() -> None:
    traced = traced_files.read("named")
    assert traced.output_structure == {"type": "mynet.Pair", "items": [0, 1]}


def test_places_and_names_are_qualified_by_the_way_through_the_modules() -> None:
    recorder, _ = record("nested")
    assert [(call.key.rpartition(".")[2], call.place, *call.names) for call in recorder.calls] == [
        *[("Linear", "stem.fc", "stem.fc_out"), ("ReLU", "stem.act", "stem.act_out")] * 2,
        ("Linear", "alias.fc", "alias.fc_out"),
        ("ReLU", "alias.act", "alias.act_out"),
        ("Linear", "layers.0.fc", "layers.0.fc_out"),
        ("ReLU", "layers.0.act", "layers.0.act_out"),
        ("__mul__", "", "mul_out"),
        ("Linear", "layers.1.fc", "layers.1.fc_out"),
        ("ReLU", "layers.1.act", "layers.1.act_out"),
        ("__mul__", "", "mul_out_1"),
        ("Linear", "table.left.fc", "table.left.fc_out"),
        ("ReLU", "table.left.act", "table.left.act_out"),
        ("Linear", "tail.0.fc", "tail.0.fc_out"),
        ("ReLU", "tail.0.act", "tail.0.act_out"),
        ("Identity", "tail.1", "tail._1_out"),
    ]


def test_a_flattened_module_keeps_the_places() -> None:
    flat, nested = record("flattened")[0], record("nested")[0]
    assert [call.key for call in flat.calls] == [call.key for call in nested.calls]
    modules = [call.place for call in flat.calls if call.kind == "module"]
    assert {"layers.0.fc", "table.left.act"} <= set(modules)
    assert all("." not in name for call in flat.calls for name in call.names)


def test_a_call_carries_module_record_version_and_hints() -> None:
    call = record("protocol4")[0].calls[0]
    assert call.kind == "module"
    assert call.key == "megengine.module.linear.Linear"
    assert isinstance(call.args[0], ModuleRecord)
    assert call.args[0].attributes["in_features"] == 4
    assert call.args[1:] == ("x",)
    assert call.version == (1, 13, 0)
    assert call.hints == (((2, 4), np.dtype("float32")),)


def test_a_file_in_the_form_of_megengine_1_6_has_no_version() -> None:
    calls = record("v1_6")[0].calls
    assert [(call.kind, call.key.rpartition(".")[2], call.version) for call in calls] == [
        ("module", "Linear", None),
        ("module", "ReLU", None),
        ("function", "relu", None),
        ("opdef", "GetVarShape", None),
        ("method", "__getitem__", None),
        ("method", "reshape", None),
        ("method", "__add__", None),
    ]
    assert calls[3].kwargs == {"axis": 7}


def test_arguments_are_python_and_numpy_values() -> None:
    calls = {call.names[0]: call for call in record("indexing")[0].calls}
    keys = [call.args[1] for call in calls.values() if call.key.endswith("__getitem__")]
    assert (slice(1, None, None), ..., slice(None, None, 2)) in keys
    assert (None, slice(None), 1, [0, 2]) in keys
    constants = [
        argument for call in record("constants")[0].calls for argument in call.args if not isinstance(argument, str)
    ]
    arrays = [value for value in constants if isinstance(value, np.ndarray)]
    assert [array.dtype.str for array in arrays] == ["<f4", "<f4", "<f4"]
    assert [array.flags.c_contiguous for array in arrays] == [True, False, True]
    assert [value for value in constants if isinstance(value, np.generic)] == [np.float32(0.5), np.int32(2)]
    assert [value for value in constants if isinstance(value, np.dtype)] == [np.dtype(t) for t in ("f4", "i4", "f4")]


def test_raw_operators_carry_their_fields() -> None:
    calls = [call for call in record("made")[0].calls if call.kind == "opdef"]
    assert [(call.key.rpartition(".")[2], sorted(call.kwargs)) for call in calls] == [
        ("Copy", ["comp_node"]),
        ("Elemwise", ["mode"]),
    ]


def test_a_tensor_under_several_names_has_one_path() -> None:
    recorder, _ = record("shared")
    assert [path for path, _ in recorder.tensors] == ["sub.weight", "sub.weight"]
    assert recorder.tensors[0][1] is recorder.tensors[1][1]


def test_constants_are_named_by_their_place() -> None:
    paths = [path for path, _ in record("constants")[0].tensors]
    assert paths == ["const_tensor"]


def test_the_graph_is_chosen_by_the_structure_of_the_arguments() -> None:
    traced = traced_files.read("structures")
    assert len(traced.module.attributes["sub"].graphs) == 4
    recorder, _ = record("structures")
    assert [call.args[1] for call in recorder.calls if call.key.endswith("__mul__")] == [2.0, 2.0, 0.5, 0.5, 2.0]


def test_user_qat_modules_pass_their_observers() -> None:
    calls = [call for call in record("user_qat")[0].calls if call.kind == "function"]
    assert len(calls) == 2
    for call in calls:
        assert call.key == "megengine.module.qat.module.QATModule._apply_fakequant_with_observer"
        assert call.place == "user"
        kinds = [argument.qualname.rpartition(".")[2] for argument in call.args if isinstance(argument, ModuleRecord)]
        assert kinds == ["TracedModule", "FakeQuantize", "MinMaxObserver"]


@pytest.mark.parametrize(
    ("name", "observer", "fake_quant"),
    [
        ("minmax", "MinMaxObserver", "FakeQuantize"),
        ("ema", "ExponentialMovingAverageObserver", "FakeQuantize"),
        ("lowbit", "ExponentialMovingAverageObserver", "FakeQuantize"),
        ("calibration", "HistogramObserver", None),
        ("passive", "PassiveObserver", "FakeQuantize"),
        ("tqt", None, "TQT"),
        ("lsq", None, "LSQ"),
    ],
)
def test_qat_modules_keep_their_quantisers(name: str, observer: str | None, fake_quant: str | None) -> None:
    call = record(f"qat_{name}")[0].calls[0]
    assert call.key == "megengine.module.qat.quant_dequant.QuantStub"
    attributes = call.args[0].attributes
    for key, expected in (("act_observer", observer), ("act_fake_quant", fake_quant)):
        found = attributes[key]
        assert (found and found.qualname.rpartition(".")[2]) == expected
    if name == "minmax":
        state = attributes["act_observer"].attributes
        assert (state["dtype"].qmin, state["dtype"].qmax, state["mode"].is_symmetric) == (-128, 127, True)
        assert state["max_val"].array.shape == ()
    if name == "passive":
        qparams = attributes["act_observer"].attributes["qparams"]
        assert (qparams.scale.array, qparams.zero_point) == (0.125, None)


def test_quantised_modules_keep_exact_parameters() -> None:
    recorder, _ = record("quantised")
    conv = recorder.calls[1].args[0]
    weight = conv.attributes["weight"]
    assert conv.qualname == "megengine.module.quantized.conv_bn.ConvBnRelu2d"
    assert weight.array.dtype == np.int8
    assert (weight.dtype.name, weight.dtype.zero_point) == ("QuantizedS8", None)
    assert weight.dtype.scale > 0
    assert conv.attributes["output_dtype"].name == "QuantizedS8"
    assert recorder.calls[1].hints[0][1] == conv.attributes["output_dtype"]


def test_every_dtype_is_read() -> None:
    tensors = dict(record("dtypes")[0].tensors)
    dtypes = {path: tensor.dtype for path, tensor in tensors.items()}
    plain = {path[2:]: dtype.name for path, dtype in dtypes.items() if isinstance(dtype, np.dtype)}
    assert plain == {name: name for name in ("float16", "int8", "uint8", "int16", "int32", "bool")} | {
        "scalar": "float32",
        "empty": "float32",
    }
    assert dtypes["t_bfloat16"] == MgeDType("bfloat16", np.dtype("u2"))
    assert dtypes["t_qint8"] == MgeDType("QuantizedS8", np.dtype("i1"), 0.25)
    assert dtypes["t_quint8"] == MgeDType("Quantized8Asymm", np.dtype("u1"), 0.5, 128)
    assert dtypes["t_qint32"] == MgeDType("QuantizedS32", np.dtype("i4"), 0.125)
    assert tensors["t_quint8"].array.tolist() == [129, 126]
    assert tensors["t_empty"].array.shape == (0, 3)
    assert tensors["t_scalar"].array == 1.5
