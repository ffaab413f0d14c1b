"""What is wrong with a Caffe net is said with its place: exact texts."""

from __future__ import annotations

import io
import logging
from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert.errors import BadInputError, ConversionError, MgeconvertError, UnsupportedError, UsageError
from mgeconvert_converters.caffe.dialects import DIALECTS, dialect_of
from mgeconvert_converters.caffe.messages import model_message
from mgeconvert_converters.caffe.read import caffemodel
from mgeconvert_converters.caffe.read.caffemodel import read_weights
from mgeconvert_converters.caffe.read.files import read_prototxt
from mgeconvert_converters.caffe.read.load import load
from mgeconvert_converters.caffe.run import output_types
from mgeconvert_converters.caffe.write.caffemodel import LayerBlobs, split, write_weights

INPUT = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 dim: 4 dim: 4 } } }\n'


def net(folder: Path, text: str, blobs: dict[str, list[np.ndarray]] | None = None) -> Path:
    path = folder / "net.prototxt"
    path.write_text(text)
    with path.with_suffix(".caffemodel").open("wb") as file:
        write_weights(file, "net", [LayerBlobs({"name": name}, arrays) for name, arrays in (blobs or {}).items()])
    return path


def refused(path: Path, **options: str) -> MgeconvertError:
    with pytest.raises(MgeconvertError) as caught:
        mgeconvert.load(path, **options)
    return caught.value


SYNTAX = {
    'layer { name: "a" type: 3 }': "1:25: type is a string: expected quotes, found 3",
    "layer {\n  name: 'a'\n": "3:1: the file ends inside the { of line 1",
    'layer { name: "a }': "1:15: found an open string",
    "layer { convolution_param { num_output: -3 } }": "1:41: num_output is a whole number of at least 0, found -3",
    "layer { pooling_param { pool: MEAN } }": "1:31: MEAN is no pool; known: MAX, AVE, STOCHASTIC",
    "layer { power_param { scale: fast } }": "1:30: scale is a number, found fast",
    "layer { scale_param { bias_term: maybe } }": "1:34: bias_term is true or false, found maybe",
    "layer: 3": "1:8: layer is a message: expected {, found 3",
    "layer {} }": "1:10: expected a field name, found }",
    'name: "a"\nname: "b"': "2:1: name is given twice",
    'name: ["a", "b"]': "1:1: name takes one value, not a list",
    'name "a"': '1:6: expected : after name, found "a"',
    "layer { transform_param { force_color: } }": "1:40: expected a value of force_color, found }",
    "layer { relu_param { negative_slope: } }": "1:38: expected a value of negative_slope, found }",
    "layer { quantize_param { bits: } }": "1:32: expected a value of bits, found }",
    'layer { name: "a" } layers { name: "b" }': "1: layer and layers in one file; expected one of the two formats",
    'layers { name: "a" }': "1: layer a: no type, or one without a successor: NONE",
    'input: "x" input: "y" input_dim: 1 input_dim: 2 input_dim: 4 input_dim: 4': (
        " 2 inputs and 1 shapes (four input_dim each)"
    ),
    "a b": "1:3: expected : or { after a, found b",
    'layer { name: "a" } %': "1:21: found '%', which no prototxt has",
}


@pytest.mark.parametrize(("text", "message"), SYNTAX.items())
def test_syntax_errors_have_line_and_column(text: str, message: str, tmp_path: Path) -> None:
    path = net(tmp_path, text)
    error = refused(path)
    assert isinstance(error, BadInputError)
    assert str(error) == f"{path}:{message}"


