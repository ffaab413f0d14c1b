"""Operator types that are refused in every form, each with its reason."""

from __future__ import annotations

from .table import refuse_all

_TYPES: tuple[tuple[str, str], ...] = (
    (
        "training only: it has no part in inference",
        """AdaptivePoolingBackwardV1 AddUpdate ArgsortBackward AssertEqual BatchNormBackwardV1 CheckNonFinite
        Convolution3DBackwardFilter ConvolutionBackwardFilter ConvolutionBackwardFilterV2
        CorrelationBackwardData1 CorrelationBackwardData2 DeformableConvBackwardData
        DeformableConvBackwardDataV1 DeformableConvBackwardFilter DeformableConvBackwardFilterV1
        DeformablePSROIPoolingBackward DiagBackward DropoutBackward FakeQuantBackward GeneralNormBackward
        GroupLocalBackwardDataV2 GroupLocalBackwardFilterV2 GroupNormBackward Images2NeibsBackward
        IndexingRemapBackward InstanceNormBackward InvalidGrad LRNBackward LSQBackward LSTMBackward
        LayerNormBackward LocalBackwardDataV2 LocalBackwardFilterV2 LocalShareBackwardData
        LocalShareBackwardDataV1 LocalShareBackwardFilter LocalShareBackwardFilterV1 LoopGrad
        LoopGrad::AssignorGradOpr MaskPropagate MultiHeadAttnBackward PaddingBackward ParamPackConcat
        ParamPackSplit PoolingBackwardV1 RNNBackward ROIAlignBackwardV1 ROIPoolingBackward
        RegionRestrictedConvolutionBackwardData RegionRestrictedConvolutionBackwardFilter RemapBackwardDataV1
        RemapBackwardMatV1 ResizeBackward SetGrad ShuffleRNGBackward SlidingWindowTransposeBackward
        SoftmaxBackward TQTBackward VirtualGrad VirtualLoss WarpPerspectiveBackwardDataV2
        WarpPerspectiveBackwardMatV2""",
    ),
    (
        "random: its result is another one at each run, and no target draws MegEngine's numbers; cut the model "
        "before it",
        "BetaRNG GammaRNG GaussianRNGV1 PermutationRNG PoissonRNG ShuffleRNG UniformRNGV1",
    ),
    (
        "distributed: it talks to other processes",
        "CollectiveComm RemoteRecv RemoteSend",
    ),
    (
        "a program compiled for another vendor's runtime is inside the model; nothing but that runtime can execute it",
        "AtlasRuntimeOpr ExternCOprRunner TensorRTOpr TensorRTRuntimeOpr",
    ),
    (
        "an operator that its user wrote, whose code is not in the file",
        "CustomOpNode dynamic",
    ),
    (
        "a branch that only the run decides; MegEngine's parts of it do not say where it ends",
        "CondExecMark CondExecMarkIfNeed CondExecMerge CondExecPred CondExecPredLogical",
    ),
    (
        "a loop whose body is a graph of its own",
        "LoopImpl::DepTensorUpdator opr::Loop",
    ),
    (
        "a part of MegEngine's own machinery, which a dump for inference does not hold",
        """CallbackInjector CounterProvider InputCallback InputMaker JITExecutor OutputCallback ShapeHint Sleep
        VirtualDep""",
    ),
    (
        "optical flow in CUDA hardware, which no target has",
        "NvOf",
    ),
    (
        "runs on CUDA only, through cuDNN",
        "DctChannelSelectV1",
    ),
    (
        "singular value decomposition, which no target has",
        "SVD",
    ),
    (
        "deformable pooling of regions at positions from another tensor, which no target has",
        "DeformablePSROIPoolingForward",
    ),
    (
        "no function of MegEngine dumps it, so that what it computes could not be measured",
        """AffineInt GaussianBlur IndexingRemap LocalShareForward LocalShareForwardV1 LocalV2 MaskConvolutionV2
        Rotate""",
    ),
)
"""Each reason with its types."""

for _reason, _names in _TYPES:
    refuse_all(_reason, *_names.split())
