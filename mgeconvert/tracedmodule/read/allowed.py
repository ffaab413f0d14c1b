"""The exact list of what a TracedModule pickle may name, and what each name becomes.

Modules are those of MegEngine 1.13 (classes of older versions have the same names); everything else a graph is made of
has been the same since 1.6. Nothing on this list is imported: a name becomes a record class, or a `TypeRef`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mgeconvert.errors import BadInputError, UnsafePickleError

from . import arrays, graph, pytree, records
from .typeref import TypeRef
from .work import is_key


def _names(module: str, names: str) -> list[tuple[str, str]]:
    return [(module, name) for name in names.split()]


_MODULES = {
    "megengine.module.activation": "GELU LeakyReLU PReLU ReLU SiLU Sigmoid Softmax",
    "megengine.module.adaptive_pooling": "AdaptiveAvgPool2d AdaptiveMaxPool2d",
    "megengine.module.batch_matmul_activation": "BatchMatMulActivation",
    "megengine.module.batchnorm": "BatchNorm1d BatchNorm2d SyncBatchNorm",
    "megengine.module.concat": "Concat",
    "megengine.module.conv": "Conv1d Conv2d Conv3d ConvRelu2d ConvTranspose2d ConvTranspose3d ConvTransposeRelu2d "
    "DeformableConv2d LocalConv2d RegionRestrictedConv",
    "megengine.module.conv_bn": "ConvBn2d ConvBnRelu2d",
    "megengine.module.conv_transpose_bn": "ConvTransposeBn2d ConvTransposeBnRelu2d",
    "megengine.module.deformable_psroi_pooling": "DeformablePSROIPooling",
    "megengine.module.dropout": "Dropout",
    "megengine.module.elemwise": "Elemwise",
    "megengine.module.embedding": "Embedding",
    "megengine.module.external": "AtlasRuntimeSubgraph CambriconRuntimeSubgraph ExternOprSubgraph "
    "MagicMindRuntimeSubgraph TensorrtRuntimeSubgraph",
    "megengine.module.identity": "Identity",
    "megengine.module.linear": "Linear LinearRelu",
    "megengine.module.linear_bn": "LinearBn1d LinearBnRelu1d",
    "megengine.module.lrn": "LocalResponseNorm",
    "megengine.module.module": "Module",
    "megengine.module.multiheadattn": "MultiHeadAttention",
    "megengine.module.normalization": "GeneralNorm GroupNorm InstanceNorm LayerNorm",
    "megengine.module.padding": "Pad",
    "megengine.module.pixel_shuffle": "PixelShuffle",
    "megengine.module.pooling": "AvgPool2d MaxPool2d",
    "megengine.module.quant_dequant": "DequantStub QuantStub",
    "megengine.module.rnn": "LSTM LSTMCell RNN RNNCell",
    "megengine.module.sequential": "Sequential",
    "megengine.module.sliding_window": "SlidingWindow SlidingWindowTranspose",
    "megengine.quantization.fake_quant": "FakeQuantize LSQ TQT",
    "megengine.quantization.observer": "ExponentialMovingAverageObserver HistogramObserver MinMaxObserver Observer "
    "PassiveObserver SyncExponentialMovingAverageObserver SyncMinMaxObserver",
    "megengine.traced_module.fake_quant": "FakeQuantize",
    "megengine.traced_module.utils": "_ModuleDict _ModuleList",
}
_QUANTISABLE = {
    "batch_matmul_activation": "BatchMatMulActivation",
    "concat": "Concat",
    "conv": "Conv2d ConvRelu2d ConvTranspose2d ConvTransposeRelu2d",
    "conv_bn": "ConvBn2d ConvBnRelu2d",
    "conv_transpose_bn": "ConvTransposeBn2d ConvTransposeBnRelu2d",
    "elemwise": "Elemwise",
    "linear": "Linear LinearRelu",
    "linear_bn": "LinearBn1d LinearBnRelu1d",
    "quant_dequant": "DequantStub QuantStub",
}
_OPDEFS = """AdaptivePooling AddAxis Argmax Argmin Argsort AssertEqual AtlasRuntime Barrier BatchConvBias BatchNorm
BatchNormBackward BatchedIncrMeshIndexing BatchedMatrixMul BatchedMeshIndexing BatchedSetMeshIndexing BetaRNG Borrow
Broadcast CambriconRuntime CheckNonFinite CollectiveComm Concat CondTake ConvBias Convolution Convolution3D
Convolution3DBackwardData ConvolutionBackwardData Copy Correlation Cumsum CvtColor DeformableConv DeformablePSROIPooling
Diag Dimshuffle Dot Dropout Elemwise ElemwiseMultiType ExternOpr Eye FakeQuant FastpathCopy Fill FillLike GammaRNG
GaussianRNG GeneralNorm GetVarShape GroupLocal GroupNorm Identity Images2Neibs IncrMeshIndexing IncrSubtensor
IndexingIncrMultiAxisVec IndexingMultiAxisVec IndexingOneHot IndexingSetMultiAxisVec IndexingSetOneHot InplaceAdd
InstanceNorm LAMBUpdate LRN LSQ LSTM LSTMCell LayerNorm Linspace MagicMindRuntime MaskedFill MatrixInverse MatrixMul
MeshGrid MeshIndexing MultiHeadAttn NMSKeep NvOf Padding ParamPackConcat ParamPackSplit PermutationRNG PixelShuffle
PixelShuffleBackward PoissonRNG Pooling RNN RNNCell ROIAlign ROIPooling Reduce RegionRestrictedConvolution
RegionRestrictedConvolutionBackwardData Remap RemoteRecv RemoteSend RemoveAxis Reshape Resize Resize3D SVD
SetMeshIndexing SetSubtensor ShuffleRNG SlidingWindowTranspose Softmax Split Stack Subtensor TQT TensorRTRuntime TopK
TypeCvt UniformRNG WarpAffine WarpPerspective WarpPerspectiveBackwardData WarpPerspectiveBackwardMat"""

_RECORDS: tuple[type[records.Record], ...] = (
    records.CompNode,
    records.Device,
    records.Group,
    records.QuantDtypeMeta,
    records.QuantMode,
    records.TensorRecord,
    records.ParameterRecord,
    records.QParams,
    records.LSQParams,
    records.FullArgSpec,
    records.ModuleState,
    records.TracedModuleRecord,
    graph.ModuleNode,
    graph.TensorNode,
    graph.Input,
    graph.GetAttr,
    graph.Constant,
    graph.CallMethod,
    graph.CallFunction,
    graph.Apply,
    graph.InternalGraph,
    graph.NameSpace,
    pytree.TreeDef,
    pytree.LeafDef,
)

_DATA = [
    *_names("builtins", "int float str bool tuple list dict bytearray"),
    *_names("abc", "ABCMeta"),
    *_names("numpy", "ndarray bool bool_ int8 uint8 int16 uint16 int32 uint32 int64 uint64 float16 float32 float64"),
    *_names("megengine.core._imperative_rt", "pybfloat16 pyintb1 pyintb2 pyintb4"),
    *_names("megengine.core._imperative_rt.ops", _OPDEFS),
    *_names("megengine.traced_module.node", "NodeMixin"),
    *_names("megengine.traced_module.pytree", "ArgsIndex"),
    *_names("megengine.module.qat.module", "QATModule._apply_fakequant_with_observer"),
]


def _empty_bytes(*arguments: Any) -> bytes:
    if arguments:
        raise UnsafePickleError("calls builtins.bytes with arguments")
    return b""


def _type_of(value: Any) -> TypeRef:
    if value is None or value is ...:
        return TypeRef("builtins", type(value).__name__)
    raise UnsafePickleError("calls builtins.type with something else than None and Ellipsis")


def _slice(*arguments: Any) -> slice:
    for argument in arguments:
        if isinstance(argument, slice | tuple | list | dict | set | frozenset):
            raise BadInputError(f"a slice of a {type(argument).__name__}")
    return slice(*arguments)


def _dictionary(*arguments: Any) -> dict[Any, Any]:
    if not arguments:
        return {}
    if len(arguments) != 1 or type(arguments[0]) is not list:
        raise BadInputError("an OrderedDict whose items are not a list")
    found: dict[Any, Any] = {}
    for item in arguments[0]:
        if type(item) not in (list, tuple) or len(item) != 2 or not is_key(item[0]):
            raise BadInputError("an OrderedDict whose items are not names with values")
        found[item[0]] = item[1]
    return found


def _default_dictionary(*_: Any) -> dict[Any, Any]:
    return {}


_CALLS: dict[tuple[str, str], Callable[..., Any]] = {
    ("builtins", "bytes"): _empty_bytes,
    ("builtins", "type"): _type_of,
    ("builtins", "slice"): _slice,
    ("collections", "OrderedDict"): _dictionary,
    ("collections", "defaultdict"): _default_dictionary,
    ("_codecs", "encode"): arrays.encode,
    ("numpy", "dtype"): arrays.dtype,
}
for _numpy in ("numpy.core", "numpy._core"):
    _CALLS[_numpy, "_DType_reconstruct"] = arrays.dtype_class
    _CALLS[_numpy + ".multiarray", "_reconstruct"] = arrays.reconstruct
    _CALLS[_numpy + ".multiarray", "scalar"] = arrays.scalar
    _CALLS[_numpy + ".numeric", "_frombuffer"] = arrays.frombuffer

_PYTHON2 = {("__builtin__", "long"): "int", ("__builtin__", "unicode"): "str"}


def _module_class(module: str, name: str) -> type[records.ModuleRecord]:
    return type(name, (records.ModuleRecord,), {"__slots__": (), "source": f"{module}.{name}"})


def _table() -> dict[tuple[str, str], Any]:
    """(module, name) -> record class, `TypeRef`, or the Ellipsis."""
    table: dict[tuple[str, str], Any] = {("builtins", "Ellipsis"): ...}
    for module, names in _MODULES.items():
        table |= {key: _module_class(*key) for key in _names(module, names)}
    for kind in ("qat", "quantized"):
        for module, names in _QUANTISABLE.items():
            table |= {key: _module_class(*key) for key in _names(f"megengine.module.{kind}.{module}", names)}
    for record in _RECORDS:
        module, _, name = record.source.rpartition(".")
        table[module, name] = record
    table |= {key: TypeRef(*key) for key in _DATA}
    table |= {key: TypeRef(*key, build) for key, build in _CALLS.items()}
    return table


ALLOWED = _table()

FUNCTION_MODULES = frozenset(
    "megengine.functional." + name
    for name in (
        "distributed",
        "elemwise",
        "external",
        "inplace",
        "loss",
        "math",
        "metric",
        "nn",
        "quantized",
        "tensor",
        "vision",
    )
)
"""Where MegEngine's functions are. 1.6 names them as globals; they become names that cannot be called."""


def find(module: str, name: str) -> Any:
    """What the name stands for; KeyError when it is not allowed. Protocol 2 writes the names of Python 2."""
    if module == "__builtin__":
        module, name = "builtins", _PYTHON2.get((module, name), name)
    if module in FUNCTION_MODULES and name.isidentifier():
        return TypeRef(module, name)
    return ALLOWED[module, name]
