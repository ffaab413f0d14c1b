"""What is around the operators: the containers of a static graph, and their own tables.

* ``mgv2`` (MegEngine 1.9 on): u32 size, then a FlatBuffer of that size with the identifier "mgv2", weights included.
* ``mgb1`` (older): "MGBC", 8 bytes of feature bits, or "MGBS" without them; 4 bytes of padding; u64 length of the
  tensor values; the values; u32 size and a FlatBuffer with the identifier "mgb1".
* ``mgbtest0`` in front: u32 number of test cases; one of the above; then each test case, a graph of constants.
* ``packed_model``: MegEngine Lite's wrapping, a FlatBuffer whose data is one of the above, perhaps encrypted.

Source: MegEngine's schemas and loader (src/serialization, lite/src/parse_model), measured on dumps of MegEngine 1.13.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from mgeconvert.errors import BadInputError
from mgeconvert.recognise import STATIC

from .flat import Buffer
from .params import PARAMS
from .schema import tables

TEST, PACK = b"mgbtest0", b"packed_model"
OLD, OLDEST = b"MGBC", b"MGBS"

_DTYPE = {
    "DType": "type:DTypeEnum param:DTypeParam",
    "LinearQuantizationParam": "scale:float zero_point:ubyte",
    "CompNode": "logical_locator:string",
    "Blob": "data:[ubyte]",
}
V2 = tables(
    {
        "Model": """mge_version:uint model_version:uint oprs:[Operator] middle_tensors:[MiddleTensor]
            output_vars_idx:[OutputVar] output_alias:[OutputAlias] nr_shared_tensor:uint metadata:Metadata""",
        "Operator": """type:string type_id:ulong name:string param:OperatorParam additional_params:[OperatorParam]
            inputs:[uint] outputs:[uint] comp_node:[CompNode] output_dtype:DType tensors:[Tensor] opr_version:uint
            priority:int custom_data:[Blob]""",
        "Tensor": "name:string shape:[uint] comp_node:CompNode dtype:DType format:TensorFormat data:[ubyte]",
        "MiddleTensor": "name:string shape:[uint] comp_node:CompNode dtype:DType format:TensorFormat",
        "OutputVar": "compact_id:uint original_id:uint",
        "OutputAlias": "id:uint name:string",
        "Metadata": "is_valid:bool graph_modified:bool optimize_options:ulong user_info:string",
        **_DTYPE,
        **PARAMS,
    }
)
"""The tables of an mgv2 file."""
V1 = tables(
    {
        "Graph": """mgb_version:uint hash:ulong nr_shared_tensor:uint oprs:[Operator]
            output_vars_idx:[OutputVarStruct] metadata:Metadata""",
        "Operator": """type_id:ulong param:OperatorParam inputs:[uint] comp_node:[CompNode] output_name:[string]
            output_dtype:DType tensors:[Tensor] priority:int blobs:[Blob] additional_params:[OperatorParam]
            name:string""",
        "Tensor": "name:string shape:[uint] comp_node:CompNode dtype:DType data_size:uint offset:uint",
        "Metadata": "is_valid:bool graph_modified:bool user_info:string optimize_options:ulong",
        **_DTYPE,
        **PARAMS,
    }
)
"""The tables of an mgb1 file."""
_PACK = tables(
    {
        "PackModel": "models:[PackedModel]",
        "PackedModel": "header:ModelHeader info:ModelData data:ModelData",
        "ModelHeader": """name:string info_decryption_method:string info_parse_method:string
            model_decryption_method:string""",
        "ModelData": "data:[ubyte]",
    }
)
PLAIN = ("NONE", "", None)
"""The names of no encryption."""


@dataclass(frozen=True, slots=True)
class Container:
    """One graph in a file: `kind` is mgv2 or mgb1, `graph` its FlatBuffer, `values` the tensor values of an mgb1 file,
    `end` where it ends."""

    kind: str
    graph: memoryview
    values: memoryview
    end: int

    def buffer(self) -> Buffer:
        """The FlatBuffer with its tables."""
        return Buffer(self.graph, V2 if self.kind == "mgv2" else V1)


def is_one(data: memoryview) -> bool:
    """Whether a file begins as a static graph does."""
    return bytes(data[8:12]) == b"mgv2" or bytes(data[:16]).startswith(STATIC)


def unpack(data: memoryview) -> tuple[Container, list[Container], str]:
    """The graph in a file, its test cases, and what the file wraps it in; BadInputError with the fact."""
    wrapped = ""
    if bytes(data[: len(PACK)]) == PACK:
        data, wrapped = _unpacked(data[len(PACK) :]), "MegEngine Lite pack"
    if bytes(data[: len(TEST)]) != TEST:
        return _container(data, 0), [], wrapped
    count: int = _number(data, len(TEST), "<I")
    first = _container(data, len(TEST) + 4)
    cases: list[Container] = []
    at = first.end
    while len(cases) < count:
        cases.append(_container(data, at))
        at = cases[-1].end
    return first, cases, wrapped or "test cases"


def _container(data: memoryview, start: int) -> Container:
    magic = bytes(data[start : start + 4])
    if magic in (OLD, OLDEST):
        return _old(data, start, 12 if magic == OLD else 4)
    if bytes(data[start + 8 : start + 12]) == b"mgv2":
        graph, end = _sized(data, start)
        return Container("mgv2", graph, data[:0], end)
    shown = magic.hex(" ") or "nothing"
    raise BadInputError(f"at byte {start} a graph should begin, there is {shown}")


def _old(data: memoryview, start: int, head: int) -> Container:
    if head == 12 and any(data[start + 4 : start + 12]):
        raise BadInputError("its feature bits ask for something that MegEngine 1.13 does not know")
    length: int = _number(data, start + head + 4, "<Q")
    values = start + head + 12
    if values + length > len(data):
        raise BadInputError(f"its tensor values would take {length} bytes, {len(data) - values} are there")
    graph, end = _sized(data, values + length)
    if bytes(graph[4:8]) != b"mgb1":
        raise BadInputError("its operators do not begin with mgb1")
    return Container("mgb1", graph, data[values : values + length], end)


def _sized(data: memoryview, at: int) -> tuple[memoryview, int]:
    """A FlatBuffer with its size in front, and where it ends."""
    size: int = _number(data, at, "<I")
    end = at + 4 + size
    if end > len(data):
        raise BadInputError(f"its operators would take {size} bytes, {len(data) - at - 4} are there")
    return data[at + 4 : end], end


def _unpacked(data: memoryview) -> memoryview:
    models = Buffer(data, _PACK).root("PackModel")["models"]
    if len(models) != 1:
        raise BadInputError(f"the MegEngine Lite pack holds {len(models)} models, expected one")
    header, content = models[0]["header"], models[0]["data"]
    method = None if header is None else header["model_decryption_method"]
    if method not in PLAIN:
        raise BadInputError(f"the model in the MegEngine Lite pack is encrypted with {method}")
    if content is None or not len(content["data"]):
        raise BadInputError("the MegEngine Lite pack holds no model")
    inner: memoryview = content["data"]
    return inner


def _number(data: memoryview, at: int, form: str) -> int:
    try:
        (number,) = struct.unpack_from(form, data, at)
    except struct.error:
        raise BadInputError(f"ends after {len(data)} bytes, in the middle of its head") from None
    return int(number)
