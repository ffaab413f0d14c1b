"""The parameters of operators, one line per table (see `schema`), under the names of the union that holds them.

Source: MegEngine's FlatBuffers schemas (field ids, defaults), checked by dumping operators with MegEngine 1.13. A table
that no lowering reads is not here.
"""

from __future__ import annotations

from collections.abc import Mapping

PARAMS: Mapping[str, str] = {
    "Empty": "",
    "Axis": "axis:int",
    "Convolution": """
        mode:ConvolutionV0Mode=CROSS_CORRELATION pad_h:uint pad_w:uint stride_h:uint=1 stride_w:uint=1
        dilate_h:uint=1 dilate_w:uint=1 sparse:ConvolutionV0Sparse=DENSE format:ConvolutionFormat=NCHW
        compute_mode:ConvolutionV1ComputeMode=DEFAULT""",
    "ConvBias": """
        nonlineMode:ConvBiasV0NonlineMode=IDENTITY mode:ConvolutionV0Mode=CROSS_CORRELATION
        sparse:ConvolutionV0Sparse=DENSE format:ConvolutionFormat=NCHW pad_h:uint pad_w:uint stride_h:uint=1
        stride_w:uint=1 dilate_h:uint=1 dilate_w:uint=1 compute_mode:ConvolutionV1ComputeMode=DEFAULT""",
    "Pooling": """
        mode:PoolingV0Mode=MAX pad_h:uint pad_w:uint stride_h:uint=2 stride_w:uint=2 window_h:uint=2 window_w:uint=2
        format:ConvolutionFormat=NCHW""",
    "BN": """
        param_dim:BNParamDim=DIM_11HW fwd_mode:BNFwdMode=TRAINING epsilon:double=0.0001 avg_factor:double=1.0
        scale:float=1.0 bias:float=0.0""",
    "Elemwise": "mode:ElemwiseMode=RELU",
    "ElemwiseMultiType": "mode:ElemwiseMultiTypeMode=FUSE_MUL_ADD3_INT16x32x32x32",
    "PowC": "exp:float",
    "MatrixMul": """
        transposeA:bool transposeB:bool compute_mode:MatrixMulV1ComputeMode=DEFAULT format:MatrixMulFormat=DEFAULT""",
    "Reduce": "mode:ReduceMode=SUM axis:int=2147483647 data_type:ReduceDataType=DEFAULT",
    "Cumsum": "axis:int=2147483647 exclusive:bool=true reverse:bool",
    "CondTake": "mode:CondTakeMode=EQ val:float eps:float=1e-06",
    "Argsort": "order:ArgsortOrder=ASCENDING",
    "Linspace": "endpoint:bool=true",
    "Eye": "k:int dtype:DTypeEnum=Float32",
    "Resize": "imode:WarpPerspectiveV1InterpolationMode=LINEAR format:ConvolutionFormat=NHWC",
    "TopK": "mode:TopKMode=KTH_ONLY",
    "OptionalAxis": "axis:int=-1",
    "OptionalAxisV1": "axis:int=7",
    "Host2DeviceCopy": "enable_value_infer:bool=true dump_default_value:bool allow_cpu_mem_fwd:bool=true",
    "Dimshuffle": "pattern:[int] ndim:uint",
    "AxisAddRemove": "desc:[AxisDesc]",
    "IndexDescMaskDump": "items:[IndexDescMaskItem]",
    "Remap": """
        imode:WarpPerspectiveV1InterpolationMode=LINEAR border_type:WarpPerspectiveV1BorderMode=REPLICATE
        format:ConvolutionFormat=NHWC scalar:float=0.0""",
    "NMSKeep": "iou_thresh:float max_output:uint",
    "AdaptivePooling": "mode:PoolingV0Mode=MAX format:ConvolutionFormat=NCHW",
    "FakeQuant": "qmin:int=-2147483648 qmax:int=2147483647",
    "TQT": "qmin:int=-2147483648 qmax:int=2147483647",
    "LSQ": "qmin:int=-2147483648 qmax:int=2147483647",
    "Padding": """
        front_offset_dim0:uint front_offset_dim1:uint front_offset_dim2:uint front_offset_dim3:uint
        front_offset_dim4:uint front_offset_dim5:uint front_offset_dim6:uint back_offset_dim0:uint
        back_offset_dim1:uint back_offset_dim2:uint back_offset_dim3:uint back_offset_dim4:uint
        back_offset_dim5:uint back_offset_dim6:uint padding_val:float padding_mode:PaddingPaddingMode=CONSTANT""",
    "LayerNorm": "affine:bool=true eps:float=1e-05 normalized_dim:ulong=1 normalized_size:ulong=1",
    "GroupNorm": "affine:bool=true eps:float=1e-05 group:uint=1 format:ConvolutionFormat=NCHW",
    "Softmax": "axis:int=-1",
    "RNN": """
        num_layers:uint=1 bidirectional:bool bias:bool=true hidden_size:uint=128 dropout:float=0.0
        nonlineMode:RNNCellNonlineMode=IDENTITY fwd_mode:BNFwdMode=TRAINING""",
    "LSTM": """
        num_layers:uint=1 bidirectional:bool bias:bool=true hidden_size:uint=128 proj_size:uint dropout:float=0.0
        fwd_mode:BNFwdMode=TRAINING""",
    "RNNCell": "nonlineMode:RNNCellNonlineMode=IDENTITY",
    "Fill": "value:float",
    "Correlation": """
        format:ConvolutionV0Format=NCHW kernel_size:uint=1 max_displacement:uint=1 stride1:uint=1 stride2:uint=1
        pad_size:uint is_multiply:bool=true""",
    "ROIAlign": """
        mode:ROIAlignV0Mode=MAX format:ConvolutionFormat=NCHW spatial_scale:float=1.0 offset:float=0.0
        pooled_height:uint=1 pooled_width:uint=1 sample_height:uint=2 sample_width:uint=2""",
    "WarpPerspective": """
        imode:WarpPerspectiveV1InterpolationMode=LINEAR bmode:WarpPerspectiveV1BorderMode=REPLICATE
        format:ConvolutionFormat=NCHW border_val:float=0.0""",
    "ROIPooling": "mode:ROIPoolingMode=MAX scale:float=1.0",
    "DeformablePSROIPooling": """
        no_trans:bool=true spatial_scale:float=1.0 trans_std:float=1.0 pooled_h:uint=1 pooled_w:uint=1
        part_size:uint=1 sample_per_part:uint=1""",
    "RelayoutFormat": "mode:RelayoutFormatV0Mode=NHWC_NHWCD4 oc:uint group:uint=1",
    "CvtColor": "mode:CvtColorMode=RGB2GRAY",
    "LRN": "n:uint=5 k:float=2.0 alpha:float=0.0001 beta:float=0.75",
    "Convolution3D": """
        mode:Convolution3DMode=CROSS_CORRELATION pad_d:uint pad_h:uint pad_w:uint stride_d:uint=1 stride_h:uint=1
        stride_w:uint=1 dilate_d:uint=1 dilate_h:uint=1 dilate_w:uint=1 sparse:Convolution3DSparse=DENSE
        data_type:Convolution3DDataType=FLOAT format:Convolution3DFormat=NCDHW""",
    "Images2Neibs": """
        pad_h:uint pad_w:uint stride_h:uint=1 stride_w:uint=1 dilate_h:uint=1 dilate_w:uint=1 window_h:uint=3
        window_w:uint=3""",
    "SlidingWindowTranspose": """
        out_h:uint out_w:uint pad_h:uint pad_w:uint stride_h:uint=1 stride_w:uint=1 dilate_h:uint=1 dilate_w:uint=1
        window_h:uint=3 window_w:uint=3""",
    "IndexingRemap": "is_non_overlapping:bool",
    "Diag": "k:int",
    "PersistentOutputStorage": "share_key:int=-1",
    "Flip": "vertical:bool horizontal:bool",
    "Rotate": "clockwise:bool=true",
    "WarpAffine": """
        imode:WarpPerspectiveV1InterpolationMode=LINEAR border_mode:WarpPerspectiveV1BorderMode=REPLICATE
        border_val:float format:ConvolutionFormat=NHWC""",
    "LocalShare": """
        mode:ConvolutionV0Mode=CROSS_CORRELATION pad_h:uint pad_w:uint stride_h:uint=1 stride_w:uint=1
        dilate_h:uint=1 dilate_w:uint=1 spatial_groups_h:uint=1 spatial_groups_w:uint=1
        sparse:ConvolutionV0Sparse=DENSE format:ConvolutionFormat=NCHW
        computeMode:ConvolutionV1ComputeMode=DEFAULT""",
    "BatchConvBias": """
        nonlineMode:ConvBiasV0NonlineMode=IDENTITY mode:ConvolutionV0Mode=CROSS_CORRELATION pad_h:uint pad_w:uint
        stride_h:uint=1 stride_w:uint=1 dilate_h:uint=1 dilate_w:uint=1 sparse:ConvolutionV0Sparse=DENSE
        format:ConvolutionFormat=NCHW compute_mode:ConvolutionV1ComputeMode=DEFAULT""",
    "MultiHeadAttn": """
        num_heads:uint=1 embeding_size:uint k_size:uint v_size:uint qproj_size:uint kproj_size:uint vproj_size:uint
        oproj_size:uint qbias:bool kbias:bool vbias:bool obias:bool sm_scaler:float=1.0 input_order:uint
        attn_mask_type:AttnMaskType tensor_combination_type:TensorCombination add_zero_attn:bool need_weights:bool
        reslink:bool training:bool=true seed:ulong attn_prob:float out_prob:float""",
    "Dropout": "drop_prob:float seed:ulong",
    "GeneralNorm": "affine:bool=true eps:float=1e-05 axis_start:ulong axis_end:ulong",
    "Resize3D": "imode:WarpPerspectiveV1InterpolationMode=LINEAR format:Convolution3DFormat=NDHWC align_corners:bool",
    "DTypeOnly": "dtype:DTypeEnum",
}
