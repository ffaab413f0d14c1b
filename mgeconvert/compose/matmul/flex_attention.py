"""Attention whose scores and weights the model changes by graphs of its own (FlexAttention of ai.onnx.preview).

Source: the function body of the operator in onnx/defs/preview/defs.cc.
"""

from __future__ import annotations

import math

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.dtypes import dtype_of, elem_type

from ..control import laid_out
from ..table import Result, compose, data, integer, number, shape_of
from .attention import repeated, scaled_scores


@compose("ai.onnx.preview.FlexAttention")
def flex_attention(b: Builder, node: Node) -> Result:
    """FlexAttention(q, k, v) -> prob_mod(Softmax(score_mod(scale q k'))) v, the scores in `softmax_precision`"""
    query, key, value = (data(node, index) for index in range(3))
    heads, kv_heads, size = shape_of(query)[1], shape_of(key)[1], shape_of(query)[3]
    if not isinstance(heads, int) or not isinstance(kv_heads, int) or not isinstance(size, int):
        refuse("numbers of heads, or their size, that are known only at run time")
    scale = number(node, "scale", 0.0) or 1 / math.sqrt(size)
    scores = scaled_scores(b, query, repeated(b, key, heads, kv_heads), scale)
    default = query.dtype if query.dtype == np.float64 else np.dtype(np.float32)
    scores = _as(b, scores, dtype_of(integer(node, "softmax_precision", 0)) or default)
    weights = b.op("Softmax", _changed(b, node, "score_mod", scores), axis=-1)
    weights = _as(b, _changed(b, node, "prob_mod", weights), value.dtype)
    return b.op("MatMul", weights, repeated(b, value, heads, kv_heads))


def _changed(b: Builder, node: Node, name: str, x: Value) -> Value:
    """The result of the node's graph of that name; x where it has none."""
    body = node.attrs.get(name)
    return laid_out(b, body, [x])[0] if isinstance(body, Graph) else x


def _as(b: Builder, x: Value, dtype: np.dtype | None) -> Value:
    return x if dtype is None or x.dtype == dtype else b.op("Cast", x, to=elem_type(dtype))
