"""Multi-head attention, by composition.

All weights and biases are one flat vector: query, key, value and output matrices (input x output), then their biases.
Source: megengine/functional/nn.py, and what MegEngine 1.13 computes for known weights.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..module import Module
from ..names import MODULE, NN
from ..operands import BOOL, rank
from ..shapes import dimension, number, reshape
from ..table import lower

Projection = tuple[np.ndarray, np.ndarray | None]


def _projections(flat: np.ndarray, sizes: list[int], out: int, biases: list[bool]) -> list[Projection]:
    matrices, rest = [], flat.reshape(-1)
    for size in sizes:
        matrices.append(rest[: size * out].reshape(size, out))
        rest = rest[size * out :]
    found: list[Projection] = []
    for matrix, given in zip(matrices, biases, strict=True):
        found.append((matrix, rest[:out] if given else None))
        rest = rest[out:] if given else rest
    return found


def _projected(b: Builder, x: Value, projection: Projection) -> Value:
    matrix, bias = projection
    product = b.op("MatMul", x, matrix)
    return product if bias is None else b.op("Add", product, bias)


def _heads(b: Builder, x: Value, heads: int, order: list[int]) -> Value:
    """(N, S, E) to (N, heads, S, E / heads), or with the last two axes swapped."""
    return b.op("Transpose", b.op("Reshape", x, [0, 0, heads, -1]), perm=order)


def _additive(b: Builder, mask: Value | None, dtype: Any) -> Value | None:
    """A bool mask hides where it is true."""
    if mask is None or mask.dtype != BOOL:
        return mask
    return b.op("Where", mask, b.constant(-np.inf, dtype), b.constant(0, dtype))


def _mask(b: Builder, attn: Value | None, padding: Value | None, heads: int, dtype: Any) -> Value | None:
    """The sum of both masks, in a form that broadcasts against (N, heads, Sq, Sk)."""
    attn, padding = _additive(b, attn, dtype), _additive(b, padding, dtype)
    if attn is not None and rank(attn) == 3:
        attn = reshape(b, attn, [-1, heads, dimension(b, attn, 1), dimension(b, attn, 2)])
    if padding is None:
        return attn
    padding = b.op("Unsqueeze", padding, [1, 2])
    return padding if attn is None else b.op("Add", attn, padding)


@lower(NN + "multi_head_attention")
def multi_head_attention(
    b: Builder,
    query: Value,
    key: Value,
    value: Value,
    embed_dim: int,
    num_heads: int,
    attn_drop: float,
    out_drop: float,
    io_weight_bias: Value | None,
    qproj_size: int | None = None,
    kproj_size: int | None = None,
    vproj_size: int | None = None,
    oproj_size: int | None = None,
    qbias: bool = False,
    kbias: bool = False,
    vbias: bool = False,
    obias: bool = False,
    bias_k: Any = None,
    bias_v: Any = None,
    add_zero_attn: bool = False,
    key_padding_mask: Value | None = None,
    attn_mask: Value | None = None,
    need_weights: bool = False,
    average_attn_weights: bool = False,
    is_causal: bool = False,
    maybe_cudnn_style_mask: bool = False,
    reslink: bool = False,
    training: bool = True,
) -> Any:
    """(N, S, E) inputs; the weights come out as (N heads, Sq, Sk), or (N, Sq, Sk) averaged."""
    if maybe_cudnn_style_mask or (is_causal and attn_mask is None and key_padding_mask is None):
        refuse("attention with a mask that MegEngine leaves to cuDNN")
    if io_weight_bias is None or io_weight_bias.array is None or 0 in (qproj_size, kproj_size, vproj_size, oproj_size):
        refuse("attention without projections, or with weights that are only known at run time")
    if rank(query) == 2:
        refuse("attention without a batch axis")
    sizes = [embed_dim, *(number((x.shape or ())[-1], "the width of keys or values") for x in (key, value)), embed_dim]
    to_query, to_key, to_value, to_output = _projections(
        io_weight_bias.array, sizes, embed_dim, [qbias, kbias, vbias, obias]
    )
    queries = _heads(b, _projected(b, query, to_query), num_heads, [0, 2, 1, 3])
    keys = _heads(b, _projected(b, key, to_key), num_heads, [0, 2, 3, 1])
    values = _heads(b, _projected(b, value, to_value), num_heads, [0, 2, 1, 3])
    scores = b.op("Mul", b.op("MatMul", queries, keys), (embed_dim // num_heads) ** -0.5)
    mask = _mask(b, attn_mask, key_padding_mask, num_heads, query.dtype)
    weights = b.op("Softmax", scores if mask is None else b.op("Add", scores, mask), axis=-1)
    mixed = b.op("Transpose", b.op("MatMul", weights, values), perm=[0, 2, 1, 3])
    output = _projected(b, b.op("Reshape", mixed, [0, 0, -1]), to_output)
    if not need_weights:
        return output
    if average_attn_weights:
        return output, b.op("ReduceMean", weights, [1], keepdims=0)
    return output, reshape(b, weights, [-1, dimension(b, query, 1), dimension(b, key, 1)])


@lower(MODULE + "multiheadattn.MultiHeadAttention")
def multi_head_attention_module(
    b: Builder,
    self: Module,
    query: Value,
    key: Value,
    value: Value,
    key_padding_mask: Value | None = None,
    attn_mask: Value | None = None,
    need_weights: bool = False,
    average_attn_weights: bool = False,
    is_causal: bool = False,
    maybe_cudnn_style_mask: bool = False,
) -> Any:
    bias = self.bias
    return multi_head_attention(
        b, query, key, value, self.embed_dim, self.num_heads, 0.0, 0.0, self.io_weight_bias, qbias=bias, kbias=bias,
        vbias=bias, obias=bias, key_padding_mask=key_padding_mask, attn_mask=attn_mask, need_weights=need_weights,
        average_attn_weights=average_attn_weights, is_causal=is_causal, maybe_cudnn_style_mask=maybe_cudnn_style_mask,
    )  # fmt: skip
