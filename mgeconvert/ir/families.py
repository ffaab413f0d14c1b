"""Families of operators: one list for every format. A handler stands in the file, or the folder, of its family's name.

`ONNX` gives the family of each operator of the IR; other formats name theirs in a `families.py` of their own, with the
same families. Who knows an operator's name knows the file: `lower/pooling.py`, `emit/pooling.py`, `up/pooling.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

FAMILIES: Mapping[str, str] = {
    "elementwise": "arithmetic, comparison, logic, rounding, trigonometry, casts: each element by itself",
    "activation": "the activation functions of neural networks, and softmax",
    "reduction": "sums, means, extremes and norms along axes, running sums, arg-max",
    "matmul": "products of matrices, Einsum, attention, determinants",
    "convolution": "convolutions, transposed and deformable ones, sliding windows",
    "pooling": "pools, also global, adaptive and un-pooling",
    "normalization": "normalization by computed or stored statistics, dropout",
    "resize": "resizing of images",
    "movement": "reshape, transpose, concat, split, pad, tile, shapes, constants: elements move, none is chosen",
    "indexing": "gather, slice, scatter: elements chosen or written by position",
    "selection": "top-k, sort, where, one-hot, masks: elements chosen by value",
    "vision": "sampling at computed positions, regions of interest, boxes",
    "recurrent": "recurrent networks",
    "quantization": "quantize, dequantize and operators of integers",
    "control": "branches, loops, sequences, optionals, randomness, losses and what else is no tensor arithmetic",
}
"""Each family with what belongs to it."""

_OPERATORS = {
    "elementwise": """Abs Acos Acosh Add And Asin Asinh Atan Atanh BitCast BitShift BitwiseAnd BitwiseNot BitwiseOr
        BitwiseXor Cast CastLike Ceil Clip Cos Cosh Div Equal Erf Exp Floor Greater GreaterOrEqual Identity IsInf IsNaN
        Less LessOrEqual Log Max Mean Min Mod Mul Neg Not Or Pow Reciprocal Round Sign Sin Sinh Sqrt Sub Sum Tan Xor""",
    "activation": """Celu Elu Gelu HardSigmoid HardSwish Hardmax LeakyRelu LogSoftmax Mish PRelu Relu Selu Shrink
        Sigmoid Softmax Softplus Softsign SwiGLU Swish Tanh ThresholdedRelu""",
    "reduction": """ArgMax ArgMin CumProd CumSum ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean
        ReduceMin ReduceProd ReduceSum ReduceSumSquare""",
    "matmul": "Attention DFT Det Einsum Gemm LinearAttention MatMul MelWeightMatrix RotaryEmbedding STFT",
    "convolution": "CausalConvWithState Col2Im Conv ConvTranspose DeformConv",
    "pooling": "AveragePool GlobalAveragePool GlobalLpPool GlobalMaxPool LpPool MaxPool MaxUnpool",
    "normalization": """BatchNormalization Dropout GroupNormalization InstanceNormalization LRN LayerNormalization
        LpNormalization MeanVarianceNormalization RMSNormalization""",
    "resize": "Resize Upsample",
    "movement": """CenterCropPad Concat Constant ConstantOfShape DepthToSpace Expand EyeLike Flatten Pad Range Reshape
        Shape Size SpaceToDepth Split Squeeze Tile Transpose Unsqueeze""",
    "indexing": """Gather GatherElements GatherND ReverseSequence Scatter ScatterElements ScatterND Slice
        TensorScatter""",
    "selection": "Compress NonZero OneHot TopK Trilu Unique Where",
    "vision": "AffineGrid GridSample ImageDecoder MaxRoiPool NonMaxSuppression RoiAlign",
    "recurrent": "GRU LSTM RNN",
    "quantization": """ConvInteger DequantizeLinear DynamicQuantizeLinear MatMulInteger QLinearConv QLinearMatMul
        QuantizeLinear""",
    "control": """Bernoulli BlackmanWindow ConcatFromSequence HammingWindow HannWindow If Loop Multinomial
        NegativeLogLikelihoodLoss Optional OptionalGetElement OptionalHasElement RandomNormal RandomNormalLike
        RandomUniform RandomUniformLike RegexFullMatch Scan SequenceAt SequenceConstruct SequenceEmpty SequenceErase
        SequenceInsert SequenceLength SequenceMap SoftmaxCrossEntropyLoss SplitToSequence StringConcat StringNormalizer
        StringSplit TfIdfVectorizer""",
}

ONNX: Mapping[str, str] = {op: family for family, ops in _OPERATORS.items() for op in ops.split()}
"""ONNX operator to family."""
