"""MegEngine's callables that are refused in every form, each with its reason."""

from __future__ import annotations

from .table import refuse_all

_OP = "megengine.core.ops.builtin."
_F = "megengine.functional."
_M = "megengine.module."

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
    **_each(_OP, "BetaRNG GammaRNG GaussianRNG PermutationRNG PoissonRNG ShuffleRNG UniformRNG", _RANDOM),
    **_each("megengine.random.", "beta gamma normal permutation poisson shuffle uniform", _RANDOM),
    **_each(_OP, "BatchNormBackward PixelShuffleBackward RegionRestrictedConvolutionBackwardData", _TRAINING),
    **_each(_OP, "WarpPerspectiveBackwardData WarpPerspectiveBackwardMat", _TRAINING),
    **_each(_OP, "AssertEqual CheckNonFinite Barrier", _TRAINING),
    **_each(_OP, "LAMBUpdate", _GROUPED_UPDATE),
    **_each(_OP, "ParamPackConcat ParamPackSplit", _PACKED),
    **_each(_OP, "CollectiveComm RemoteRecv RemoteSend", _DISTRIBUTED),
    **_each(_OP, "AtlasRuntime CambriconRuntime ExternOpr MagicMindRuntime TensorRTRuntime", _VENDOR),
    **_each(
        _F + "external.",
        "atlas_runtime_opr cambricon_runtime_opr extern_opr_subgraph magicmind_runtime_opr tensorrt_runtime_opr",
        _VENDOR,
    ),
    **_each(
        _M + "external.",
        "AtlasRuntimeSubgraph CambriconRuntimeSubgraph ExternOprSubgraph MagicMindRuntimeSubgraph "
        "TensorrtRuntimeSubgraph",
        _VENDOR,
    ),
    **_each(_F + "tensor.", "complex imag polar real", _COMPLEX),
    **_each(_F, "loss.ctc_loss", _LENGTHS),
    **_each(_F, "math.svd", _DECOMPOSITION),
    **_each(_OP, "SVD", _DECOMPOSITION),
    **_each(_F, "nn.deformable_psroi_pooling", _PSROI),
    **_each(_M, "deformable_psroi_pooling.DeformablePSROIPooling", _PSROI),
    **_each(_OP, "DeformablePSROIPooling", _PSROI),
    **_each(_OP, "MultiHeadAttn", _CUDA),
    **_each(_F, "vision.nvof", _FLOW),
    **_each(_OP, "NvOf", _FLOW),
})  # fmt: skip
