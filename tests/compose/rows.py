"""Operators in the forms that are composed: operands (None: left out), attributes, how many outputs."""

from __future__ import annotations

from typing import Any

import numpy as np

RNG = np.random.default_rng(3)
MS = "com.microsoft"


def normal(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def whole(low: int, high: int, *shape: int, dtype: Any = np.uint8) -> np.ndarray:
    return RNG.integers(low, high, shape).astype(dtype)


def f(*numbers: float) -> np.ndarray:
    return np.array(numbers[0] if len(numbers) == 1 else numbers, np.float32)


X8, Z8 = whole(0, 256, 1, 4, 6, 6), np.uint8(120)
W8, S8 = whole(-127, 128, 3, 4, 3, 3, dtype=np.int8), np.int8(0)

CLASSES, IGNORING = np.int64([1, 4, 0]), np.int64([1, 9, 0])
LENGTHS = np.int64([3, 5])
KEEPS = whole(0, 2, 4, 6).astype(bool)
PADDING = np.int32([[1, 1, 1, 0], [1, 1, 0, 0]])
TIES = np.float32([[2, 5, 5, 1], [2, 5, 0, 0]])

ROWS: list[tuple[str, list[np.ndarray | None], dict[str, Any], int]] = [
    ("Hardmax", [np.float32([[1, 3, 3], [2, 0, -1]])], {}, 1),
    ("Hardmax", [normal(2, 3, 4)], {"axis": 1}, 1),
    ("Shrink", [normal(4, 5) * 3], {"bias": 0.3, "lambd": 1.1}, 1),
    ("LpNormalization", [normal(2, 3, 4)], {"axis": 1, "p": 1}, 1),
    ("LpNormalization", [normal(2, 3)], {}, 1),
    ("MeanVarianceNormalization", [normal(2, 3, 4, 5)], {"axes": [0, 2, 3]}, 1),
    ("LpPool", [normal(1, 2, 6, 6)], {"kernel_shape": [2, 3], "p": 2, "pads": [1, 1, 0, 1], "strides": [2, 1]}, 1),
    ("LpPool", [normal(1, 2, 6, 6)], {"kernel_shape": [2, 2], "p": 1}, 1),
    ("LpPool", [normal(1, 2, 6, 6)], {"kernel_shape": [2, 2], "p": 3}, 1),
    ("GlobalLpPool", [normal(1, 2, 6, 6)], {"p": 3}, 1),
    ("GlobalLpPool", [normal(1, 2, 6)], {}, 1),
    ("Einsum", [normal(2, 3), normal(3, 4)], {"equation": "ij,jk->ik"}, 1),
    ("Einsum", [normal(5, 2, 3), normal(5, 3, 4)], {"equation": "bij,bjk->bik"}, 1),
    ("Einsum", [normal(5, 2, 3), normal(3, 4)], {"equation": "...ij,jk->...ik"}, 1),
    ("Einsum", [normal(2, 3, 4), normal(2, 5, 4)], {"equation": "bhd,bkd->bhk"}, 1),
    ("Einsum", [normal(2, 3, 4, 5), normal(2, 6, 4, 5)], {"equation": "bqhd,bkhd->bhqk"}, 1),
    ("Einsum", [normal(3, 3)], {"equation": "ii->i"}, 1),
    ("Einsum", [normal(3, 3)], {"equation": "ii"}, 1),
    ("Einsum", [normal(2, 4, 4)], {"equation": "bii->bi"}, 1),
    ("Einsum", [normal(3, 2, 3, 4)], {"equation": "ibij->jib"}, 1),
    ("Einsum", [normal(2, 4, 4), normal(4, 3)], {"equation": "bii,ic->cb"}, 1),
    ("Einsum", [normal(2, 3, 4), normal(4, 6)], {"equation": "bij,jk"}, 1),
    ("Einsum", [normal(2, 3)], {"equation": "ij->ji"}, 1),
    ("Einsum", [normal(2, 3)], {"equation": "ij->i"}, 1),
    ("Einsum", [normal(3), normal(4)], {"equation": "i,j->ij"}, 1),
    ("Einsum", [normal(3), normal(3)], {"equation": "i,i"}, 1),
    ("Einsum", [normal(2, 3), normal(2, 3)], {"equation": "ij,ij->ij"}, 1),
    ("Einsum", [normal(2, 3), normal(3, 4), normal(4, 5)], {"equation": "ij,jk,kl->il"}, 1),
    ("Einsum", [normal(2, 3, 4), normal(4, 3)], {"equation": "abc,cd->abd"}, 1),
    ("SoftmaxCrossEntropyLoss", [normal(3, 5), whole(0, 5, 3, dtype=np.int64)], {}, 2),
    ("SoftmaxCrossEntropyLoss", [normal(3, 5, 2), whole(0, 5, 3, 2, dtype=np.int64)], {"reduction": "sum"}, 1),
    ("NegativeLogLikelihoodLoss", [normal(3, 5), whole(0, 5, 3, dtype=np.int64)], {"reduction": "none"}, 1),
    ("QLinearConv", [X8, f(0.02), Z8, W8, f(0.01), S8, f(0.1), np.uint8(100)], {"pads": [1, 1, 1, 1]}, 1),
    (
        "QLinearConv",
        [X8, f(0.02), Z8, W8, f(0.01, 0.02, 0.03), np.zeros(3, np.int8), f(0.1), Z8, whole(-99, 99, 3, dtype=np.int32)],
        {"strides": [2, 2]}, 1,
    ),
    (
        "QLinearMatMul",
        [whole(0, 256, 2, 4), f(0.02), Z8, whole(0, 256, 4, 3), f(0.03), np.uint8(3), f(0.09), np.uint8(9)], {}, 1,
    ),
    ("ConvInteger", [X8, whole(0, 256, 3, 4, 3, 3), Z8, np.uint8(7)], {"pads": [1, 0, 1, 0]}, 1),
    ("MatMulInteger", [whole(0, 256, 2, 4), whole(-127, 127, 4, 3, dtype=np.int8), Z8], {}, 1),
    ("DynamicQuantizeLinear", [normal(3, 4) * 5], {}, 3),
    ("DynamicQuantizeLinear", [np.abs(normal(3, 4))], {}, 3),
    (f"{MS}.Gelu", [normal(3, 4)], {}, 1),
    (f"{MS}.BiasGelu", [normal(3, 4), normal(4)], {}, 1),
    (f"{MS}.FastGelu", [normal(3, 4), normal(4)], {}, 1),
    (f"{MS}.QuickGelu", [normal(3, 4)], {"alpha": 1.5}, 1),
    (f"{MS}.FusedMatMul", [normal(2, 4, 3), normal(2, 5, 4)], {"transA": 1, "transB": 1, "alpha": 0.5}, 1),
    *(
        (f"{MS}.FusedMatMul", [normal(*first), normal(*second)], attrs, 1)
        for first, second, attrs in (
            ((3, 2, 4), (2, 4, 5), {"transBatchA": 1}),
            ((4, 2, 3), (2, 4, 5), {"transBatchA": 1, "transA": 1}),
            ((2, 3, 4), (4, 2, 5), {"transBatchB": 1, "alpha": 0.5}),
            ((3, 2, 6, 4), (5, 2, 6, 4), {"transBatchA": 1, "transBatchB": 1, "transB": 1}),
        )
    ),
    (
        f"{MS}.FusedGemm", [normal(2, 3), normal(3, 4), normal(4)],
        {"activation": "LeakyRelu", "activation_alpha": 0.2}, 1,
    ),
    (f"{MS}.FusedConv", [normal(1, 2, 5, 5), normal(3, 2, 3, 3), normal(3)], {"activation": "Relu"}, 1),
    (
        f"{MS}.FusedConv", [normal(1, 2, 5, 5), normal(3, 2, 3, 3)],
        {"activation": "Clip", "activation_params": [0.0, 0.5], "pads": [1, 1, 1, 1]}, 1,
    ),
    (f"{MS}.SkipLayerNormalization", [normal(2, 3, 4), normal(2, 3, 4), normal(4), normal(4), normal(4)], {}, 1),
    (f"{MS}.SkipLayerNormalization", [normal(2, 3, 4), normal(2, 3, 4), normal(4)], {"epsilon": 1e-5}, 1),
    (f"{MS}.SkipSimplifiedLayerNormalization", [normal(2, 3, 4), normal(2, 3, 4), normal(4)], {"epsilon": 1e-5}, 1),
    (f"{MS}.QLinearAdd", [X8, f(0.02), Z8, X8[:, :, :, ::-1].copy(), f(0.03), Z8, f(0.05), Z8], {}, 1),
    (f"{MS}.QLinearMul", [X8, f(0.02), Z8, X8, f(0.03), Z8, f(0.05), Z8], {}, 1),
    (f"{MS}.QLinearSigmoid", [X8, f(0.02), Z8, f(1 / 256), np.uint8(0)], {}, 1),
    (f"{MS}.QLinearLeakyRelu", [X8, f(0.02), Z8, f(0.02), Z8], {"alpha": 0.1}, 1),
    (f"{MS}.QLinearGlobalAveragePool", [X8, f(0.02), Z8, f(0.02), Z8], {"channels_last": 0}, 1),
    (f"{MS}.QLinearAveragePool", [X8, f(0.02), Z8, f(0.02), Z8], {"kernel_shape": [2, 2]}, 1),
    (
        f"{MS}.QLinearWhere",
        [KEEPS[:, :3], whole(0, 256, 4, 3), f(0.05), Z8, whole(0, 256, 4, 3), f(0.02), np.uint8(9), f(0.06), Z8], {}, 1,
    ),
    *(
        (
            f"{MS}.QAttention",
            [
                whole(0, 256, 2, 3, 8), whole(-127, 128, 8, 24, dtype=np.int8), normal(24), f(0.02), scale, mask, Z8,
                zero,
            ],
            {"num_heads": 2, **attrs}, 1,
        )
        for scale, zero, mask, attrs in (
            (f(0.01), np.int8(0), None, {}),
            (f(0.01), np.int8(3), np.int32([3, 2]), {"unidirectional": 1}),
            (np.abs(normal(24)) * 0.01, np.zeros(24, np.int8), None, {}),
        )
    ),
    (f"{MS}.QLinearConcat", [f(0.05), Z8, X8, f(0.02), Z8, X8, f(0.03), np.uint8(9)], {"axis": 1}, 1),
    (
        f"{MS}.QGemm",
        [
            whole(0, 256, 2, 4), f(0.02), Z8, whole(0, 256, 4, 3), f(0.03), Z8, whole(-9, 9, 3, dtype=np.int32),
            f(0.1), Z8,
        ],
        {}, 1,
    ),
    (
        f"{MS}.MatMulIntegerToFloat",
        [whole(0, 256, 2, 4), whole(0, 256, 4, 3), f(0.02), f(0.03), Z8, Z8, normal(3)], {}, 1,
    ),
    (
        f"{MS}.MatMulNBits", [normal(2, 40), whole(0, 256, 6, 3, 8), np.abs(normal(6 * 3)) / 10],
        {"K": 40, "N": 6, "bits": 4, "block_size": 16}, 1,
    ),
    (
        f"{MS}.MatMulNBits", [normal(2, 40), whole(0, 256, 6, 3, 8), np.abs(normal(6 * 3)) / 10, whole(0, 256, 12)],
        {"K": 40, "N": 6, "bits": 4, "block_size": 16}, 1,
    ),
    *(
        (
            f"{MS}.MatMulNBits",
            [normal(2, 40), whole(0, 256, 6, 3, 2 * bits), np.abs(normal(6 * 3)) / 10, zeros, None, bias],
            {"K": 40, "N": 6, "bits": bits, "block_size": 16}, 1,
        )
        for bits, zeros, bias in (
            (8, None, None), (8, whole(0, 256, 18), normal(6)), (4, None, normal(6)), (2, None, normal(6)),
            (2, whole(0, 256, 6), None),
        )
    ),
    (
        f"{MS}.EmbedLayerNormalization",
        [whole(0, 9, 2, 3, dtype=np.int32), whole(0, 2, 2, 3, dtype=np.int32), normal(9, 4), normal(5, 4),
         normal(2, 4), normal(4), normal(4)],
        {}, 2,
    ),
    (
        f"{MS}.EmbedLayerNormalization",
        [whole(0, 9, 2, 3, dtype=np.int32), None, normal(9, 4), normal(5, 4), None, normal(4), normal(4),
         np.int32([[1, 1, 0], [1, 0, 0]]), np.int32([[2, 1, 0], [3, 3, 4]])],
        {"epsilon": 0.1}, 3,
    ),
    ("NegativeLogLikelihoodLoss", [normal(3, 5), CLASSES, normal(5)], {"reduction": "mean"}, 1),
    ("NegativeLogLikelihoodLoss", [normal(3, 5), IGNORING, normal(5)], {"ignore_index": 9}, 1),
    ("NegativeLogLikelihoodLoss", [normal(3, 5), IGNORING], {"ignore_index": 9, "reduction": "sum"}, 1),
    ("SoftmaxCrossEntropyLoss", [normal(3, 5), IGNORING, normal(5)], {"ignore_index": 9, "reduction": "none"}, 2),
    ("SoftmaxCrossEntropyLoss", [normal(3, 5), IGNORING], {"ignore_index": 9}, 1),
    ("LayerNormalization", [normal(2, 3, 4), normal(3, 4), normal(3, 4)], {"axis": 1}, 3),
    ("LayerNormalization", [normal(2, 3, 4), normal(4)], {"epsilon": 0.1}, 3),
    (
        "BatchNormalization", [normal(2, 3, 4), normal(3), normal(3), normal(3), np.abs(normal(3))],
        {"training_mode": 1, "momentum": 0.7}, 3,
    ),
    ("ArgMax", [TIES], {"axis": 1, "select_last_index": 1}, 1),
    ("ArgMin", [TIES], {"axis": 0, "select_last_index": 1, "keepdims": 0}, 1),
    ("BitShift", [whole(0, 256, 6), np.uint8([0, 1, 3, 7, 8, 200])], {"direction": "LEFT"}, 1),
    ("AveragePool", [normal(1, 2, 9, 8)], {"kernel_shape": [3, 2], "dilations": [2, 3]}, 1),
    (
        "AveragePool", [normal(1, 2, 9, 8)],
        {"kernel_shape": [3, 2], "dilations": [2, 3], "pads": [2, 1, 1, 1], "strides": [2, 1]}, 1,
    ),
    (
        "AveragePool", [normal(1, 2, 9, 8)],
        {"kernel_shape": [3, 3], "dilations": [1, 2], "pads": [1] * 4, "count_include_pad": 1, "ceil_mode": 1}, 1,
    ),
    ("MaxPool", [normal(1, 2, 9, 8)], {"kernel_shape": [3, 2], "dilations": [2, 3]}, 1),
    (
        "MaxPool", [normal(1, 2, 9, 8)],
        {"kernel_shape": [3, 2], "dilations": [2, 3], "pads": [2, 1, 1, 1], "strides": [2, 1], "ceil_mode": 1}, 1,
    ),
    *(
        ("Resize", [normal(1, 2, 6, 9), None, None, np.int64([1, 2, *size])], {"mode": mode, **attrs}, 1)
        for size in ((4, 5), (3, 12))
        for mode in ("linear", "cubic")
        for attrs in ({"antialias": 1}, {"antialias": 1, "coordinate_transformation_mode": "asymmetric"})
    ),
    ("Resize", [normal(1, 2, 6, 9), None, f(1, 1, 0.6, 1.4)], {"mode": "cubic", "exclude_outside": 1}, 1),
    (
        "Resize", [normal(1, 2, 6, 9), None, f(1, 1, 0.6, 0.7)],
        {"mode": "cubic", "exclude_outside": 1, "antialias": 1, "cubic_coeff_a": -0.5}, 1,
    ),
    *(
        (
            "Resize", [normal(1, 2, 6, 9), f(0, 0, 0.2, -0.1, 1, 1, 0.7, 1.2), None, np.int64([1, 2, 4, 5])],
            {"mode": mode, "coordinate_transformation_mode": "tf_crop_and_resize", "extrapolation_value": 7.0}, 1,
        )
        for mode in ("linear", "nearest")
    ),
    *(
        (
            "Resize", [normal(1, 2, 6, 9), None, None, np.int64([8, 7])],
            {"mode": "linear", "axes": [2, 3], "keep_aspect_ratio_policy": policy}, 1,
        )
        for policy in ("not_larger", "not_smaller")
    ),
    (
        f"{MS}.Attention", [normal(2, 4, 6), normal(6, 24), normal(24), PADDING],
        {"num_heads": 2, "qkv_hidden_sizes": [8, 8, 8]}, 1,
    ),
    (f"{MS}.Attention", [normal(2, 4, 6), normal(6, 24), normal(24)], {"num_heads": 2, "unidirectional": 1}, 1),
    (
        f"{MS}.Attention", [normal(2, 4, 6), normal(6, 24), normal(24), np.int32([4, 2]), normal(2, 2, 2, 0, 4)],
        {"num_heads": 2, "scale": 0.7}, 2,
    ),
    (
        f"{MS}.Attention", [normal(2, 1, 6), normal(6, 24), normal(24), None, normal(2, 2, 2, 3, 4)],
        {"num_heads": 2, "unidirectional": 1}, 2,
    ),
    (f"{MS}.MultiHeadAttention", [normal(2, 4, 8), normal(2, 5, 8), normal(2, 5, 8)], {"num_heads": 2}, 1),
    (
        f"{MS}.MultiHeadAttention",
        [normal(2, 4, 8), normal(2, 4, 8), normal(2, 4, 8), normal(24), PADDING, normal(1, 2, 4, 4)],
        {"num_heads": 2, "mask_filter_value": -5000.0}, 1,
    ),
    (
        f"{MS}.MultiHeadAttention",
        [normal(2, 4, 8), normal(2, 2, 3, 4), normal(2, 2, 3, 4)], {"num_heads": 2, "scale": 0.3}, 1,
    ),
    (
        f"{MS}.MultiHeadAttention",
        [normal(2, 1, 8), normal(2, 1, 8), normal(2, 1, 8), None, None, None, normal(2, 2, 3, 4), normal(2, 2, 3, 4)],
        {"num_heads": 2}, 3,
    ),
    *(
        (
            f"{MS}.GroupQueryAttention",
            [normal(2, 3, 64), normal(2, 3, 32), normal(2, 3, 32), None, None, np.int32([2, 2]), np.int32(3), *tables],
            {"num_heads": 4, "kv_num_heads": 2, **attrs}, 3,
        )
        for tables, attrs in (
            ((), {}),
            ((), {"softcap": 2.0, "scale": 0.3}),
            ((normal(5, 8), normal(5, 8)), {"do_rotary": 1}),
            ((normal(5, 8), normal(5, 8)), {"do_rotary": 1, "rotary_interleaved": 1}),
        )
    ),
    *(
        (
            f"{MS}.GroupQueryAttention",
            [normal(1, 2, 64), normal(1, 2, 32), normal(1, 2, 32), normal(1, 2, 5, 16), normal(1, 2, 5, 16),
             np.int32([6]), np.int32(7), *tables],
            {"num_heads": 4, "kv_num_heads": 2, **attrs}, 3,
        )
        for tables, attrs in (((), {}), ((normal(9, 8), normal(9, 8)), {"do_rotary": 1}))
    ),
    *(
        (
            f"{MS}.RotaryEmbedding", [normal(2, 3, 16), positions, normal(9, 4), normal(9, 4)],
            {"interleaved": interleaved, "num_heads": 2}, 1,
        )
        for interleaved in (0, 1)
        for positions in (np.int64([[0, 1, 2], [3, 4, 5]]), np.int64([4]))
    ),
    (
        f"{MS}.RotaryEmbedding", [normal(2, 2, 3, 8), np.int64([[0, 1, 2], [3, 4, 5]]), normal(9, 2), normal(9, 2)],
        {"rotary_embedding_dim": 4, "num_heads": 2}, 1,
    ),
]  # fmt: skip

W3, R3, B6 = normal(2, 12, 5), normal(2, 12, 4), normal(2, 24)
ROWS += [
    *(
        ("GRU", [normal(3, 2, 5), W3[:count], R3[:count], B6[:count], None, normal(count, 2, 4)],
         {"hidden_size": 4, "direction": direction, "linear_before_reset": before}, 2)
        for direction, count in (("forward", 1), ("reverse", 1), ("bidirectional", 2))
        for before in (0, 1)
    ),
    ("GRU", [normal(3, 2, 5), W3[:1], R3[:1]], {"hidden_size": 4, "clip": 0.5}, 2),
    (
        "LSTM",
        [normal(3, 2, 5), normal(1, 16, 5), normal(1, 16, 4), normal(1, 32), None, normal(1, 2, 4), normal(1, 2, 4),
         normal(1, 12)],
        {"hidden_size": 4}, 3,
    ),
    ("LSTM", [normal(3, 2, 5), normal(1, 16, 5), normal(1, 16, 4)], {"hidden_size": 4, "direction": "reverse"}, 3),
    ("LSTM", [normal(3, 2, 5), normal(1, 16, 5), normal(1, 16, 4)], {"hidden_size": 4, "clip": 0.3}, 3),
    ("RNN", [normal(3, 2, 5), W3[:1, :4], R3[:1, :4], normal(1, 8)], {"hidden_size": 4, "direction": "reverse"}, 2),
    *(
        ("ReverseSequence", [normal(4, 3, 2), lengths], {"time_axis": time, "batch_axis": 1 - time}, 1)
        for time, lengths in ((0, np.int64([1, 4, 3])), (1, np.int64([1, 3, 3, 2])), (1, np.int64([2, 2, 2, 2])))
    ),
    ("ReverseSequence", [normal(3, 4), np.int64([3, 1, 2, 3])], {}, 1),
    ("CenterCropPad", [normal(5, 8, 3), np.int64([8, 5])], {"axes": [0, -2]}, 1),
    ("EyeLike", [normal(3, 5)], {"k": 1}, 1),
    ("Col2Im", [normal(1, 12, 16), np.int64([5, 6]), np.int64([2, 3])], {}, 1),
    (
        "Col2Im", [normal(2, 18, 6), np.int64([5, 6]), np.int64([3, 3])],
        {"pads": [1, 0, 1, 1], "strides": [2, 3], "dilations": [1, 1]}, 1,
    ),
    ("Det", [normal(2, 3, 3)], {}, 1),
    ("Det", [normal(4, 2, 2)], {}, 1),
    ("Det", [normal(4, 1, 1)], {}, 1),
    ("STFT", [normal(2, 20, 1), np.int64(4), normal(8), np.int64(8)], {}, 1),
    ("STFT", [normal(2, 20, 1), np.int64(3), None, np.int64(8)], {"onesided": 0}, 1),
    ("MaxPool", [normal(2, 3, 7, 8)], {"kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 0, 1, 1]}, 2),
    ("MaxPool", [normal(2, 3, 7, 8)], {"kernel_shape": [2, 2], "dilations": [2, 3], "storage_order": 1}, 2),
    ("MaxPool", [normal(2, 3, 9)], {"kernel_shape": [3], "strides": [2], "ceil_mode": 1}, 2),
    (
        "MaxUnpool", [normal(1, 1, 2, 2), np.int64([[[[1, 3], [8, 10]]]])],
        {"kernel_shape": [2, 2], "strides": [2, 2]}, 1,
    ),
]  # fmt: skip
