"""Operators TFLite's builtins cannot express, and why."""

from __future__ import annotations

from .table import REFUSED

_NO_CONTROL = "control flow is not exported; run the loop outside, or trace the model with fixed decisions"
_RANDOM = "random numbers differ at each run, so nothing could be verified; draw them outside and make them an input"
_STRINGS = "TFLite's builtins do not compute with text"
_SEQUENCE = "TFLite has no sequences of tensors"

_INTEGERS = "give the model with QuantizeLinear and DequantizeLinear around float operators instead"
_TRAINING = "a loss is for training"
_FOLDED = "it makes constants and should have been computed at conversion time"

REFUSED.update({
    **dict.fromkeys(["ConvInteger", "MatMulInteger", "QLinearConv", "QLinearMatMul"], _INTEGERS),
    "DynamicQuantizeLinear": _INTEGERS,
    **dict.fromkeys(["NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"], _TRAINING),
    **dict.fromkeys(["BlackmanWindow", "HammingWindow", "HannWindow", "MelWeightMatrix"], _FOLDED),
    "AffineGrid": "write it as the matrix product it is, then GridSample",
    "CenterCropPad": "write it as Slice and Pad",
    "Col2Im": "TFLite does not add up overlapping blocks",
    "ImageDecoder": "decode the image before the model",
    "LpPool": "TFLite's L2_POOL_2D divides by the window and cannot pad",
    "GlobalLpPool": "TFLite's L2_POOL_2D divides by the window and cannot pad",
    "MaxRoiPool": "the size of its windows depends on the boxes; RoiAlign has a TFLite form",

    "If": _NO_CONTROL, "Loop": _NO_CONTROL, "Scan": _NO_CONTROL,
    "RandomNormal": _RANDOM, "RandomNormalLike": _RANDOM, "RandomUniform": _RANDOM, "RandomUniformLike": _RANDOM,
    "Multinomial": _RANDOM, "Bernoulli": _RANDOM,
    "StringNormalizer": _STRINGS, "TfIdfVectorizer": _STRINGS, "RegexFullMatch": _STRINGS, "StringConcat": _STRINGS,
    "StringSplit": _STRINGS,
    **dict.fromkeys(["SequenceAt", "SequenceConstruct", "SequenceEmpty", "SequenceErase", "SequenceInsert",
                     "SequenceLength", "SequenceMap", "SplitToSequence", "ConcatFromSequence", "Optional",
                     "OptionalGetElement", "OptionalHasElement"], _SEQUENCE),
    "Einsum": "TFLite has no einsum; write it as products, transposes and sums",
    "Det": "TFLite has no determinant",
    "Unique": "how many results there are depends on the data",
    "DFT": "TFLite's RFFT2D computes real transforms of powers of two only",
    "STFT": "TFLite's RFFT2D computes real transforms of powers of two only",
    "BitwiseAnd": "TFLite has BITWISE_XOR and RIGHT_SHIFT, no bitwise and",
    "BitwiseOr": "TFLite has BITWISE_XOR and RIGHT_SHIFT, no bitwise or",
    "MaxUnpool": "it needs the indices of a MaxPool, which TFLite does not compute",
})  # fmt: skip

LACKING = frozenset(["ArgMax", "ArgMin", "AveragePool", "BitShift", "LayerNormalization", "Resize"])
"""Operators of which TFLite has no form that `mgeconvert.compose` names: they are composed of others."""
