"""Modules: built with random parameters and statistics, in inference mode."""

from __future__ import annotations

from tests.harness import Case, Code, X

M = "megengine.module."
CONV = M + "conv.Conv2d"
DECONV = M + "conv.ConvTranspose2d"


ROWS = [
    Case(M + "activation.ReLU", (X(2, 3, 4, 4),)),
    Case(M + "adaptive_pooling.AdaptiveAvgPool2d", (X(1, 3, 7, 7),), init=(1,)),
    Case(M + "adaptive_pooling.AdaptiveAvgPool2d", (X(1, 3, 8, 8),), init=((2, 4),)),
    Case(M + "adaptive_pooling.AdaptiveAvgPool2d", (X(1, 3, 7, 5),), init=(3,)),
    Case(M + "batchnorm.BatchNorm2d", (X(2, 3, 4, 4),), init=(3,)),
    Case(M + "batchnorm.BatchNorm2d", (X(2, 3, 4, 4),), init=(3,), init_kwargs={"eps": 1e-3, "affine": False}),
    Case(CONV, (X(1, 3, 8, 8),), init=(3, 4, 3)),
    Case(CONV, (X(2, 3, 9, 8),), init=(3, 4, 3, 2, 1), init_kwargs={"bias": False}),
    Case(CONV, (X(1, 3, 9, 9),), init=(3, 4, (3, 1)), init_kwargs={"stride": (2, 1), "padding": (1, 0)}),
    Case(CONV, (X(1, 4, 8, 8),), init=(4, 8, 3), init_kwargs={"groups": 4, "padding": 1}),
    Case(CONV, (X(1, 4, 8, 8),), init=(4, 6, 1), init_kwargs={"groups": 2}),
    Case(CONV, (X(1, 3, 9, 9),), init=(3, 4, 3), init_kwargs={"dilation": 2, "padding": 2}),
    Case(CONV, (X(1, 3, 6, 6),), init=(3, 4, 3), init_kwargs={"padding": 1, "padding_mode": "reflect"}),
    Case(CONV, (X(1, 3, 6, 6),), init=(3, 4, 3), init_kwargs={"padding": (1, 2), "padding_mode": "replicate"}),
    Case(DECONV, (X(1, 3, 5, 6),), init=(3, 4, 2, 2)),
    Case(DECONV, (X(1, 3, 5, 6),), init=(3, 4, 3), init_kwargs={"stride": 2, "padding": 1}),
    Case(DECONV, (X(1, 3, 5, 6),), init=(3, 4, 3), init_kwargs={"stride": 2, "padding": 1, "output_padding": 1}),
    Case(DECONV, (X(1, 4, 5, 6),), init=(4, 6, 4), init_kwargs={"stride": 2, "groups": 2, "bias": False}),
    Case(M + "conv_bn.ConvBn2d", (X(1, 3, 8, 8),), init=(3, 4, 3), init_kwargs={"padding": 1}),
    Case(M + "conv_bn.ConvBn2d", (X(1, 4, 8, 8),), init=(4, 8, 1), init_kwargs={"groups": 2, "bias": False}),
    Case(M + "conv_bn.ConvBnRelu2d", (X(1, 3, 8, 8),), init=(3, 4, 3, 2), init_kwargs={"bias": False}),
    Case(M + "dropout.Dropout", (X(2, 3, 4),), init=(0.5,)),
    Case(M + "elemwise.Elemwise", (X(2, 3, 4, 4), X(2, 3, 4, 4)), init=("add",)),
    Case(M + "elemwise.Elemwise", (X(2, 3, 4, 4), X(2, 3, 4, 4)), init=("fuse_add_relu",)),
    Case(M + "elemwise.Elemwise", (X(2, 3), X(2, 3)), init=("mul",)),
    Case(M + "embedding.Embedding", (X(2, 5, dtype="int32"),), init=(10, 4)),
    Case(M + "embedding.Embedding", (X(3, dtype="int32"),), init=(10, 4)),
    Case(M + "identity.Identity", (X(2, 3),)),
    Case(M + "linear.Linear", (X(2, 6),), init=(6, 4)),
    Case(M + "linear.Linear", (X(2, 5, 6),), init=(6, 4), init_kwargs={"bias": False}),
    Case(M + "pooling.AvgPool2d", (X(1, 3, 7, 7),), init=(7,)),
    Case(M + "pooling.AvgPool2d", (X(1, 3, 8, 8),), init=(3, 2, 1)),
    Case(M + "pooling.MaxPool2d", (X(1, 3, 8, 8),), init=(3, 2, 1)),
    Case(M + "pooling.MaxPool2d", (X(1, 3, 7, 8),), init=((2, 3),)),
    Case(M + "quant_dequant.QuantStub", (X(2, 3),)),
    Case(M + "quant_dequant.DequantStub", (X(2, 3),)),
    Code(
        "x = self.conv(x)\nreturn self.fc(F.flatten(F.relu(self.bn(x)) + x, 1))",
        X(1, 3, 6, 6),
        init="self.conv = M.Conv2d(3, 4, 3)\nself.bn = M.BatchNorm2d(4)\nself.fc = M.Linear(64, 5)",
        id="small-network",
    ),
    Code("self.conv(self.conv(x))", X(1, 3, 6, 6), init="self.conv = M.Conv2d(3, 3, 3, padding=1)", id="shared-module"),
    Code(
        "for block in self.blocks:\n    x = block(x)\nreturn x",
        X(1, 4),
        init="self.blocks = [M.Linear(4, 6), M.Sequential(M.ReLU(), M.Linear(6, 3))]",
        id="module-list",
    ),
    *(
        Case(M + "activation." + name, (X(2, 3, 4, low=-6, high=6),))
        for name in ("GELU", "SiLU", "Sigmoid", "LeakyReLU")
    ),
    Case(M + "activation.LeakyReLU", (X(2, 3),), init=(0.3,)),
    Case(M + "activation.PReLU", (X(2, 3, 4, 4),)),
    Case(M + "activation.PReLU", (X(2, 3, 4, 4),), init=(3,)),
    Case(M + "activation.Softmax", (X(2, 3, 4),), init=(1,)),
    Case(M + "activation.Softmax", (X(2, 3),)),
    Case(M + "adaptive_pooling.AdaptiveMaxPool2d", (X(1, 3, 7, 8),), init=((3, 2),)),
    Case(M + "batchnorm.BatchNorm1d", (X(2, 3, 5),), init=(3,)),
    Case(M + "batchnorm.BatchNorm1d", (X(4, 3),), init=(3,)),
    Case(M + "batchnorm.SyncBatchNorm", (X(2, 3, 4, 4),), init=(3,)),
    Case(M + "concat.Concat", ([X(2, 3), X(2, 4)],), {"axis": 1}),
    Case(M + "conv.Conv1d", (X(2, 3, 9),), init=(3, 4, 3), init_kwargs={"padding": 1, "stride": 2}),
    Case(M + "conv.Conv1d", (X(2, 3, 9),), init=(3, 4, 3), init_kwargs={"padding": 2, "padding_mode": "reflect"}),
    Case(M + "conv.Conv3d", (X(1, 2, 5, 6, 7),), init=(2, 3, 3), init_kwargs={"padding": 1}),
    Case(M + "conv.ConvTranspose3d", (X(1, 2, 3, 4, 5),), init=(2, 3, 3), init_kwargs={"stride": 2, "padding": 1}),
    Case(M + "conv.ConvRelu2d", (X(1, 3, 6, 6),), init=(3, 4, 3)),
    Case(M + "conv.ConvTransposeRelu2d", (X(1, 3, 5, 6),), init=(3, 4, 3), init_kwargs={"stride": 2}),
    Case(M + "linear.LinearRelu", (X(2, 6),), init=(6, 4)),
    Case(M + "normalization.GroupNorm", (X(2, 6, 4, 4),), init=(3, 6)),
    Case(M + "normalization.InstanceNorm", (X(2, 3, 4, 4),), init=(3,)),
    Case(M + "normalization.LayerNorm", (X(2, 3, 4),), init=(4,)),
    Case(M + "normalization.LayerNorm", (X(2, 3, 4),), init=((3, 4),), init_kwargs={"affine": False}),
]
