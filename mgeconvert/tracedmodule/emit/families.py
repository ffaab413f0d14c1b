"""The families of the operators that are one call of MegEngine and no ONNX operator; see `mgeconvert.ir.families`."""

from __future__ import annotations

from collections.abc import Mapping

_OPERATORS = {
    "elementwise": "BitShift FloorDiv",
    "activation": "Relu6 Silu",
    "reduction": "ReduceMax ReduceMin",
    "matmul": "Linear LinearOf",
    "convolution": "ConvOf ConvRelu ConvTransposeOf",
    "resize": "Interpolate",
    "movement": "BroadcastTo ReshapeTo",
    "indexing": "AddAt Copy Embedding PutAt SliceAt TakeAt TakeWhere",
    "selection": "CondTake TopK",
    "vision": "Nms Remap RoiAlign",
    "recurrent": "LSTMOf RNNOf",
    "quantization": """DequantStub FakeQuant Integers QuantStub QuantizedConcat QuantizedConv QuantizedConvTranspose
        QuantizedElemwise QuantizedLinear""",
}

OWN: Mapping[str, str] = {op: family for family, ops in _OPERATORS.items() for op in ops.split()}
"""Operator of the domain ``megengine`` to family. ``...Of``: what is called a weight is computed.
BitShift, ReduceMax and ReduceMin are ONNX's but for large counts and infinities."""
