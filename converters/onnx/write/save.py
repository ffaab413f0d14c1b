"""Write a graph as an ONNX file, with its weights inside or in a second file beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from mgeconvert.errors import Problem, UnsupportedError, UsageError
from mgeconvert.files import output_files
from mgeconvert.ir import Graph
from mgeconvert.passes.float16 import to_float16
from mgeconvert.quant_params import document, document_paths
from mgeconvert.quantization.removal import without_quantization
from mgeconvert.version import VERSION

from ..opsets.down.driver import in_opset
from ..opsets.rewritten import rewritten
from ..opsets.schema import OLDEST, newest
from ..quantization.form import in_integer_form
from .external import ExternalData, data_path
from .functions import SINCE, Function, with_functions
from .model import model_message
from .quant_params import rows

if TYPE_CHECKING:
    from .pieces import PiecedMessage

DEFAULT_OPSET = 17

HINT = "`mgeconvert ops onnx` lists the operators and the opset each needs"

LARGEST = (1 << 31) - 1
"""Protobuf's limit for one message, in bytes; what is larger gets external data."""


def save(
    graph: Graph,
    target: Path | BinaryIO,
    *,
    opset: int | None = None,
    external_data: bool = False,
    fp16: bool = False,
    fp16_io: bool = False,
    functions: bool = False,
    quant_params: str = "",
    qdq_activations: str | None = None,
    exact_rounding: bool = False,
    strip_quantization: bool = False,
) -> list[Path]:
    """Write `graph`; returns the files written, main file first (the model is none for a stream).

    `opset` is 7 to the newest; without it 17, or the lowest newer one that has every operator. With `external_data`,
    or when the model is over 2 GB, the weights go to ``NAME.HASH.data`` beside the model. With `functions` each module
    is a local function (`with_functions`). `quant_params` names the file for the quantization parameters.
    With `strip_quantization` the model computes in floats, and the parameters are those it was quantized with.
    `qdq_activations` and `exact_rounding` are those of `in_integer_form`. Raises UnsupportedError with every operator
    that the opset cannot express.
    """
    check(opset, fp16, fp16_io, functions)
    graph, stripped = without_quantization(graph) if strip_quantization else (graph, None)
    quantization = (qdq_activations, exact_rounding)
    form, opset, problems = _form(in_precision(graph, fp16, fp16_io), opset, *quantization)
    if problems:
        raise UnsupportedError(f"export to onnx opset {opset}", problems, hint=HINT)
    beside = document_paths(quant_params, *([target] if isinstance(target, Path) else []))
    with output_files(*beside) as streams:
        for stream in streams:
            stream.write(document(rows(form, opset, stripped)))
        called, bodies = with_functions(form) if functions else (form, [])
        return [*_write(called, opset, target, external_data, bodies), *beside]


def _write(
    form: Graph, opset: int, target: Path | BinaryIO, external_data: bool, functions: list[Function]
) -> list[Path]:
    if not external_data:
        message = model_message(form, opset, VERSION, functions=functions)
        if message.nbytes <= LARGEST:
            return _write_whole(message, target)
    if not isinstance(target, Path):
        raise UsageError(
            "standard output: a model with external data is two files and cannot be written to a stream",
            hint="name a file with -o",
        )
    return _write_split(form, opset, target, functions)


def problems(
    graph: Graph,
    *,
    opset: int | None = None,
    fp16: bool = False,
    fp16_io: bool = False,
    qdq_activations: str | None = None,
    exact_rounding: bool = False,
    strip_quantization: bool = False,
    **_: object,
) -> list[Problem]:
    """What stops `save` with the same options, without writing anything."""
    graph = without_quantization(graph)[0] if strip_quantization else graph
    return _form(in_precision(graph, fp16, fp16_io), opset, qdq_activations, exact_rounding)[2]


def check(
    opset: int | None = None, fp16: bool = False, fp16_io: bool = False, functions: bool = False, **_: object
) -> None:
    """UsageError for options of `save` that cannot be taken, or not together."""
    if opset is not None:
        checked_opset(opset)
    if functions and opset is not None and opset < SINCE:
        raise UsageError(f"opset {opset} has no local functions", hint=f"say --opset {SINCE}, or leave out --functions")
    if fp16_io and not fp16:
        raise UsageError("--fp16-io is for models in float16", hint="say --fp16 as well")


def in_precision(graph: Graph, fp16: bool, fp16_io: bool) -> Graph:
    """The graph, or its float16 form; UsageError for float16 inputs and outputs without --fp16."""
    check(None, fp16, fp16_io)
    return to_float16(graph, keep_io=not fp16_io) if fp16 else graph


def _form(graph: Graph, opset: int | None, activations: str | None, exact: bool) -> tuple[Graph, int, list[Problem]]:
    """The graph in the form of an opset, that opset, and what it cannot express."""
    if opset is not None:
        return _in_form(graph, checked_opset(opset), activations, exact)
    wanted = _in_form(graph, DEFAULT_OPSET, activations, exact)
    newer = (_in_form(graph, number, activations, exact) for number in range(DEFAULT_OPSET + 1, newest() + 1))
    return wanted if not wanted[2] else next((form for form in newer if not form[2]), wanted)


def _in_form(graph: Graph, opset: int, activations: str | None, exact: bool) -> tuple[Graph, int, list[Problem]]:
    form, problems = in_opset(in_integer_form(graph, opset, activations, exact), opset)
    return form, opset, problems


def rewritten_by(
    graph: Graph, *, opset: int | None = None, fp16: bool = False, strip_quantization: bool = False, **_: object
) -> Graph | None:
    """What the file holds that `save` makes of the graph, where rules between opsets make several nodes of one; None
    where they do not, and where options change the graph before that."""
    return None if fp16 or strip_quantization else rewritten(graph, DEFAULT_OPSET if opset is None else opset)


def checked_opset(opset: int) -> int:
    """`opset`, or UsageError where it cannot be written."""
    if not OLDEST <= opset <= newest():
        raise UsageError(
            f"opset {opset}: ONNX is written at opset {OLDEST} to {newest()}", hint=f"say --opset {DEFAULT_OPSET}"
        )
    return opset


def _write_whole(message: PiecedMessage, target: Path | BinaryIO) -> list[Path]:
    if not isinstance(target, Path):
        message.write(target)
        return []
    with output_files(target) as (stream,):
        message.write(stream)
    return [target]


def _write_split(graph: Graph, opset: int, target: Path, functions: list[Function]) -> list[Path]:
    planned = ExternalData("")
    model_message(graph, opset, VERSION, planned, functions=functions)
    weights = data_path(target, planned.digest())
    external = ExternalData(weights.name)
    message = model_message(graph, opset, VERSION, external, functions=functions)
    with output_files(weights, target) as (data_stream, stream):
        external.write(data_stream)
        message.write(stream)
    return [target, weights]
