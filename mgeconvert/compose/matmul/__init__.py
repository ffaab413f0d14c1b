"""Products of matrices, and attention in every form that onnx and onnxruntime have."""

from . import (
    attention,
    flex_attention,
    fused_attention,
    grouped_attention,
    linear_attention,
    products,
    rotary,
    transforms,
)

__all__ = [
    "attention",
    "flex_attention",
    "fused_attention",
    "grouped_attention",
    "linear_attention",
    "products",
    "rotary",
    "transforms",
]
