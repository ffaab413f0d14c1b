"""The changes of operators that need no downgrade rule, and why; the tests hold this against onnx.defs."""

from __future__ import annotations

TYPES_ONLY: dict[int, str] = {
    9: "Constant Flatten Gemm Greater Less MatMul PRelu",
    12: "MaxPool ReduceMax ReduceMin",
    13: "Abs Add ArgMax ArgMin Cast Ceil Clip Concat Constant DepthToSpace Div Dropout Equal Erf Exp Expand Flatten "
    "Floor Gather GatherElements GatherND Gemm Greater Identity If IsNaN LRN Less Log Loop MatMul Max Mean "
    "MeanVarianceNormalization Min Mod Mul Neg NegativeLogLikelihoodLoss NonZero Pad Pow Reciprocal ReduceL1 "
    "ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSumSquare Relu "
    "Reshape ScatterElements ScatterND Shape Sigmoid Sign Size Slice SoftmaxCrossEntropyLoss SpaceToDepth Sqrt "
    "Sub Sum Tanh Tile Transpose",
    14: "Add CumSum Div Identity Mul Relu Sub",
    15: "BatchNormalization Pow",
    16: "GreaterOrEqual Identity If LeakyRelu LessOrEqual Loop PRelu Scan Where",
    19: "Constant DequantizeLinear Equal Identity If Loop Reshape Scan Shape Size",
    20: "ConstantOfShape IsInf IsNaN ReduceMax ReduceMin",
    21: "Cast CastLike Constant ConstantOfShape Flatten Identity If Loop Pad QLinearMatMul Reshape Scan Shape Size "
    "Squeeze Transpose Unsqueeze",
    22: "Acos Acosh Asin Asinh Atan Atanh AveragePool Bernoulli Conv ConvTranspose Cos Cosh DeformConv Det Dropout "
    "Elu EyeLike GRU GlobalAveragePool GlobalLpPool GlobalMaxPool GridSample HardSigmoid HardSwish "
    "InstanceNormalization LSTM LpNormalization LpPool MaxPool MaxRoiPool MaxUnpool Mish Multinomial "
    "NegativeLogLikelihoodLoss RNN RandomNormal RandomNormalLike RandomUniform RandomUniformLike RoiAlign Round "
    "Selu Sin Sinh Softplus Softsign Tan ThresholdedRelu",
    23: "Cast CastLike Constant ConstantOfShape Flatten Identity If Loop Pad Reshape Scan Shape Size Squeeze "
    "Transpose Unsqueeze",
    24: "Constant ConstantOfShape DequantizeLinear Flatten Identity If Loop Pad QuantizeLinear Reshape Scan Shape "
    "Size SplitToSequence Squeeze TopK Transpose Unsqueeze",
    25: "Cast CastLike Constant ConstantOfShape DequantizeLinear Flatten Identity If Loop Pad QuantizeLinear "
    "Reshape Scan Shape Size Squeeze Transpose Unsqueeze",
    28: "BitShift Cast Celu Compress DepthToSpace DequantizeLinear Einsum OneHot Optional OptionalGetElement "
    "OptionalHasElement QuantizeLinear ReduceLogSum ReduceLogSumExp ReverseSequence Unique",
}
"""opset -> operators that then took more types and nothing else; `append_checked` holds every node against them."""

NO_CHANGE: dict[tuple[str, int], str] = {
    ("Attention", 24): "`nonpad_kv_seqlen` came as an input; the schema check refuses it below",
    ("Attention", 25): "window sizes came as attributes; the schema check refuses them below",
    ("AveragePool", 11): "only wording: SAME padding and default strides are said more exactly",
    ("BatchNormalization", 9): "`spatial` was dropped; its default 1 is what the newer form does",
    ("Cast", 9): "strings came; the type check refuses them below",
    ("Constant", 11): "`sparse_value` came; the schema check refuses it below",
    ("Conv", 11): "only wording",
    ("ConvTranspose", 11): "only wording: SAME padding and output_padding are said more exactly",
    ("If", 11): "as Loop",
    ("Loop", 11): "negative axes in the body are the body's own nodes; subgraphs are rewritten too",
    ("LpPool", 11): "only wording",
    ("MaxPool", 11): "only wording",
    ("MaxUnpool", 11): "only wording",
    ("NonMaxSuppression", 11): "only wording",
    ("OptionalGetElement", 18): "takes plain tensors; the type check refuses them below",
    ("OptionalHasElement", 18): "the input may be left out; the checker refuses that below",
    ("Scan", 11): "scan axes may be negative; runtimes took them before",
    ("Scatter", 11): "deprecated in favour of ScatterElements, which has the rule",
    ("Upsample", 10): "deprecated in favour of Resize, which has the rule",
}
"""(operator, opset) -> why the newer form can be written as it is."""


def unchanged_forms() -> dict[tuple[str, int], str]:
    """Every (operator, opset) without a rule, with the reason."""
    types = {(op, since): "more types" for since, ops in TYPES_ONLY.items() for op in ops.split()}
    return types | NO_CHANGE