STRUCTURE = {
    'layer { name: "a" type: "ReLU" bottom: "b" top: "a" }': "2: layer a: reads b, which no layer makes",
    'layer { name: "a" type: "ReLU" bottom: "b" top: "a" } layer { name: "b" type: "ReLU" bottom: "a" top: "b" }': (
        "2: layer a: reads b, which only the later layer b makes: a cycle, or wrong order"
    ),
    'layer { name: "a" type: "ReLU" bottom: "a" top: "a" }': "2: layer a: reads a, which it makes itself: a cycle",
    'layer { name: "a" type: "Convolution" bottom: "x" top: "a" convolution_param { num_output: 3 } }': (
        "2: layer a: no kernel_size"
    ),
    'layer { name: "a" type: "Slice" bottom: "x" top: "a" top: "b" top: "c" }': (
        "2: layer a: 3 tops cannot be cut from 2 at []"
    ),
    'layer { name: "p" type: "Pooling" bottom: "x" top: "p" pooling_param { kernel_size: 2 stride: 2 } }\n'
    'layer { name: "a" type: "Eltwise" bottom: "x" bottom: "p" top: "a" }': (
        "3: layer a: Eltwise needs bottoms of one shape; here [1, 2, 4, 4], [1, 2, 2, 2]"
    ),
    'layer { name: "a" type: "ReLU" bottom: "x" bottom: "x" top: "a" }': (
        "2: layer a: 2 bottoms, which ReLU does not take"
    ),
    'layer { name: "a" type: "ReLU" bottom: "x" top: "a" top: "b" }': "2: layer a: 2 tops; ReLU has 1",
    'layer { name: "a" type: "Flatten" bottom: "x" top: "y" }\n'
    'layer { name: "p" type: "Pooling" bottom: "y" top: "p" pooling_param { kernel_size: 2 } }': (
        "3: layer p: Pooling needs a blob of 4 axes; here float32[1,32]"
    ),
    'layer { name: "p" type: "Pooling" bottom: "x" top: "p" pooling_param { kernel_size: 2 stride: 0 } }': (
        "2: layer p: stride [0, 0]"
    ),
    'layer { name: "s" type: "Softmax" bottom: "x" top: "s" softmax_param { axis: 4 } }': (
        "2: layer s: axis 4 of a blob of 4 axes"
    ),
    'layer { name: "i" type: "Input" top: "i" input_param { shape { dim: 1 dim: 0 } } }': (
        "2: layer i: i has the shape [1, 0]"
    ),
    'layer { name: "d" type: "Data" top: "d" data_param { batch_size: 4 } }': (
        "2: layer d: Data does not say the shape of d"
    ),
}


@pytest.mark.parametrize(("text", "message"), STRUCTURE.items())
def test_structure_errors_have_line_and_layer(text: str, message: str, tmp_path: Path) -> None:
    path = net(tmp_path, INPUT + text)
    error = refused(path)
    assert isinstance(error, BadInputError)
    assert str(error) == f"{path}:{message}"


CONV = (
    'layer { name: "c%d" type: "Convolution" bottom: "x" top: "c%d" '
    "convolution_param { num_output: 3 kernel_size: 1 } }\n"
)


def test_all_layers_without_weights_are_named(tmp_path: Path) -> None:
    chain = CONV % (1, 1) + 'layer { name: "s" type: "Scale" bottom: "c1" top: "s" }'
    path = net(tmp_path, INPUT + chain + CONV % (2, 2))
    path.with_suffix(".caffemodel").unlink()
    error = refused(path)
    assert str(error) == f"{path}: no weights for 3 layers: c1, s, c2"
    assert error.hint == "put the .caffemodel beside the prototxt under the same name, or name it with --weights"


def test_weights_of_another_shape(tmp_path: Path) -> None:
    path = net(tmp_path, INPUT + CONV % (1, 1), {"c1": [np.zeros((3, 4, 1, 1), np.float32)]})
    assert str(refused(path)) == (
        f"{path}:2: layer c1: its weights number 0 have the shape [3, 4, 1, 1], Convolution needs [3, 2, 1, 1]"
    )


def test_all_unknown_layers_are_listed(tmp_path: Path) -> None:
    text = (
        'layer { name: "p" type: "Python" bottom: "x" top: "p" }\n'
        'layer { name: "r" type: "ReLU" bottom: "p" top: "r" }\n'
        'layer { name: "m" type: "MyLayer" bottom: "r" top: "m" }\n'
    )
    path = net(tmp_path, INPUT + text)
    error = refused(path)
    assert isinstance(error, UnsupportedError)
    assert str(error) == (
        "cannot read this Caffe net: 2 operators not supported\n"
        f"  p ({path}:2): Python: its program is not in the file\n"
        f"  m ({path}:4): MyLayer: a layer type that is not known"
    )


