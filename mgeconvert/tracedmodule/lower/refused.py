"""MegEngine's callables that are refused in every form, each with its reason."""

from __future__ import annotations

from .names import FUNCTIONAL, MODULE, OPDEF
from .table import refuse_all

_RANDOM = (
    "random: its result is another one at each run, and no target draws MegEngine's numbers; cut the model before it"
)
_TRAINING = "training only: it has no part in inference"
_DISTRIBUTED = "distributed: it talks to other processes"
_VENDOR = "a program compiled for another vendor's runtime is inside the model; nothing but that runtime can execute it"
_COMPLEX = "complex numbers, which no target has"
_LENGTHS = "a loss whose loop depends on the lengths of its labels; cut the model before it"
_DECOMPOSITION = "singular value decomposition, which no target has"
_FLOW = "optical flow in CUDA hardware, which no target has"
_PSROI = "deformable pooling of regions at positions from another tensor, which no target has"
_CUDA = "runs on CUDA only, through cuDNN"
_GROUPED_UPDATE = "an optimizer's update: training only"
_PACKED = "packs gradients for communication: training only"


def _each(prefix: str, names: str, reason: str) -> dict[str, str]:
    return {prefix + name: reason for name in names.split()}


refuse_all({
    **_each(OPDEF, "BetaRNG GammaRNG GaussianRNG PermutationRNG PoissonRNG ShuffleRNG UniformRNG", _RANDOM),
    **_each("megengine.random.", "beta gamma normal permutation poisson shuffle uniform", _RANDOM),
    **_each(OPDEF, "BatchNormBackward PixelShuffleBackward RegionRestrictedConvolutionBackwardData", _TRAINING),
    **_each(OPDEF, "WarpPerspectiveBackwardData WarpPerspectiveBackwardMat", _TRAINING),
    **_each(OPDEF, "AssertEqual CheckNonFinite Barrier", _TRAINING),
    **_each(OPDEF, "LAMBUpdate", _GROUPED_UPDATE),
    **_each(OPDEF, "ParamPackConcat ParamPackSplit", _PACKED),
    **_each(OPDEF, "CollectiveComm RemoteRecv RemoteSend", _DISTRIBUTED),
    **_each(OPDEF, "AtlasRuntime CambriconRuntime ExternOpr MagicMindRuntime TensorRTRuntime", _VENDOR),
    **_each(
        FUNCTIONAL + "external.",
        "atlas_runtime_opr cambricon_runtime_opr extern_opr_subgraph magicmind_runtime_opr tensorrt_runtime_opr",
        _VENDOR,
    ),
    **_each(
        MODULE + "external.",
        "AtlasRuntimeSubgraph CambriconRuntimeSubgraph ExternOprSubgraph MagicMindRuntimeSubgraph "
        "TensorrtRuntimeSubgraph",
        _VENDOR,
    ),
    **_each(FUNCTIONAL + "tensor.", "complex imag polar real", _COMPLEX),
    **_each(FUNCTIONAL, "loss.ctc_loss", _LENGTHS),
    **_each(FUNCTIONAL, "math.svd", _DECOMPOSITION),
    **_each(OPDEF, "SVD", _DECOMPOSITION),
    **_each(FUNCTIONAL, "nn.deformable_psroi_pooling", _PSROI),
    **_each(MODULE, "deformable_psroi_pooling.DeformablePSROIPooling", _PSROI),
    **_each(OPDEF, "DeformablePSROIPooling", _PSROI),
    **_each(OPDEF, "MultiHeadAttn", _CUDA),
    **_each(FUNCTIONAL, "vision.nvof", _FLOW),
    **_each(OPDEF, "NvOf", _FLOW),
})  # fmt: skip
