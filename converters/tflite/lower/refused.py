"""Operators that have no ONNX form, and why."""

from __future__ import annotations

from .table import REFUSED

_TABLES = "a table of texts or integers that is filled when the program starts; look up outside the model"
_RANDOM = "random numbers differ at each run, so nothing could be verified; draw them outside and make them an input"
_TEXT = "it computes with texts; do that outside the model"
_OLD = "an operator of TensorFlow Lite's first years whose kernel keeps state of its own"
_STABLEHLO = "an experimental StableHLO operator; convert the model with its TFLite forms"

REFUSED.update({
    **dict.fromkeys(["HASHTABLE", "HASHTABLE_FIND", "HASHTABLE_IMPORT", "HASHTABLE_SIZE", "HASHTABLE_LOOKUP"], _TABLES),
    **dict.fromkeys(["RANDOM_STANDARD_NORMAL", "RANDOM_UNIFORM", "MULTINOMIAL"], _RANDOM),
    **dict.fromkeys(["LSH_PROJECTION", "SKIP_GRAM"], _TEXT),
    **dict.fromkeys(["CONCAT_EMBEDDINGS", "EMBEDDING_LOOKUP_SPARSE", "LSTM", "CALL",
                     "BIDIRECTIONAL_SEQUENCE_RNN"], _OLD),
    "DELEGATE": "a part that only a delegate on its own hardware can run",
    "BITCAST": "ONNX has no bit cast of other sizes before opset 26",
})  # fmt: skip
