"""Operator types of static graphs in the operator families of `mgeconvert.ir.families`.

A row of the lowering table stands in `lower/`, in the file of its family's name.
"""

from __future__ import annotations

from collections.abc import Mapping

_TYPES = {
    "elementwise": """Copy Elemwise ElemwiseMultiType ForceInplaceElemwise Identity MarkDynamicVar
        MarkNoBroadcastElemwise PersistentOutputStorage PowC RequireInputDynamicStorage TypeCvtV2""",
    "activation": "Softmax",
    "reduction": "Argmax Argmin CumsumV1 ReduceV2",
    "matmul": "BatchedMatrixMulV2 Dot MatrixInverse MatrixMulV2 MultiHeadAttn",
    "convolution": """Convolution Convolution3D Convolution3DBackwardData ConvolutionBackwardData
        ConvolutionBackwardDataV2 ConvolutionV2 DeformableConvForward DeformableConvForwardV1 GroupLocalV2 Images2Neibs
        RegionRestrictedConvolution SlidingWindowTranspose""",
    "pooling": "AdaptivePoolingV1 PoolingV1",
    "normalization": "BatchNormV1 Dropout GeneralNorm GroupNorm InstanceNorm LRN LayerNorm",
    "resize": "Resize3D ResizeV2",
    "movement": """Alloc AxisAddRemove Broadcast Concat Dimshuffle Eye GetVarShapeV1 Linspace Padding RelayoutFormatV1
        ReshapeV1 Split""",
    "indexing": """BatchedIncrMeshIndexing BatchedMeshIndexing BatchedSetMeshIndexing Diag IncrMeshIndexing
        IncrSubtensor IndexingIncrMultiAxisVec IndexingMultiAxisVec IndexingOneHot IndexingSetMultiAxisVec
        IndexingSetOneHot MeshIndexing SetMeshIndexing SetSubtensor Subtensor""",
    "selection": "Argsort CondTake MaskedFill TopK",
    "vision": "CorrelationForward CvtColor NMSKeepMGB ROIAlignV1 ROIPooling RemapV1 WarpAffineV2 WarpPerspectiveV2",
    "recurrent": "LSTMCellForward LSTMForward RNNCellForward RNNForward",
    "quantization": "BatchConvBiasForward BatchConvBiasForwardV1 ConvBiasForward ConvBiasForwardV4 FakeQuant LSQ TQT",
}

TYPES: Mapping[str, str] = {name: family for family, names in _TYPES.items() for name in names.split()}
"""Operator type, with the version in its name as the file has it, to family."""