def test_fields_of_vendors_are_skipped_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    content = '{ bits: [ 8, 4 ] way < z: "s" > }'
    vendor = 'quantize_param { bits: [8, 4] way < z: "s" > } engine: "npu"'
    text = f'layer {{ name: "a" type: "ReLU" bottom: "x" top: "a" {vendor} }}'
    path = net(tmp_path, INPUT + text)
    with caplog.at_level(logging.WARNING, "mgeconvert.caffe"):
        graph = mgeconvert.load(path)
    assert [node.op for node in graph.nodes] == ["Relu"]
    assert [record.message for record in caplog.records] == [
        f"{path}:2: LayerParameter.quantize_param {content}: a field that is not known is skipped",
        f'{path}:2: LayerParameter.engine: "npu": a field that is not known is skipped',
    ]


def test_fields_of_vendors_are_kept(tmp_path: Path) -> None:
    numbers = ", ".join(map(str, range(90)))
    text = f'layer {{ name: "a" type: "ReLU" bottom: "x" top: "a" ranges {{ r: [{numbers}] }} }}'
    (field,) = read_prototxt(net(tmp_path, INPUT + text)).unknown
    assert (field.name, field.content) == ("LayerParameter.ranges", f" {{ r: [ {numbers} ] }}")
    assert str(field).endswith("LayerParameter.ranges" + field.content[:100] + "...")


CAFFEMODEL = "a caffemodel (a binary NetParameter)"


def test_swapped_files(tmp_path: Path) -> None:
    path = net(tmp_path, INPUT + CONV % (1, 1), {"c1": [np.zeros((3, 2, 1, 1), np.float32), np.zeros(3, np.float32)]})
    model = path.with_suffix(".caffemodel")
    swapped = tmp_path / "swapped.prototxt"
    swapped.write_bytes(model.read_bytes())
    error = refused(swapped)
    assert str(error) == f"{swapped}: is a Caffe model's weights, expected a Caffe net description (prototxt)"
    assert error.hint == f"mv {swapped} {swapped.with_suffix('.caffemodel')}"
    error = refused(path, weights=str(path))
    assert str(error) == f"{path}: is a Caffe net description (prototxt), expected {CAFFEMODEL}"
    assert error.hint == f"mgeconvert {path}"
    assert str(refused(path, weights="missing.caffemodel")) == "missing.caffemodel: there is no such file"


def test_damaged_caffemodel(tmp_path: Path) -> None:
    path = net(tmp_path, INPUT + CONV % (1, 1), {"c1": [np.zeros((3, 2, 1, 1), np.float32)]})
    model = path.with_suffix(".caffemodel")
    model.write_bytes(model.read_bytes()[:-5])
    assert str(refused(path)) == f"{model}: is damaged or cut off, expected {CAFFEMODEL}"
    model.write_bytes(b"")
    assert str(refused(path)) == f"{model}: is empty, expected {CAFFEMODEL}"


def test_hdf5_and_solvers(tmp_path: Path) -> None:
    path = net(tmp_path, INPUT + CONV % (1, 1))
    model = path.with_suffix(".caffemodel")
    model.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    error = refused(path)
    assert str(error) == f"{model}: is an HDF5 file, expected {CAFFEMODEL}"
    solver = tmp_path / "solver.prototxt"
    solver.write_text('net: "net.prototxt"\nbase_lr: 0.01\nmax_iter: 100\n')
    error = refused(solver)
    assert str(error) == f"{solver}: no layers; expected a Caffe net description (prototxt)"
    assert error.hint == "this is a solver: give the net that it names"


def test_preparation_in_a_data_layer_is_not_applied(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = 'layer { name: "d" type: "Data" top: "d" top: "l" transform_param { scale: 0.1 crop_size: 8 } }\n'
    rest = 'layer { name: "r" type: "ReLU" bottom: "d" top: "r" }\n'
    loss = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "r" bottom: "l" top: "loss" }'
    path = net(tmp_path, data + rest + loss)
    with caplog.at_level(logging.WARNING, "mgeconvert.caffe"):
        graph = mgeconvert.load(path)
    assert [record.message for record in caplog.records] == [
        f"{path}: layer d: its scale and mean are not applied; do it outside"
    ]
    assert {name: value.shape for name, value in graph.inputs.items()} == {"d": (1, 3, 8, 8)}
    assert list(graph.outputs) == ["r"]


