"""What Caffe cannot express, and why; the reason is what a user reads."""

from __future__ import annotations

_TABLE = """
Sin Cos Tan Asin Acos Atan | Caffe has no trigonometric layer
Floor Ceil Round Mod BitShift BitwiseAnd BitwiseOr BitwiseXor BitwiseNot | Caffe has no layer that rounds
IsInf IsNaN | Caffe has no layer that tests for infinity or NaN
Shape Size NonZero Unique Compress Range ConstantOfShape | a Caffe blob's shape is fixed when the net is loaded
GridSample RoiAlign MaxRoiPool AffineGrid DeformConv MaxUnpool | Caffe has no sampling layer
NonMaxSuppression | BVLC Caffe has no detection layers
If Loop Scan | Caffe has no control flow
Einsum | a diagonal or a product of sizes known only at run time
Det ReverseSequence StringNormalizer TfIdfVectorizer | Caffe has no such layer
RandomNormal RandomNormalLike RandomUniform RandomUniformLike Multinomial Bernoulli | Caffe has no random layer
QLinearConv QLinearMatMul ConvInteger MatMulInteger DynamicQuantizeLinear | Caffe computes in float32 only
"""

REFUSED = {
    op: reason for ops, reason in (line.split(" | ") for line in _TABLE.strip().split("\n")) for op in ops.split()
}
"""IR operator to reason."""

LACKING = frozenset(["GRU", "GatherND", "LSTM", "MaxPool", "RNN", "Resize"])
"""Operators of which Caffe has no form that `mgeconvert.compose` names: they are composed of others."""
