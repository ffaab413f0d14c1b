"""Layer types that are known and not lowered, and why."""

from __future__ import annotations

_TABLE = """
Python | its program is not in the file
ROIPooling PSROIPooling ROIAlign Proposal | ONNX has no such operator, and regions are chosen at run time
Im2col | it serves Caffe's own convolution
BatchReindex Filter | which rows remain is known only at run time
SPP | spatial pyramid pooling
ContinuationIndicator LSTMUnit | parts of Caffe's own recurrent layers
Unpooling MaxUnpool | the mask of a pooling layer
"""

REFUSED = {type: reason for types, reason in (line.split(" | ") for line in _TABLE.strip().split("\n")) for type in types.split()}

TRAINING = frozenset(
    """Accuracy ContrastiveLoss CtcLoss EuclideanLoss HDF5Output HingeLoss InfogainLoss LabelsequenceAccuracy
    MultiBoxLoss MultinomialLogisticLoss SigmoidCrossEntropyLoss SoftmaxWithLoss DetectionEvaluate""".split()
)
"""Layers that compare with labels: left out, and what they read becomes an output unless something else reads it."""

DATA = frozenset("Data ImageData MemoryData HDF5Data WindowData DummyData AnnotatedData".split())
"""Layers that read training data: their tops become inputs of the graph."""
