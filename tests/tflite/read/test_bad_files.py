"""Damaged files: one clear message, whatever is wrong with them, and never a crash."""

from __future__ import annotations

import io

import numpy as np
import pytest

from mgeconvert.errors import BadInputError, MgeconvertError
from mgeconvert_converters.tflite import FRONTEND
from tests.tflite.files import G, O, T, Writer, constant, file_of, file_with_weights_behind

RELU = [O("RELU", ["x"], ["y"])]


def load(content: bytes) -> None:
    FRONTEND.load(io.BytesIO(content), state="explicit")


def said(*graphs: G) -> str:
    with pytest.raises(BadInputError) as caught:
        load(file_of(*graphs))
    assert caught.value.exit_code == 3
    return caught.value.message.removeprefix("standard input: ")


def net(*more: T, x: T | None = None, operators: list[O] = RELU) -> G:
    return G([x or T("x", (1, 4)), T("y", (1, 4)), *more], ["x"], ["y"], operators)


WEIGHTS = constant("w", np.ones((3, 4)))


def damaged(**fields: object) -> T:
    return T(**{"name": "w", "shape": (3, 4), "array": WEIGHTS.array, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (damaged(shape=(3, -4)), "tensor w of shape [3, -4]"),
        (damaged(shape=(1 << 30, 1 << 30)), "tensor w of shape [1073741824, 1073741824]"),
        (damaged(shape=(3, 5)), "tensor w of 60 bytes has a buffer of 48"),
        (damaged(data=b"123"), "tensor w of 48 bytes has a buffer of 3"),
        (damaged(array=None, signature=(-2, 4)), "tensor w of shape [3, 4] has the signature [-2, 4]"),
        (damaged(array=None, signature=(3,)), "tensor w of shape [3, 4] has the signature [3]"),
        (T("w", (3, 4), "INT8", scale=[1, 2], axis=0), "tensor w of shape [3, 4] has 2 scales along axis 0"),
        (T("w", (3, 4), "INT8", scale=[1, 2, 3], axis=7), "tensor w of shape [3, 4] has 3 scales along axis 7"),
        (T("w", (3, 4), "INT8", scale=[1, 2, 3], zero=[0, 0]), "tensor w has 3 scales and 2 zero points"),
        (T("w", (3, 4), "INT8", scale=[float("nan")]), "tensor w has a scale that is negative or no number"),
        (T("w", (3, 4), "INT8", scale=[-1.0]), "tensor w has a scale that is negative or no number"),
        (T("w", (3, 4), "INT8", blocks=(0, -1, 3)), "tensor w of shape [3, 4] has blocks of 3"),
        (T("w", (3, 4), "INT8", blocks=(0, -1, 0)), "tensor w of shape [3, 4] has blocks of 0"),
        (T("w", (3, 4), "INT8", blocks=(0, -1, 2)), "tensor w has blocks whose scales are not in tensor 0"),
        (T("w", (3, 4), "INT8", blocks=(9, -1, 2)), "tensor w has blocks whose scales are not in tensor 9"),
        (T("w", (1 << 14, 1 << 14), variable=True), "variable w of shape [16384, 16384]"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_tensor_that_cannot_be(tensor: T, message: str) -> None:
    assert said(net(tensor)) == f"a damaged TFLite file: {message}"


def test_a_tensor_that_nothing_makes() -> None:
    assert said(net(T("z", (1, 4)), operators=[O("RELU", ["z"], ["y"])])) == "RELU reads z, which nothing makes before"
    assert said(net(operators=[])) == "output y is made by no operator"


def test_no_subgraph() -> None:
    assert said() == "a damaged TFLite file: no subgraphs"


def test_operands_that_do_not_fit() -> None:
    operators = [O("ADD", ["x", "w"], ["y"], "AddOptions")]
    assert said(net(constant("w", np.ones((3, 5))), operators=operators)).startswith("y: ADD: ")


def model() -> bytes:
    """A convolution, a reshape and a product, quantized weights among them."""
    tensors = [T("x", (1, 4, 4, 2)), constant("w", np.ones((3, 2, 2, 2)), "int8", scale=[0.1, 0.2, 0.3]),
               constant("b", np.zeros(3)), T("c", (1, 3, 3, 3)), constant("s", [1, -1], "int32"), T("r", (1, 27)),
               constant("m", np.ones((5, 27))), T("y", (1, 5)), T("wide", (3, 2, 2, 2))]  # fmt: skip
    window = {"Padding": 1, "StrideH": 1, "StrideW": 1}
    operators = [
        O("DEQUANTIZE", ["w"], ["wide"]),
        O("CONV_2D", ["x", "wide", "b"], ["c"], "Conv2DOptions", window),
        O("RESHAPE", ["c", "s"], ["r"], "ReshapeOptions"),
        O("FULLY_CONNECTED", ["r", "m", ""], ["y"], "FullyConnectedOptions"),
    ]
    return file_of(G(tensors, ["x"], ["y"], operators), key="serving_default")


def test_every_shorter_file_is_damaged() -> None:
    content = model()
    load(content)
    for length in range(0, len(content) - 600, 7):
        with pytest.raises(BadInputError):
            load(content[:length])


def answers(content: bytes) -> str:
    """The message, "" for a file that is read; any other exception than ours goes through."""
    try:
        load(content)
    except MgeconvertError as error:
        return error.message
    return ""


@pytest.mark.parametrize("value", [0x00, 0x80, 0xFF])
def test_every_byte_may_be_wrong(value: int) -> None:
    """Each file with one other byte is read, or refused in our words."""
    content = model()
    messages = [answers(content[:at] + bytes([value]) + content[at + 1 :]) for at in range(len(content))]
    assert sum(map(bool, messages)) > 50


@pytest.mark.parametrize("word", [b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\0\0\0\0"])
def test_every_word_may_be_wrong(word: bytes) -> None:
    """Offsets, lengths and sizes at their limits."""
    content = model()
    messages = [answers(content[:at] + word + content[at + 4 :]) for at in range(0, len(content) - 4, 4)]
    assert sum(map(bool, messages)) > 50


def test_tables_that_share_their_bytes_end_the_reading() -> None:
    """One tensor with a long name, listed fifty thousand times: three gigabytes of names in a file of 260 kB."""
    writer = Writer()
    tensor = writer.tensor(T("n" * 60_000, (1,)))
    subgraph = writer.end("SubGraph", Tensors=writer.offsets([tensor] * 50_000))
    content = writer.finished([subgraph])
    with pytest.raises(BadInputError, match="its tables refer to the same bytes again and again"):
        load(content)


def test_weights_behind_the_flatbuffer() -> None:
    """As in files above 2 GB; an offset beyond the file is damage."""
    weights = np.arange(12, dtype=np.float32).reshape(3, 4)
    tensors = [T("x", (2, 4)), constant("w", weights), constant("b", [1, 2, 3]), T("y", (2, 3))]
    product = O("FULLY_CONNECTED", ["x", "w", "b"], ["y"], "FullyConnectedOptions")
    content = file_with_weights_behind(G(tensors, ["x"], ["y"], [product]))
    graph = FRONTEND.load(io.BytesIO(content))
    arrays = {value.name: value.array for value in graph.constants()}
    np.testing.assert_array_equal(arrays["w"], weights)
    np.testing.assert_array_equal(arrays["b"], [1, 2, 3])
    with pytest.raises(BadInputError, match=r"12 bytes from byte \d+ on; the file has \d+"):
        load(content[:-4])


def test_scales_of_blocks_are_numbers() -> None:
    scales = constant("s", [[1, -1]] * 3)
    message = said(net(scales, T("w", (3, 4), "INT8", blocks=(2, -1, 2))))
    assert message == "a damaged TFLite file: tensor w has a scale that is negative or no number"
