"""MegEngine's callables in the operator families of `mgeconvert.ir.families`.

A handler of the lowering table stands in `lower/`, in the file or the folder of its family's name.
"""

from __future__ import annotations

from collections.abc import Mapping

_PREFIXES = {
    "megengine.functional.": {
        "control": "external. loss. metric.",
        "elementwise": "elemwise.",
        "quantization": "quantized.",
        "vision": "vision.",
    },
    "megengine.module.": {
        "activation": "activation.",
        "control": "external.",
        "convolution": "conv. conv_bn. conv_transpose_bn. sliding_window.",
        "elementwise": "elemwise. identity.",
        "indexing": "embedding.",
        "matmul": "batch_matmul_activation. linear. linear_bn. multiheadattn.",
        "movement": "concat. padding. pixel_shuffle.",
        "normalization": "batchnorm. dropout. lrn. normalization.",
        "pooling": "adaptive_pooling. pooling.",
        "quantization": "qat. quant_dequant. quantized.",
        "recurrent": "rnn.",
        "vision": "deformable_psroi_pooling.",
    },
    "megengine.random.": {"control": "beta gamma normal permutation poisson shuffle uniform"},
    "megengine.functional.math.": {
        "elementwise": "isinf isnan sign",
        "matmul": "dot matinv matmul svd",
        "normalization": "normalize",
        "reduction": "argmax argmin max mean min norm prod std sum var",
        "selection": "argsort sort topk",
    },
    "megengine.functional.elemwise.": {"activation": "tanh"},
    "megengine.functional.vision.": {"resize": "interpolate"},
    "megengine.functional.nn.": {
        "activation": """gelu hsigmoid hswish leaky_relu logsigmoid logsoftmax prelu relu relu6 sigmoid silu softmax
            softplus""",
        "convolution": """conv1d conv2d conv3d conv_transpose2d conv_transpose3d deformable_conv2d local_conv2d
            region_restricted_conv sliding_window sliding_window_transpose""",
        "indexing": "embedding indexing_one_hot",
        "matmul": "linear multi_head_attention",
        "movement": "layerPixelShuffle_traceable pad pixel_shuffle",
        "normalization": """batch_norm dropout general_norm group_norm instance_norm layer_norm local_response_norm
            sync_batch_norm""",
        "pooling": "adaptive_avg_pool2d adaptive_max_pool2d avg_pool2d max_pool2d",
        "reduction": "logsumexp",
        "resize": "interpolate",
        "selection": "one_hot",
        "vision": "deformable_psroi_pooling",
    },
    "megengine.functional.tensor.": {
        "elementwise": "complex copy imag polar real",
        "indexing": "diag gather scatter",
        "movement": """arange broadcast_to concat expand_dims eye flatten full full_like linspace meshgrid ones
            ones_like repeat reshape roll split squeeze stack swapaxes tile transpose zeros zeros_like""",
        "reduction": "cumsum",
        "selection": "cond_take where",
    },
    "megengine.tensor.Tensor.": {
        "elementwise": """__abs__ __add__ __and__ __ceil__ __eq__ __floor__ __floordiv__ __ge__ __gt__ __iadd__
            __iand__ __ifloordiv__ __ilshift__ __imod__ __imul__ __invert__ __ior__ __ipow__ __irshift__ __isub__
            __itruediv__ __ixor__ __le__ __lshift__ __lt__ __mod__ __mul__ __ne__ __neg__ __new__ __or__ __pos__
            __pow__ __radd__ __rand__ __rfloordiv__ __rlshift__ __rmod__ __rmul__ __ror__ __round__ __rpow__
            __rrshift__ __rshift__ __rsub__ __rtruediv__ __rxor__ __sub__ __truediv__ __xor__ astype detach to""",
        "indexing": "__getitem__ __setitem__",
        "matmul": "__imatmul__ __matmul__ __rmatmul__",
        "movement": "T _broadcast flatten reshape transpose",
        "reduction": "max mean min prod sum",
    },
    "megengine.core.ops.builtin.": {
        "activation": "Softmax",
        "control": """AssertEqual AtlasRuntime Barrier BetaRNG CambriconRuntime CheckNonFinite CollectiveComm ExternOpr
            GammaRNG GaussianRNG LAMBUpdate MagicMindRuntime ParamPackConcat ParamPackSplit PermutationRNG PoissonRNG
            RemoteRecv RemoteSend ShuffleRNG TensorRTRuntime UniformRNG""",
        "convolution": """Convolution Convolution3D Convolution3DBackwardData ConvolutionBackwardData DeformableConv
            GroupLocal Images2Neibs RegionRestrictedConvolution RegionRestrictedConvolutionBackwardData
            SlidingWindowTranspose""",
        "elementwise": "Borrow Copy Elemwise ElemwiseMultiType FastpathCopy Identity InplaceAdd TypeCvt",
        "indexing": """BatchedIncrMeshIndexing BatchedMeshIndexing BatchedSetMeshIndexing Diag IncrMeshIndexing
            IncrSubtensor IndexingIncrMultiAxisVec IndexingMultiAxisVec IndexingOneHot IndexingSetMultiAxisVec
            IndexingSetOneHot MeshIndexing SetMeshIndexing SetSubtensor Subtensor""",
        "matmul": "BatchedMatrixMul Dot MatrixInverse MatrixMul MultiHeadAttn SVD",
        "movement": """AddAxis Broadcast Concat Dimshuffle Eye Fill FillLike GetVarShape Linspace MeshGrid Padding
            PixelShuffle PixelShuffleBackward RemoveAxis Reshape Split Stack""",
        "normalization": "BatchNorm BatchNormBackward Dropout GeneralNorm GroupNorm InstanceNorm LRN LayerNorm",
        "pooling": "AdaptivePooling Pooling",
        "quantization": "BatchConvBias ConvBias FakeQuant LSQ TQT",
        "recurrent": "LSTM LSTMCell RNN RNNCell",
        "reduction": "Argmax Argmin Cumsum Reduce",
        "resize": "Resize Resize3D",
        "selection": "Argsort CondTake MaskedFill TopK",
        "vision": """Correlation CvtColor DeformablePSROIPooling NMSKeep NvOf ROIAlign ROIPooling Remap WarpAffine
            WarpPerspective WarpPerspectiveBackwardData WarpPerspectiveBackwardMat""",
    },
}

FAMILIES: Mapping[str, str] = {
    prefix + name: family
    for prefix, families in _PREFIXES.items()
    for family, names in families.items()
    for name in names.split()
}
"""Qualified name, or prefix of qualified names (with a dot at its end), to family."""


def family(key: str) -> str | None:
    """The family of a callable by its qualified name, else of the longest prefix of it; None for an unknown one."""
    known = [name for name in FAMILIES if name == key or (name.endswith(".") and key.startswith(name))]
    return FAMILIES[max(known, key=len)] if known else None
