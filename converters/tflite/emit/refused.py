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
    "AffineGrid": "an affine grid of a computed size",
    "CenterCropPad": "a centre of a computed size",
    "Col2Im": "overlapping blocks of a computed size",
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
    "Einsum": "a diagonal or a product of sizes known only at run time",
    "Det": "TFLite has no determinant; those of up to 3 rows are composed",
    "Unique": "how many results there are depends on the data",
    "DFT": "a transform of a computed length, or the inverse of a one-sided one",
    "STFT": "a transform of frames of a computed length",
    "BitwiseAnd": "TFLite has BITWISE_XOR and RIGHT_SHIFT, no bitwise and",
    "BitwiseOr": "TFLite has BITWISE_XOR and RIGHT_SHIFT, no bitwise or",
    "MaxUnpool": "windows that overlap, or a size known only at run time",
})  # fmt: skip

LACKING = frozenset(
    ["ArgMax", "ArgMin", "AveragePool", "BitShift", "GRU", "GatherND", "LSTM", "LayerNormalization", "RNN", "Resize"]
)
"""Operators of which TFLite has no form that `mgeconvert.compose` names: they are composed of others."""
