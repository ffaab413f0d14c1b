"""Caffe's layer types by family of operators: `lower/` has the handler of a layer in the file of its family's name.

The families are those of `mgeconvert.ir.families`; a layer whose name ONNX has too is in the same family as there.
"""

from __future__ import annotations

from collections.abc import Mapping

_LAYERS = {
    "elementwise": "AbsVal Axpy Bias Eltwise Exp Log Power Scale Threshold",
    "activation": "BNLL ELU Mish PReLU ReLU ReLU6 Sigmoid Softmax Swish TanH",
    "reduction": "ArgMax Reduction",
    "matmul": "InnerProduct",
    "convolution": "Convolution ConvolutionDepthwise Deconvolution DepthwiseConvolution Im2col",
    "pooling": "MaxUnpool Pooling SPP Unpooling",
    "normalization": "BatchNorm Dropout LRN MVN Normalize",
    "resize": "Interp Upsample",
    "movement": "Concat Flatten Parameter Permute Reshape ShuffleChannel Split Tile",
    "indexing": "BatchReindex Crop Embed Filter Reverse Slice",
    "vision": "DetectionOutput PSROIPooling PriorBox Proposal ROIAlign ROIPooling",
    "recurrent": "ContinuationIndicator LSTM LSTMUnit RNN",
    "control": """Accuracy AnnotatedData ContrastiveLoss CtcLoss Data DetectionEvaluate DummyData EuclideanLoss HDF5Data
        HDF5Output HingeLoss ImageData InfogainLoss Input LabelsequenceAccuracy MemoryData MultiBoxLoss
        MultinomialLogisticLoss Python SigmoidCrossEntropyLoss Silence SoftmaxWithLoss WindowData""",
}

LAYERS: Mapping[str, str] = {layer: family for family, layers in _LAYERS.items() for layer in layers.split()}
"""Caffe layer type to family."""