def test_a_caffemodel_larger_than_protobuf_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = net(tmp_path, INPUT + CONV % (1, 1), {"c1": [np.zeros((3, 2, 1, 1), np.float32)]})
    monkeypatch.setattr(caffemodel, "LIMIT", 20)
    error = refused(path)
    model = path.with_suffix(".caffemodel")
    size = model.stat().st_size
    assert str(error) == f"{model}: {size} bytes: a caffemodel is one protobuf message, of at most 20 bytes"
    assert "--split-weights" in (error.hint or "")


def test_parts_of_a_caffemodel(tmp_path: Path) -> None:
    blobs = {f"c{at}": [np.full((3, 2, 1, 1), at, np.float32), np.zeros(3, np.float32)] for at in (1, 2)}
    path = net(tmp_path, INPUT + CONV % (1, 1) + CONV % (2, 2), blobs)
    path.with_suffix(".caffemodel").unlink()
    for at, (name, arrays) in enumerate(blobs.items(), 1):
        with (tmp_path / f"net-{at:05}-of-00002.caffemodel").open("wb") as file:
            write_weights(file, "net", [LayerBlobs({"name": name}, arrays)])
    assert len(mgeconvert.load(path).nodes) == 2
    (tmp_path / "net-00001-of-00002.caffemodel").unlink()
    assert str(refused(path)) == f"{path}: 1 parts of a caffemodel, expected 2: net-00002-of-00002.caffemodel"


def test_weights_are_split_between_layers() -> None:
    layers = [LayerBlobs({"name": f"l{at}"}, [np.zeros(100, np.float32)]) for at in range(3)]
    assert [[layer.name for layer in part] for part in split(layers, 1000)] == [["l0", "l1"], ["l2"]]
    with pytest.raises(ConversionError, match="l0: its weights take 414 bytes, a part may have 400"):
        split(layers, 400)


def test_input_shapes_from_the_command_line(tmp_path: Path) -> None:
    path = net(
        tmp_path, 'layer { name: "d" type: "Data" top: "d" } layer { name: "r" type: "ReLU" bottom: "d" top: "r" }'
    )
    assert mgeconvert.load(path, input_shape="d=2,3,4,5").inputs["d"].shape == (2, 3, 4, 5)
    assert refused(path).hint == "--input-shape d=1,3,224,224"
    wrong = refused(path, input_shape="d=2,3;e=1,1")
    assert isinstance(wrong, UsageError)
    assert str(wrong) == "--input-shape: no input is named e; inputs: d"
    assert str(refused(path, input_shape="d=2*3")) == "--input-shape d=2*3: expected NAME=1,3,224,224"


def test_from_a_stream(tmp_path: Path) -> None:
    path = net(tmp_path, INPUT + CONV % (1, 1), {"c1": [np.ones((3, 2, 1, 1), np.float32), np.zeros(3, np.float32)]})
    graph = load(io.BytesIO(path.read_bytes()), weights=str(path.with_suffix(".caffemodel")))
    assert list(graph.outputs) == ["c1"]


def test_half_precision_and_double_weights(tmp_path: Path) -> None:
    """NVIDIA's raw_data, and BVLC's double_data."""
    model = model_message("NetParameter")
    layer = model.layer.add(name="c1")
    layer.blobs.add(double_data=[1.0, 2.0]).shape.dim.append(2)
    path = tmp_path / "w.caffemodel"
    half = np.array([1.5, -2], "<f2").tobytes()
    raw = b"\x50\x02\x62" + bytes([len(half)]) + half + b"\x3a\x03\x0a\x01\x02"
    entry = b"\x0a\x02c2\x3a" + bytes([len(raw)]) + raw
    path.write_bytes(model.SerializeToString() + b"\xa2\x06" + bytes([len(entry)]) + entry)
    blobs = read_weights([path])
    np.testing.assert_array_equal(blobs["c1"][0], [1.0, 2.0])
    np.testing.assert_array_equal(blobs["c2"][0], np.array([1.5, -2], np.float16))


