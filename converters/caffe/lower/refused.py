"""Layer types that are known and not lowered, and why."""

from __future__ import annotations

_TABLE = """
Python | its program is not in the file
PSROIPooling ROIAlign Proposal | a layer of a two-stage detector for which ONNX has no operator
Filter | which rows remain is known only at run time
ContinuationIndicator LSTMUnit | parts of Caffe's own recurrent layers
Unpooling MaxUnpool | the mask of a pooling layer
"""

REFUSED = {
    name: reason
    for names, reason in (line.split(" | ") for line in _TABLE.strip().split("\n"))
    for name in names.split()
}

TRAINING = {
    "Accuracy", "ContrastiveLoss", "CtcLoss", "DetectionEvaluate", "EuclideanLoss", "HDF5Output", "HingeLoss",
    "InfogainLoss", "LabelsequenceAccuracy", "MultiBoxLoss", "MultinomialLogisticLoss", "SigmoidCrossEntropyLoss",
    "SoftmaxWithLoss",
}  # fmt: skip
"""Layers that compare with labels: left out, and what they read becomes an output unless something else reads it."""

DATA = {"AnnotatedData", "Data", "DummyData", "HDF5Data", "ImageData", "MemoryData", "WindowData"}
"""Layers that read training data: their tops become inputs of the graph."""
