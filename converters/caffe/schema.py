"""The public Caffe messages as a table: names, numbers, types, defaults. Field numbers are facts of the format.

One paragraph per message, its fields separated by semicolons: ``name number type[*] [= default]``; ``*`` is repeated,
``{A:0 B:1}`` an enum of its own. A vendor's field whose number BVLC or another vendor uses too has 50000 added: such
fields are read and written as text only, where numbers do not show.

Sources: caffe.proto of BVLC Caffe 1.0; the SSD fork (Permute, Normalize, PriorBox, DetectionOutput); the DeepLab fork
(Interp); the ShuffleNet fork (ShuffleChannel); Fast R-CNN (ROIPooling); the YOLO fork (Upsample); NVIDIA's fork
(raw_data, scale_bias).
"""

from __future__ import annotations

MODEL = """
AccuracyParameter
    top_k 1 uint32 = 1; axis 2 int32 = 1; ignore_label 3 int32
AnnotatedDataParameter
    label_map_file 3 string
ArgMaxParameter
    out_max_val 1 bool; top_k 2 uint32 = 1; axis 3 int32
BatchNormParameter
    use_global_stats 1 bool; moving_average_fraction 2 float = 0.999; eps 3 float = 1e-05; scale_bias 7 bool
BiasParameter
    axis 1 int32 = 1; num_axes 2 int32 = 1; filler 3 FillerParameter
BlobProto
    shape 7 BlobShape; data 5 float*; diff 6 float*; double_data 8 double*; double_diff 9 double*; num 1 int32;
    channels 2 int32; height 3 int32; width 4 int32
BlobShape
    dim 1 int64*
ConcatParameter
    axis 2 int32 = 1; concat_dim 1 uint32 = 1
ContrastiveLossParameter
    margin 1 float = 1; legacy_version 2 bool
ConvolutionParameter
    num_output 1 uint32; bias_term 2 bool = true; pad 3 uint32*; kernel_size 4 uint32*; stride 6 uint32*;
    dilation 18 uint32*; pad_h 9 uint32; pad_w 10 uint32; kernel_h 11 uint32; kernel_w 12 uint32; stride_h 13
    uint32; stride_w 14 uint32; group 5 uint32 = 1; weight_filler 7 FillerParameter; bias_filler 8
    FillerParameter; engine 15 {DEFAULT:0 CAFFE:1 CUDNN:2}; axis 16 int32 = 1; force_nd_im2col 17 bool
CropParameter
    axis 1 int32 = 2; offset 2 uint32*
DataParameter
    source 1 string; batch_size 4 uint32; rand_skip 7 uint32; backend 8 {LEVELDB:0 LMDB:1}; scale 2 float = 1;
    mean_file 3 string; crop_size 5 uint32; mirror 6 bool; force_encoded_color 9 bool; prefetch 10 uint32 = 4
DetectionOutputParameter
    num_classes 1 uint32; share_location 2 bool = true; background_label_id 3 int32; nms_param 4
    NonMaximumSuppressionParameter; save_output_param 5 SaveOutputParameter; code_type 6 {CORNER:1 CENTER_SIZE:2
    CORNER_SIZE:3} = CORNER; keep_top_k 7 int32 = -1; variance_encoded_in_target 8 bool; confidence_threshold 9
    float; visualize 10 bool; visualize_threshold 11 float; save_file 12 string
DropoutParameter
    dropout_ratio 1 float = 0.5
DummyDataParameter
    data_filler 1 FillerParameter*; shape 6 BlobShape*; num 2 uint32*; channels 3 uint32*; height 4 uint32*;
    width 5 uint32*
ELUParameter
    alpha 1 float = 1
EltwiseParameter
    operation 1 {PROD:0 SUM:1 MAX:2} = SUM; coeff 2 float*; stable_prod_grad 3 bool = true
EmbedParameter
    num_output 1 uint32; input_dim 2 uint32; bias_term 3 bool = true; weight_filler 4 FillerParameter;
    bias_filler 5 FillerParameter
ExpParameter
    base 1 float = -1; scale 2 float = 1; shift 3 float
FillerParameter
    type 1 string = constant; value 2 float; min 3 float; max 4 float = 1; mean 5 float; std 6 float = 1; sparse
    7 int32 = -1; variance_norm 8 {FAN_IN:0 FAN_OUT:1 AVERAGE:2}
FlattenParameter
    axis 1 int32 = 1; end_axis 2 int32 = -1
HDF5DataParameter
    source 1 string; batch_size 2 uint32; shuffle 3 bool
HDF5OutputParameter
    file_name 1 string
HingeLossParameter
    norm 1 {L1:1 L2:2}
ImageDataParameter
    source 1 string; batch_size 4 uint32 = 1; rand_skip 7 uint32; shuffle 8 bool; new_height 9 uint32; new_width
    10 uint32; is_color 11 bool = true; scale 2 float = 1; mean_file 3 string; crop_size 5 uint32; mirror 6
    bool; root_folder 12 string
InfogainLossParameter
    source 1 string; axis 2 int32 = 1
InnerProductParameter
    num_output 1 uint32; bias_term 2 bool = true; weight_filler 3 FillerParameter; bias_filler 4
    FillerParameter; axis 5 int32 = 1; transpose 6 bool
InputParameter
    shape 1 BlobShape*
InterpParameter
    height 1 int32; width 2 int32; zoom_factor 3 int32 = 1; shrink_factor 4 int32 = 1; pad_beg 5 int32; pad_end
    6 int32
LRNParameter
    local_size 1 uint32 = 5; alpha 2 float = 1; beta 3 float = 0.75; norm_region 4 {ACROSS_CHANNELS:0
    WITHIN_CHANNEL:1}; k 5 float = 1; engine 6 {DEFAULT:0 CAFFE:1 CUDNN:2}
LayerParameter
    name 1 string; type 2 string; bottom 3 string*; top 4 string*; phase 10 {TRAIN:0 TEST:1}; loss_weight 5
    float*; param 6 ParamSpec*; blobs 7 BlobProto*; propagate_down 11 bool*; include 8 NetStateRule*; exclude 9
    NetStateRule*; transform_param 100 TransformationParameter; loss_param 101 LossParameter; accuracy_param 102
    AccuracyParameter; argmax_param 103 ArgMaxParameter; batch_norm_param 139 BatchNormParameter; bias_param 141
    BiasParameter; concat_param 104 ConcatParameter; contrastive_loss_param 105 ContrastiveLossParameter;
    convolution_param 106 ConvolutionParameter; crop_param 144 CropParameter; data_param 107 DataParameter;
    dropout_param 108 DropoutParameter; dummy_data_param 109 DummyDataParameter; eltwise_param 110
    EltwiseParameter; elu_param 140 ELUParameter; embed_param 137 EmbedParameter; exp_param 111 ExpParameter;
    flatten_param 135 FlattenParameter; hdf5_data_param 112 HDF5DataParameter; hdf5_output_param 113
    HDF5OutputParameter; hinge_loss_param 114 HingeLossParameter; image_data_param 115 ImageDataParameter;
    infogain_loss_param 116 InfogainLossParameter; inner_product_param 117 InnerProductParameter; input_param
    143 InputParameter; log_param 134 LogParameter; lrn_param 118 LRNParameter; memory_data_param 119
    MemoryDataParameter; mvn_param 120 MVNParameter; parameter_param 145 ParameterParameter; pooling_param 121
    PoolingParameter; power_param 122 PowerParameter; prelu_param 131 PReLUParameter; python_param 130
    PythonParameter; recurrent_param 146 RecurrentParameter; reduction_param 136 ReductionParameter; relu_param
    123 ReLUParameter; reshape_param 133 ReshapeParameter; scale_param 142 ScaleParameter; sigmoid_param 124
    SigmoidParameter; softmax_param 125 SoftmaxParameter; spp_param 132 SPPParameter; slice_param 126
    SliceParameter; swish_param 147 SwishParameter; tanh_param 127 TanHParameter; threshold_param 128
    ThresholdParameter; tile_param 138 TileParameter; window_data_param 129 WindowDataParameter; permute_param
    148 PermuteParameter; norm_param 149 NormalizeBBoxParameter; prior_box_param 150 PriorBoxParameter;
    shuffle_channel_param 164 ShuffleChannelParameter; annotated_data_param 200 AnnotatedDataParameter;
    detection_output_param 50147 DetectionOutputParameter; interp_param 50143 InterpParameter; upsample_param
    50149 UpsampleParameter; roi_pooling_param 8266711 ROIPoolingParameter
LogParameter
    base 1 float = -1; scale 2 float = 1; shift 3 float
LossParameter
    ignore_label 1 int32; normalization 3 {FULL:0 VALID:1 BATCH_SIZE:2 NONE:3} = VALID; normalize 2 bool
MVNParameter
    normalize_variance 1 bool = true; across_channels 2 bool; eps 3 float = 1e-09
MemoryDataParameter
    batch_size 1 uint32; channels 2 uint32; height 3 uint32; width 4 uint32
NetParameter
    name 1 string; input 3 string*; input_shape 8 BlobShape*; input_dim 4 int32*; force_backward 5 bool; state 6
    NetState; debug_info 7 bool; layer 100 LayerParameter*; layers 2 V1LayerParameter*
NetState
    phase 1 {TRAIN:0 TEST:1} = TEST; level 2 int32; stage 3 string*
NetStateRule
    phase 1 {TRAIN:0 TEST:1}; min_level 2 int32; max_level 3 int32; stage 4 string*; not_stage 5 string*
NonMaximumSuppressionParameter
    nms_threshold 1 float = 0.3; top_k 2 int32; eta 3 float = 1
NormalizeBBoxParameter
    across_spatial 1 bool = true; scale_filler 2 FillerParameter; channel_shared 3 bool = true; eps 4 float =
    1e-10
PReLUParameter
    filler 1 FillerParameter; channel_shared 2 bool
ParamSpec
    name 1 string; share_mode 2 {STRICT:0 PERMISSIVE:1}; lr_mult 3 float = 1; decay_mult 4 float = 1
ParameterParameter
    shape 1 BlobShape
PermuteParameter
    order 1 uint32*
PoolingParameter
    pool 1 {MAX:0 AVE:1 STOCHASTIC:2}; pad 4 uint32; pad_h 9 uint32; pad_w 10 uint32; kernel_size 2 uint32;
    kernel_h 5 uint32; kernel_w 6 uint32; stride 3 uint32 = 1; stride_h 7 uint32; stride_w 8 uint32; engine 11
    {DEFAULT:0 CAFFE:1 CUDNN:2}; global_pooling 12 bool; round_mode 13 {CEIL:0 FLOOR:1}
PowerParameter
    power 1 float = 1; scale 2 float = 1; shift 3 float
PriorBoxParameter
    min_size 1 float*; max_size 2 float*; aspect_ratio 3 float*; flip 4 bool = true; clip 5 bool; variance 6
    float*; img_size 7 uint32; img_h 8 uint32; img_w 9 uint32; step 10 float; step_h 11 float; step_w 12 float;
    offset 13 float = 0.5
PythonParameter
    module 1 string; layer 2 string; param_str 3 string; share_in_parallel 4 bool
ROIPoolingParameter
    pooled_h 1 uint32; pooled_w 2 uint32; spatial_scale 3 float = 1
ReLUParameter
    negative_slope 1 float; engine 2 {DEFAULT:0 CAFFE:1 CUDNN:2}
RecurrentParameter
    num_output 1 uint32; weight_filler 2 FillerParameter; bias_filler 3 FillerParameter; debug_info 4 bool;
    expose_hidden 5 bool
ReductionParameter
    operation 1 {SUM:1 ASUM:2 SUMSQ:3 MEAN:4}; axis 2 int32; coeff 3 float = 1
ReshapeParameter
    shape 1 BlobShape; axis 2 int32; num_axes 3 int32 = -1
SPPParameter
    pyramid_height 1 uint32; pool 2 {MAX:0 AVE:1 STOCHASTIC:2}; engine 6 {DEFAULT:0 CAFFE:1 CUDNN:2}
SaveOutputParameter
    output_directory 1 string; output_name_prefix 2 string; output_format 3 string; label_map_file 4 string;
    name_size_file 5 string; num_test_image 6 uint32
ScaleParameter
    axis 1 int32 = 1; num_axes 2 int32 = 1; filler 3 FillerParameter; bias_term 4 bool; bias_filler 5
    FillerParameter
ShuffleChannelParameter
    group 1 uint32 = 1
SigmoidParameter
    engine 1 {DEFAULT:0 CAFFE:1 CUDNN:2}
SliceParameter
    axis 3 int32 = 1; slice_point 2 uint32*; slice_dim 1 uint32 = 1
SoftmaxParameter
    engine 1 {DEFAULT:0 CAFFE:1 CUDNN:2}; axis 2 int32 = 1
SwishParameter
    beta 1 float = 1
TanHParameter
    engine 1 {DEFAULT:0 CAFFE:1 CUDNN:2}
ThresholdParameter
    threshold 1 float
TileParameter
    axis 1 int32 = 1; tiles 2 int32
TransformationParameter
    scale 1 float = 1; mirror 2 bool; crop_size 3 uint32; mean_file 4 string; mean_value 5 float*; force_color 6
    bool; force_gray 7 bool
UpsampleParameter
    scale 1 int32 = 1; scale_h 2 uint32; scale_w 3 uint32; upsample_h 5 uint32; upsample_w 6 uint32
V0LayerParameter
    name 1 string; type 2 string; num_output 3 uint32; biasterm 4 bool = true; weight_filler 5 FillerParameter;
    bias_filler 6 FillerParameter; pad 7 uint32; kernelsize 8 uint32; group 9 uint32 = 1; stride 10 uint32 = 1;
    pool 11 {MAX:0 AVE:1 STOCHASTIC:2}; dropout_ratio 12 float = 0.5; local_size 13 uint32 = 5; alpha 14 float =
    1; beta 15 float = 0.75; k 22 float = 1; source 16 string; scale 17 float = 1; meanfile 18 string; batchsize
    19 uint32; cropsize 20 uint32; mirror 21 bool; blobs 50 BlobProto*; blobs_lr 51 float*; weight_decay 52
    float*; rand_skip 53 uint32; det_fg_threshold 54 float = 0.5; det_bg_threshold 55 float = 0.5;
    det_fg_fraction 56 float = 0.25; det_context_pad 58 uint32; det_crop_mode 59 string = warp; new_num 60
    int32; new_channels 61 int32; new_height 62 int32; new_width 63 int32; shuffle_images 64 bool; concat_dim 65
    uint32 = 1; hdf5_output_param 1001 HDF5OutputParameter; axis 66 uint32
V1LayerParameter
    bottom 2 string*; top 3 string*; name 4 string; include 32 NetStateRule*; exclude 33 NetStateRule*; type 5
    {NONE:0 ABSVAL:35 ACCURACY:1 ARGMAX:30 BNLL:2 CONCAT:3 CONTRASTIVE_LOSS:37 CONVOLUTION:4 DATA:5
    DECONVOLUTION:39 DROPOUT:6 DUMMY_DATA:32 EUCLIDEAN_LOSS:7 ELTWISE:25 EXP:38 FLATTEN:8 HDF5_DATA:9
    HDF5_OUTPUT:10 HINGE_LOSS:28 IM2COL:11 IMAGE_DATA:12 INFOGAIN_LOSS:13 INNER_PRODUCT:14 LRN:15 MEMORY_DATA:29
    MULTINOMIAL_LOGISTIC_LOSS:16 MVN:34 POOLING:17 POWER:26 RELU:18 SIGMOID:19 SIGMOID_CROSS_ENTROPY_LOSS:27
    SILENCE:36 SOFTMAX:20 SOFTMAX_LOSS:21 SPLIT:22 SLICE:33 TANH:23 WINDOW_DATA:24 THRESHOLD:31 REVERSE:40};
    blobs 6 BlobProto*; param 1001 string*; blob_share_mode 1002 {STRICT:0 PERMISSIVE:1}*; blobs_lr 7 float*;
    weight_decay 8 float*; loss_weight 35 float*; accuracy_param 27 AccuracyParameter; argmax_param 23
    ArgMaxParameter; concat_param 9 ConcatParameter; contrastive_loss_param 40 ContrastiveLossParameter;
    convolution_param 10 ConvolutionParameter; data_param 11 DataParameter; dropout_param 12 DropoutParameter;
    dummy_data_param 26 DummyDataParameter; eltwise_param 24 EltwiseParameter; exp_param 41 ExpParameter;
    hdf5_data_param 13 HDF5DataParameter; hdf5_output_param 14 HDF5OutputParameter; hinge_loss_param 29
    HingeLossParameter; image_data_param 15 ImageDataParameter; infogain_loss_param 16 InfogainLossParameter;
    inner_product_param 17 InnerProductParameter; lrn_param 18 LRNParameter; memory_data_param 22
    MemoryDataParameter; mvn_param 34 MVNParameter; pooling_param 19 PoolingParameter; power_param 21
    PowerParameter; relu_param 30 ReLUParameter; sigmoid_param 38 SigmoidParameter; softmax_param 39
    SoftmaxParameter; slice_param 31 SliceParameter; tanh_param 37 TanHParameter; threshold_param 25
    ThresholdParameter; window_data_param 20 WindowDataParameter; transform_param 36 TransformationParameter;
    loss_param 42 LossParameter; layer 1 V0LayerParameter
WindowDataParameter
    source 1 string; scale 2 float = 1; mean_file 3 string; batch_size 4 uint32; crop_size 5 uint32; mirror 6
    bool; fg_threshold 7 float = 0.5; bg_threshold 8 float = 0.5; fg_fraction 9 float = 0.25; context_pad 10
    uint32; crop_mode 11 string = warp; cache_images 12 bool; root_folder 13 string
"""
"""What a prototxt holds."""

WEIGHTS = """
BlobShape
    dim 1 int64*
BlobProto
    shape 7 BlobShape; data 5 bytes; double_data 8 bytes; raw_data_type 10 int32; raw_data 12 bytes; num 1 int32;
    channels 2 int32; height 3 int32; width 4 int32
LayerParameter
    name 1 string; type 2 string; bottom 3 string*; top 4 string*; blobs 7 BlobProto*
V0LayerParameter
    name 1 string; type 2 string; blobs 50 BlobProto*
V1LayerParameter
    name 4 string; layer 1 V0LayerParameter; blobs 6 BlobProto*
NetParameter
    name 1 string; layer 100 LayerParameter*; layers 2 V1LayerParameter*; fingerprint 1000 string
"""
"""What of a caffemodel is read: `data` is a packed array of floats on the wire, so declaring it bytes parses to the
same bytes without a Python object for each number. `fingerprint` is no field of Caffe: see
`mgeconvert.files.fingerprint`."""