V1 = """
input: "x" input_dim: 1 input_dim: 2 input_dim: 4 input_dim: 4
layers { name: "c" type: CONVOLUTION bottom: "x" top: "c" blobs_lr: 1 weight_decay: 0
         convolution_param { num_output: 3 kernel_size: 1 } }
layers { name: "r" type: RELU bottom: "c" top: "c" }
layers { name: "p" type: POOLING bottom: "c" top: "p" pooling_param { pool: AVE kernel_size: 2 stride: 2 } }
"""
V0 = """
input: "x" input_dim: 1 input_dim: 2 input_dim: 4 input_dim: 4
layers { layer { name: "pad" type: "padding" pad: 1 } bottom: "x" top: "pad" }
layers { layer { name: "c" type: "conv" num_output: 3 kernelsize: 3 biasterm: false } bottom: "pad" top: "c" }
layers { layer { name: "p" type: "pool" pool: MAX kernelsize: 2 stride: 2 } bottom: "c" top: "p" }
"""


def test_layers_of_2013(tmp_path: Path) -> None:
    model = model_message("NetParameter")
    layer = model.layers.add(name="c", type=4)
    layer.blobs.add(data=[1.0] * 6, num=3, channels=2, height=1, width=1)
    layer.blobs.add(data=[0.5] * 3, num=1, channels=1, height=1, width=3)
    path = net(tmp_path, V1)
    path.with_suffix(".caffemodel").write_bytes(model.SerializeToString())
    graph = mgeconvert.load(path)
    assert [node.op for node in graph.nodes] == ["Conv", "Relu", "AveragePool"]
    assert list(graph.outputs) == ["p"]
    bias = graph.nodes[0].inputs[2]
    assert bias is not None
    np.testing.assert_array_equal(bias.array, np.full(3, 0.5, np.float32))


def test_layers_before_2013(tmp_path: Path) -> None:
    model = model_message("NetParameter")
    layer = model.layers.add().layer
    layer.name = "c"
    layer.blobs.add(data=[1.0] * 54, num=3, channels=2, height=3, width=3)
    path = net(tmp_path, V0)
    path.with_suffix(".caffemodel").write_bytes(model.SerializeToString())
    graph = mgeconvert.load(path)
    assert [node.op for node in graph.nodes] == ["Conv", "MaxPool"]
    assert graph.nodes[0].attrs["pads"] == (1, 1, 1, 1)


BLOBS: dict[str, tuple[bytes, str]] = {
    "another count": (b"\x3a\x03\x0a\x01\x03\x2a\x04\x00\x00\x80\x3f",
                      "holds 1 numbers, its shape [3] needs another count"),
    "half a number": (b"\x2a\x03\x00\x00\x80", "3 bytes are no numbers of <f4"),
    "an unknown type": (b"\x50\x09\x62\x02\x00\x00", "2 bytes are no numbers of a type that is known"),
}  # fmt: skip
"""A blob's bytes, and what is wrong with it."""


@pytest.mark.parametrize("case", BLOBS)
def test_blobs_that_do_not_fit_their_shape(case: str, tmp_path: Path) -> None:
    blob, reason = BLOBS[case]
    layer = b"\x0a\x02c1\x3a" + bytes([len(blob)]) + blob
    path = tmp_path / "w.caffemodel"
    path.write_bytes(b"\x0a\x01n\xa2\x06" + bytes([len(layer)]) + layer)
    with pytest.raises(BadInputError) as caught:
        read_weights([path])
    assert str(caught.value).endswith(f", blob 0: {reason}")


def test_a_net_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "net.prototxt"
    path.write_bytes(b"name: '\xff'")
    assert str(refused(path)) == (
        f"{path}: is of no known format (it begins with 6e 61 6d 65 3a 20 27 ff), "
        "expected a Caffe net description (prototxt)"
    )
    with pytest.raises(BadInputError) as caught:
        read_prototxt(tmp_path)
    assert str(caught.value) == f"{tmp_path}: cannot be read: Is a directory"


def test_a_dialect_that_is_none() -> None:
    with pytest.raises(UsageError) as caught:
        dialect_of("torch")
    assert str(caught.value) == f"--dialect torch: unknown dialect; known: {', '.join(DIALECTS)}"


def test_a_damaged_comment_on_a_type(tmp_path: Path) -> None:
    path = net(tmp_path, '# output "y" is int99[2]\n')
    with pytest.raises(BadInputError) as caught:
        output_types(path)
    assert str(caught.value) == (f"{path}: a comment on an output's type is damaged: data type 'int99' not understood")
