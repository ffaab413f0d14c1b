"""Caffe layers, one net a row, computed by real BVLC Caffe: what the Caffe frontend is judged by.

A row is the text of its layers and its inputs; the blobs that no layer reads are its outputs.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mgeconvert_converters.caffe.lower import LOWERINGS
from tests.harness.rows import Row, X


@dataclass(frozen=True, eq=False)
class LayerRow(Row):
    """Layers in prototxt and what goes into them. `positive` names weights (layer/number) that must be positive; Caffe
    fills the others with random numbers."""

    layers: str
    operands: Mapping[str, X]
    positive: tuple[str, ...] = ()

    def automatic_id(self) -> str:
        raise ValueError(f"a net has no name of its own: give an id: {self.layers}")

    def named_operands(self) -> Mapping[str, X]:
        return self.operands

    def arrays(self) -> dict[str, np.ndarray]:
        """The inputs, drawn one after the other, as when the goldens were made."""
        random = np.random.RandomState(zlib.crc32(self.id.encode()))
        return {name: operand.drawn(random) for name, operand in self.operands.items()}

    @property
    def prototxt(self) -> str:
        """The whole net."""
        inputs = (
            f'layer {{ name: "{name}" type: "Input" top: "{name}" '
            f"input_param {{ shape {{ {_dims(operand.shape)} }} }} }}\n"
            for name, operand in self.operands.items()
        )
        return f'name: "{self.id}"\n{"".join(inputs)}{self.layers}\n'


def _dims(shape: tuple[int, ...]) -> str:
    return " ".join(f"dim: {size}" for size in shape)


def one(id: str, type: str, params: str = "", *operands: X, tops: int = 1, **row: Any) -> LayerRow:
    """A net of one layer ``l`` with bottoms ``x0`` ... and tops ``y0`` ...; `params` are the fields of its message."""
    named = {f"x{at}": operand for at, operand in enumerate(operands)}
    parameter = LOWERINGS[type].param
    text = f"{parameter} {{ {params} }}" if params else ""
    wires = " ".join([f'bottom: "{name}"' for name in named] + [f'top: "y{at}"' for at in range(tops)])
    return LayerRow(f'layer {{ name: "l" type: "{type}" {wires} {text} }}', named, id=id, **row)


IMAGE = X(1, 4, 7, 9)
POOL_FORMS = [
    (kernel, stride, pad) for kernel in (2, 3) for stride in (1, 2, 3) for pad in (0, 1) if pad < kernel
]  # fmt: skip

ELEMENTWISE = [
    one("absval", "AbsVal", "", IMAGE),
    one("threshold", "Threshold", "threshold: 0.2", IMAGE),
    one("power", "Power", "power: 3 scale: 0.5 shift: 0.1", IMAGE),
    one("power-square", "Power", "power: 2 shift: 0.1", IMAGE),
    one("power-root", "Power", "power: 0.5 scale: 2", X(1, 4, 7, 9, low=0.1)),
    one("power-zero", "Power", "power: 0", IMAGE),
    one("exp", "Exp", "base: 2 scale: 0.5 shift: 1", IMAGE),
    one("exp-natural", "Exp", "", IMAGE),
    one("log", "Log", "base: 10 scale: 2 shift: 1", X(1, 4, 7, 9, low=0.1)),
    one("eltwise-sum", "Eltwise", "", IMAGE, IMAGE, IMAGE),
    one("eltwise-coeff", "Eltwise", "coeff: 0.5 coeff: -2", IMAGE, IMAGE),
    one("eltwise-prod", "Eltwise", "operation: PROD", IMAGE, IMAGE),
    one("eltwise-max", "Eltwise", "operation: MAX", IMAGE, IMAGE),
    one("scale", "Scale", "bias_term: true", IMAGE),
    one("scale-axes", "Scale", "axis: 2 num_axes: 2", IMAGE),
    one("scale-all-axes", "Scale", "axis: 0 num_axes: -1 bias_term: true", IMAGE),
    one("scale-scalar", "Scale", "num_axes: 0", IMAGE),
    one("scale-bottom", "Scale", "axis: 0 bias_term: true", IMAGE, X(1, 4)),
    one("bias", "Bias", "", IMAGE),
    one("bias-bottom", "Bias", "axis: 2", IMAGE, X(7, 9)),
]  # fmt: skip
ACTIVATION = [
    one("relu", "ReLU", "", IMAGE),
    one("relu-slope", "ReLU", "negative_slope: 0.1", IMAGE),
    one("prelu", "PReLU", "", IMAGE),
    one("prelu-shared", "PReLU", "channel_shared: true", IMAGE),
    one("elu", "ELU", "alpha: 0.7", IMAGE),
    one("sigmoid", "Sigmoid", "", IMAGE),
    one("tanh", "TanH", "", IMAGE),
    one("bnll", "BNLL", "", IMAGE),
    one("swish", "Swish", "beta: 1.5", IMAGE),
    one("softmax", "Softmax", "", IMAGE),
    one("softmax-last", "Softmax", "axis: -1", IMAGE),
]  # fmt: skip
REDUCTION = [
    one("argmax", "ArgMax", "", IMAGE),
    one("argmax-pairs", "ArgMax", "out_max_val: true top_k: 3", X(2, 3, 4)),
    one("argmax-axis", "ArgMax", "axis: 1 top_k: 2", IMAGE),
    one("argmax-axis-value", "ArgMax", "axis: -1 out_max_val: true", IMAGE),
    one("reduction-sum", "Reduction", "axis: 1", X(2, 3, 4)),
    one("reduction-mean", "Reduction", "operation: MEAN axis: 2 coeff: 2", X(2, 3, 4)),
    one("reduction-asum", "Reduction", "operation: ASUM", X(2, 3, 4)),
    one("reduction-sumsq", "Reduction", "operation: SUMSQ axis: -1", X(2, 3, 4)),
]  # fmt: skip
MATMUL = [
    one("inner-product", "InnerProduct", "num_output: 5", X(2, 3, 4, 5)),
    one("inner-product-axis", "InnerProduct", "num_output: 5 axis: -1 bias_term: false", X(2, 3, 4)),
    one("inner-product-transpose", "InnerProduct", "num_output: 5 transpose: true", X(2, 6)),
]  # fmt: skip
CONVOLUTION = [
    one("conv", "Convolution", "num_output: 6 kernel_size: 3 pad: 1 stride: 2", IMAGE),
    one("conv-hw", "Convolution", "num_output: 2 kernel_h: 3 kernel_w: 1 pad_h: 1 pad_w: 0 stride: 2", IMAGE),
    one("conv-two-sizes", "Convolution", "num_output: 2 kernel_size: 3 kernel_size: 2 pad: 1 pad: 0", IMAGE),
    one("conv-group-dilation", "Convolution", "num_output: 4 kernel_size: 3 group: 2 dilation: 2", IMAGE),
    one("conv-3d", "Convolution", "num_output: 2 kernel_size: 3 pad: 1", X(1, 2, 4, 5, 6)),
    one("deconv", "Deconvolution", "num_output: 3 kernel_size: 4 pad: 1 stride: 2", IMAGE),
    one("deconv-group", "Deconvolution", "num_output: 4 kernel_size: 3 group: 4 stride: 2 bias_term: false", IMAGE),
    one("conv-two-bottoms", "Convolution", "num_output: 3 kernel_size: 3", IMAGE, IMAGE, tops=2),
    one("deconv-two-bottoms", "Deconvolution", "num_output: 3 kernel_size: 3", IMAGE, IMAGE, tops=2),
    one("im2col", "Im2col", "kernel_size: 3 pad: 1 stride: 2", IMAGE),
    one("im2col-hw", "Im2col", "kernel_h: 2 kernel_w: 3 dilation: 2", IMAGE),
]  # fmt: skip
POOLING = [
    *(
        one(f"pool-{kind}-{k}-{s}-{p}", "Pooling", f"pool: {kind} kernel_size: {k} stride: {s} pad: {p}", X(1, 2, 8, 7))
        for kind in ("MAX", "AVE")
        for k, s, p in POOL_FORMS
    ),
    one("pool-hw", "Pooling", "pool: AVE kernel_h: 3 kernel_w: 2 stride_h: 2 stride_w: 1 pad_h: 1 pad_w: 0", IMAGE),
    one("pool-floor", "Pooling", "pool: MAX kernel_size: 3 stride: 2 round_mode: FLOOR", X(1, 2, 8, 8)),
    one("pool-global-ave", "Pooling", "pool: AVE global_pooling: true", IMAGE),
    one("pool-global-max", "Pooling", "pool: MAX global_pooling: true", IMAGE),
    one("pool-pyramid", "SPP", "pyramid_height: 3 pool: MAX", IMAGE),
    one("pool-pyramid-ave", "SPP", "pyramid_height: 2 pool: AVE", X(2, 3, 5, 6)),
    one("pool-pyramid-one", "SPP", "pyramid_height: 1 pool: MAX", IMAGE),
]  # fmt: skip
NORMALIZATION = [
    one("dropout", "Dropout", "", IMAGE),
    one("batch-norm", "BatchNorm", "", IMAGE, positive=("l/1", "l/2")),
    one("lrn", "LRN", "local_size: 3 alpha: 0.5 beta: 0.6 k: 2", IMAGE),
    one("lrn-within", "LRN", "local_size: 3 alpha: 0.5 norm_region: WITHIN_CHANNEL", IMAGE),
    one("mvn", "MVN", "", IMAGE),
    one("mvn-across", "MVN", "across_channels: true eps: 0.1", IMAGE),
    one("mvn-mean", "MVN", "normalize_variance: false", IMAGE),
]  # fmt: skip
MOVEMENT = [
    one("concat", "Concat", "", X(1, 2, 3), X(1, 4, 3)),
    one("concat-old", "Concat", "concat_dim: 0", X(1, 2, 3), X(2, 2, 3)),
    one("split", "Split", "", X(2, 3), tops=2),
    one("reshape", "Reshape", "shape { dim: 0 dim: -1 dim: 3 }", X(2, 3, 4)),
    one("reshape-axes", "Reshape", "shape { dim: 2 dim: 6 } axis: 1 num_axes: 2", X(5, 3, 4, 2)),
    one("reshape-insert", "Reshape", "shape { dim: 1 } axis: -1 num_axes: 0", X(2, 3)),
    one("flatten", "Flatten", "", X(2, 3, 4)),
    one("flatten-axes", "Flatten", "axis: 1 end_axis: 2", X(2, 3, 4, 5)),
    one("permute", "Permute", "order: 0 order: 2 order: 3 order: 1", X(1, 2, 3, 4)),
    one("tile", "Tile", "axis: 2 tiles: 3", X(2, 3, 4)),
    LayerRow(
        """
        layer { name: "p" type: "Parameter" top: "p" parameter_param { shape { dim: 2 dim: 3 } } }
        layer { name: "y" type: "Eltwise" bottom: "x" bottom: "p" top: "y" }
        """,
        {"x": X(2, 3)},
        id="parameter",
    ),
]  # fmt: skip
INDEXING = [
    one("batch-reindex", "BatchReindex", "", X(3, 2, 4), X(values=[2, 0, 0, 1])),
    one("embed", "Embed", "num_output: 3 input_dim: 7", X(values=[[0, 6, 3], [2, 2, 5]])),
    one("slice", "Slice", "", X(2, 6, 3), tops=3),
    one("slice-points", "Slice", "axis: -1 slice_point: 1 slice_point: 4", X(2, 6), tops=3),
    one("crop", "Crop", "axis: 2 offset: 1 offset: 2", IMAGE, X(1, 1, 4, 5)),
    one("crop-one-offset", "Crop", "axis: 1 offset: 1", IMAGE, X(1, 2, 4, 5)),
    one("reverse", "Reverse", "", X(4, 3)),
]  # fmt: skip
RECURRENT = [
    one("lstm", "LSTM", "num_output: 3", X(4, 2, 5), X(values=[[0, 0], [1, 1], [1, 0], [1, 1]])),
    one("lstm-one-step", "LSTM", "num_output: 3", X(1, 2, 5), X(values=[[0, 0]])),
    one("rnn", "RNN", "num_output: 3", X(4, 2, 5), X(values=[[0, 0], [1, 1], [1, 0], [1, 1]])),
]  # fmt: skip
NETS = [
    LayerRow(
        """
        layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 3 kernel_size: 1 } }
        layer { name: "r" type: "ReLU" bottom: "c" top: "c" }
        layer { name: "s" type: "Scale" bottom: "c" top: "c" }
        layer { name: "y" type: "Power" bottom: "c" top: "y" power_param { scale: 2 } }
        """,
        {"x": X(1, 2, 3, 4)},
        id="in-place",
    ),
    LayerRow(
        """
        layer { name: "a" type: "InnerProduct" bottom: "x" top: "a" param { name: "w" } param { name: "b" }
                inner_product_param { num_output: 4 } }
        layer { name: "b" type: "InnerProduct" bottom: "a" top: "b" param { name: "w" } param { name: "b" }
                inner_product_param { num_output: 4 } }
        """,
        {"x": X(2, 4)},
        id="shared-parameters",
    ),
    LayerRow(
        """
        layer { name: "train" type: "Power" bottom: "x" top: "y" power_param { scale: 9 } include { phase: TRAIN } }
        layer { name: "test" type: "Power" bottom: "x" top: "y" power_param { scale: 2 } include { phase: TEST } }
        layer { name: "not" type: "Power" bottom: "y" top: "y" power_param { scale: 5 } exclude { phase: TEST } }
        layer { name: "stage" type: "Power" bottom: "y" top: "y" power_param { scale: 7 } include { stage: "deploy" } }
        """,
        {"x": X(2, 3)},
        id="phases",
    ),
]  # fmt: skip
"""Rows of several layers: what a net says of them."""
ROWS = [
    *ELEMENTWISE, *ACTIVATION, *REDUCTION, *MATMUL, *CONVOLUTION, *POOLING, *NORMALIZATION, *MOVEMENT, *INDEXING,
    *RECURRENT, *NETS,
]  # fmt: skip
