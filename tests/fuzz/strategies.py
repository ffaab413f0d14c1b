"""Files made of nothing but their formats' parts, by hypothesis: what no change of a right file would come to.

Each strategy gives the files of a case. Most of them are read some way: the outer parts are right, the inner ones are
drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import flatbuffers
import onnx
from hypothesis import strategies as st
from onnx import helper

from mgeconvert.tracedmodule.read.allowed import ALLOWED
from tests.tracedmodule.spelled import Made, Network, named, spelled, tensor_node

from .changes import NUMBERS, REALS

Files = dict[str, bytes]
_numbers = st.sampled_from(NUMBERS)
_reals = st.sampled_from(REALS)
_texts = st.sampled_from(("", "x", "y", "axis", "zeros", "float32", "é", "a.b", "NCHW"))
_sizes = st.lists(st.sampled_from((-1, 0, 1, 2, 3, 4, 1 << 31)), max_size=5)


# --- pickles: values of every opcode, of every class that a file may name, as what a network holds

_scalars = st.none() | st.booleans() | _numbers | _reals | _texts | st.binary(max_size=4)
_FUNCTIONS = tuple(
    f"megengine.functional.{name}"
    for name in ("elemwise.add", "nn.relu", "nn.conv2d", "nn.softmax", "tensor.reshape", "tensor.concat", "math.sum")
)


def _made(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Made]:
    names = st.sampled_from(sorted(".".join(key) for key in ALLOWED)).map(named)
    states = st.dictionaries(_texts, parts, max_size=3) | st.tuples(st.none(), st.dictionaries(_texts, parts))
    opcodes = st.sampled_from((b"R", b"\x81"))
    arguments = st.lists(parts, max_size=3).map(tuple)
    return st.builds(Made, names, arguments, st.lists(states, max_size=1), opcodes)


_values = st.recursive(
    _scalars,
    lambda parts: (
        st.lists(parts, max_size=3)
        | st.lists(parts, max_size=3).map(tuple)
        | st.dictionaries(_texts | _numbers, parts, max_size=3)
        | _made(parts)
    ),
    max_leaves=6,
)


@st.composite
def pickles(draw: st.DrawFn) -> Files:
    shape = draw(_sizes.map(tuple) | _values)
    network = Network(x=tensor_node("x", shape))
    for name in draw(st.lists(st.sampled_from(_FUNCTIONS), min_size=1, max_size=3)):
        network.function(name, *draw(st.lists(_values, max_size=3)))
    attributes = draw(st.dictionaries(st.sampled_from(("a", "training", "argspec")), _values, max_size=2))
    attributes = {key: value for key, value in attributes.items() if key != "argspec"}
    return {"m.pkl": spelled(network.done(**attributes))}


# --- ONNX: nodes of any operator with operands, attributes and constants of any value

_OPERATORS = tuple(sorted({schema.name for schema in onnx.defs.get_all_schemas() if schema.domain == ""}))
_ATTRIBUTES = (
    "axis", "axes", "kernel_shape", "pads", "strides", "dilations", "group", "to", "perm", "alpha", "keepdims", "mode",
    "auto_pad", "epsilon", "value", "equation", "num_outputs", "blocksize", "largest", "hidden_size", "size",
)  # fmt: skip


@st.composite
def onnx_models(draw: st.DrawFn) -> Files:
    known, nodes, constants = ["x"], [], []
    for number in range(draw(st.integers(0, 2))):
        values = draw(st.lists(_numbers.filter(lambda value: abs(value) < 1 << 62), max_size=4))
        name = f"c{number}"
        constants.append(helper.make_tensor(name, onnx.TensorProto.INT64, [len(values)], values))
        known.append(name)
    for number in range(draw(st.integers(1, 3))):
        operands = draw(st.lists(st.sampled_from([*known, ""]), min_size=1, max_size=4))
        node = helper.make_node(draw(st.sampled_from(_OPERATORS)), operands, [f"y{number}"], f"n{number}")
        contents = _numbers.filter(lambda value: abs(value) < 1 << 62) | _reals.filter(lambda value: abs(value) < 1e38)
        lists = st.lists(st.sampled_from((-1, 0, 1, 2, 1 << 31)), min_size=1, max_size=5)
        for key, value in draw(
            st.dictionaries(st.sampled_from(_ATTRIBUTES), contents | lists | _texts, max_size=3)
        ).items():
            node.attribute.append(helper.make_attribute(key, value))
        nodes.append(node)
        known.append(f"y{number}")
    kind = draw(st.sampled_from((1, 6, 7, 9, 10)))
    source = helper.make_tensor_value_info("x", kind, draw(_sizes))
    result = helper.make_tensor_value_info(known[-1], kind, None)
    graph = helper.make_graph(nodes, "drawn", [source], [result], constants)
    opsets = [helper.make_opsetid("", draw(st.integers(1, 24)))]
    return {"m.onnx": helper.make_model(graph, opset_imports=opsets).SerializeToString()}


# --- flatbuffers: tables of tables, of any fields

_fields = st.recursive(
    st.sampled_from(NUMBERS[:16]) | _texts | _sizes,
    lambda parts: (
        st.dictionaries(st.integers(0, 12), parts, max_size=6)
        | st.lists(st.dictionaries(st.integers(0, 12), parts, max_size=6), max_size=3)
    ),
    max_leaves=12,
)


def _packed(b: flatbuffers.Builder, value: Any) -> int:
    """The offset of a table, text or vector."""
    if isinstance(value, str):
        return int(b.CreateString(value))
    if isinstance(value, list):
        are_tables = bool(value) and isinstance(value[0], dict)
        items = [_packed(b, item) if are_tables else item for item in value]
        b.StartVector(4, len(items), 4)
        for item in reversed(items):
            if are_tables:
                b.PrependUOffsetTRelative(item)
            else:
                b.PrependUint32(item & 0xFFFFFFFF)
        return int(b.EndVector())
    offsets = {slot: _packed(b, item) for slot, item in value.items() if not isinstance(item, int)}
    b.StartObject(13)
    for slot, item in value.items():
        if slot in offsets:
            b.PrependUOffsetTRelativeSlot(slot, offsets[slot], 0)
        elif -128 <= item < 128:
            b.PrependInt8Slot(slot, item, 0)
        else:
            b.PrependUint32Slot(slot, item & 0xFFFFFFFF, 0)
    return int(b.EndObject())


def _flat(root: Mapping[int, Any], identifier: bytes) -> bytes:
    builder = flatbuffers.Builder(1024)
    builder.Finish(_packed(builder, root), file_identifier=identifier)
    return bytes(builder.Output())


def _sized(content: bytes) -> bytes:
    return len(content).to_bytes(4, "little") + content


_tables = st.dictionaries(st.integers(0, 8), _fields, min_size=1)
_tensors = st.lists(st.fixed_dictionaries({0: _sizes, 2: st.just(0), 3: _texts}), min_size=1, max_size=3)
_operators = st.lists(
    st.fixed_dictionaries(
        {1: _sizes, 2: _sizes, 3: st.integers(0, 127), 4: st.dictionaries(st.integers(0, 8), _fields)}
    ),
    max_size=3,
)
_graphs = st.fixed_dictionaries({0: _tensors, 1: st.just([0]), 2: _sizes, 3: _operators})
_networks = st.fixed_dictionaries({
    0: st.just(1000),
    1: st.lists(st.fixed_dictionaries({0: st.integers(0, 127)}), max_size=3),
    2: _graphs.map(lambda graph: [graph]),
    4: st.just([{}]),
})  # fmt: skip
tflite_models = (_networks | _tables).map(lambda root: {"m.tflite": _flat(root, b"TFL3")})
mge_graphs = _tables.map(lambda root: {"m.mge": b"MGBC" + bytes(16) + _sized(_flat(root, b"mgb1"))})


# --- prototxt: layers of any type with any parameters

_TYPES = (
    "Convolution", "Pooling", "InnerProduct", "ReLU", "Softmax", "Concat", "Eltwise", "Reshape", "Slice", "Scale",
    "LRN", "Flatten", "Permute", "Crop", "Power", "Reduction", "Upsample", "Interp", "ArgMax", "Tile",
    "Input", "Split", "Axpy",
)  # fmt: skip
_PARAMETERS = (
    "convolution", "pooling", "inner_product", "relu", "softmax", "concat", "eltwise", "reshape", "slice", "scale",
    "lrn", "flatten", "permute", "crop", "power", "reduction", "upsample", "interp", "argmax", "tile",
)  # fmt: skip
_KEYS = (
    "num_output", "kernel_size", "stride", "pad", "dilation", "group", "axis", "pool", "operation", "coeff",
    "slice_point", "shape { dim: -1 }", "local_size", "power", "shift", "order", "offset", "tiles", "num_axes", "top_k",
    "end_axis",
)  # fmt: skip
_words = _numbers.map(str) | _reals.map(str) | st.sampled_from(("MAX", "AVE", "SUM", "PROD", "true", '"x"', "nan"))


@st.composite
def prototxts(draw: st.DrawFn) -> Files:
    sizes = " ".join(f"dim: {size}" for size in draw(_sizes))
    lines = [f'layer {{ name: "x" type: "Input" top: "x" input_param {{ shape {{ {sizes} }} }} }}']
    tops = ["x"]
    for number in range(draw(st.integers(1, 3))):
        kind = draw(st.integers(0, len(_PARAMETERS) - 1))
        bottoms = " ".join(f'bottom: "{top}"' for top in draw(st.lists(st.sampled_from(tops), max_size=3)))
        pairs = draw(st.lists(st.tuples(st.sampled_from(_KEYS), _words), max_size=3))
        fields = " ".join(key if "{" in key else f"{key}: {word}" for key, word in pairs)
        head = f'name: "l{number}" type: "{draw(st.sampled_from((_TYPES[kind], *_TYPES)))}" {bottoms} top: "t{number}"'
        lines.append(f"layer {{ {head} {_PARAMETERS[kind]}_param {{ {fields} }} }}")
        tops.append(f"t{number}")
    return {"m.prototxt": "\n".join(lines).encode()}


STRATEGIES: Mapping[str, Callable[[], st.SearchStrategy[Files]]] = {
    "tm": pickles,
    "onnx": onnx_models,
    "tflite": lambda: tflite_models,
    "mge": lambda: mge_graphs,
    "caffe": prototxts,
}
"""Reader -> what its files are drawn from."""
