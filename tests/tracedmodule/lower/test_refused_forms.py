"""Forms that a handler refuses, mostly because a size is known only at run time, with the exact reason."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mgeconvert.errors import RefusedError
from mgeconvert.ir import Value
from mgeconvert.tracedmodule.lower import table
from mgeconvert.tracedmodule.lower.driver import load_table
from mgeconvert.tracedmodule.lower.names import MATH, METHOD, NN, OPDEF, QFUNCTIONAL, TENSOR, VISION
from mgeconvert.tracedmodule.lower.quantization.qat import observed, stated
from mgeconvert.tracedmodule.lower.shapes import ShapeBuilder

load_table()
VERSION = (1, 13, 0)
Arguments = Callable[[Callable[..., Value]], tuple[tuple[Any, ...], dict[str, Any]]]


def of(*args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return args, kwargs


def const(*numbers: float) -> Value:
    return Value("c", np.dtype("float32"), (len(numbers),), np.array(numbers, "float32"))


BOXES = {"iou_thresh": 0.5, "max_output": 4}
ROIS = {"mode": "average", "spatial_scale": 1.0, "pooled_height": 2, "pooled_width": 2, "sample_height": 1,
        "sample_width": 1}  # fmt: skip
WINDOW = {"stride_h": 1, "stride_w": 1, "pad_h": 0, "pad_w": 0, "dilate_h": 1, "dilate_w": 1}
ITEMS = ((1, False, False, False, True),)
ATTENTION = (8, 2, 0.0, 0.0)
RUN = "is only known at run time"
REFUSED: dict[str, tuple[str, Arguments, str]] = {
    "squeeze": (TENSOR + "squeeze", lambda x: of(x("N", 1)), f"squeeze without an axis on a tensor whose shape {RUN}"),
    "split in unequal parts": (TENSOR + "split", lambda x: of(x(5, 2), 2),
        "split of 5 into 2 parts that are not equal"),
    "split at": (TENSOR + "split", lambda x: of(x("N", 2), [1, 2]),
        "split at positions that are only known at run time"),
    "split into": (
        OPDEF + "Split",
        lambda x: of(x(4, 2), x(1, dtype="int32"), x(1, dtype="int32"), axis=0),
        "split into sizes that are only known at run time",
    ),
    "pad": (NN + "pad", lambda x: of(x(2, 3), [(1, 1)], "wrap"), "mode wrap is none of MegEngine's"),
    "pixel_shuffle": (
        NN + "pixel_shuffle",
        lambda x: of(x(2, 3, 4, "H", 5), 2),
        f"pixel_shuffle of a tensor that is not 4-D and whose size {RUN}",
    ),
    "diag": (TENSOR + "diag", lambda x: of(x("N")), f"diag of a tensor whose shape {RUN}"),
    "step": (
        METHOD + "__getitem__",
        lambda x: of(x(4), slice(None, None, x(1, dtype="int32"))),
        f"a slice whose step {RUN}",
    ),
    "False": (METHOD + "__getitem__", lambda x: of(x(4), (False,)), "an index of False, which leaves nothing"),
    "batched mesh": (
        OPDEF + "BatchedMeshIndexing",
        lambda x: of(x("N", 4), x(2, 2, dtype="int32"), items=ITEMS),
        f"batched mesh indexing of a batch that {RUN}",
    ),
    "adding": (
        OPDEF + "IndexingIncrMultiAxisVec",
        lambda x: of(x(3, 4), x(3, 2), x(2, dtype="int32"), items=ITEMS),
        "adding through an index that mixes tensors with slices or ints",
    ),
    "assignment": (
        METHOD + "__setitem__",
        lambda x: of(x("N", 4), slice(None, None, -2), x(2, 4)),
        "assignment to a strided slice whose bounds are only known at run time",
    ),
    "inverse": (
        MATH + "matinv",
        lambda x: of(x(2, 500, 500)),
        "the inverse of a matrix with more than 64 rows, or a number only known at run time",
    ),
    "eye": (TENSOR + "eye", lambda x: of(x(1, dtype="int32")), "eye of a size that is only known at run time"),
    "adaptive pooling": (
        NN + "adaptive_avg_pool2d",
        lambda x: of(x(1, 2, "H", 8), x(2, dtype="int32")),
        "adaptive pooling to a size that is only known at run time",
    ),
    "interpolate": (
        VISION + "interpolate",
        lambda x: of(x(1, 2, 4, 4), (8, 8), None, "area"),
        "interpolate mode area is not one of MegEngine's",
    ),
    "channels of any tensor": (
        NN + "instance_norm",
        lambda _: of(Value("x", np.dtype("float32")), True),
        f"normalization over channels whose number {RUN}",
    ),
    "roi align": (
        OPDEF + "ROIAlign",
        lambda x: of(x(1, 2, 8, 8), x(3, 5), offset=0.25, **ROIS),
        "ROIAlign with an offset of 0.25",
    ),
    "several images": (
        OPDEF + "NMSKeep",
        lambda x: of(x(2, 5, 4), **BOXES),
        f"non-maximum suppression of several images, or of boxes whose number {RUN}",
    ),
    "border": (VISION + "remap", lambda x: of(x(1, 2, 4, 4), x(1, 3, 3, 2), "mirror"), "border mode mirror"),
    "wrapped image": (
        VISION + "remap",
        lambda x: of(x(1, 2, "H", 4), x(1, 3, 3, 2), "wrap"),
        f"sampling an image whose size {RUN}",
    ),
    "size of a warp": (
        VISION + "warp_affine",
        lambda x: of(x(1, 2, 4, 4), x(1, 2, 3), x(2, dtype="int32"), format="NCHW"),
        "a warp to a size that is only known at run time",
    ),
    "windows": (
        NN + "sliding_window_transpose",
        lambda x: of(x("N", 2, 3, 3, 2, 2), (4, 4), (2, 2)),
        f"sliding_window_transpose of a tensor whose shape {RUN}",
    ),
    "channels": (
        NN + "batch_norm",
        lambda x: of(x(1, "C", 4, 4), x("C"), x("C")),
        f"normalization over channels whose number {RUN}",
    ),
    "reduction": (
        OPDEF + "Reduce",
        lambda x: of(x("N", 4), x(2, dtype="int32", values=[2, 1]), mode="SUM"),
        "a reduction to a shape, of an input whose sizes vary",
    ),
    "mode of training": (
        OPDEF + "Elemwise",
        lambda x: of(x(2), x(2), mode="SIGMOID_GRAD"),
        "the Elemwise mode SIGMOID_GRAD: training only",
    ),
    "unknown mode": (
        OPDEF + "Elemwise", lambda x: of(x(2), mode="WOBBLE"), "the Elemwise mode WOBBLE: no such mode is known"
    ),
    "cuDNN's mask": (
        NN + "multi_head_attention",
        lambda x: of(x(1, 3, 8), x(1, 3, 8), x(1, 3, 8), *ATTENTION, None, maybe_cudnn_style_mask=True),
        "attention with a mask that MegEngine leaves to cuDNN",
    ),
    "no projections": (
        NN + "multi_head_attention",
        lambda x: of(x(1, 3, 8), x(1, 3, 8), x(1, 3, 8), *ATTENTION, None),
        "attention without projections, or with weights that are only known at run time",
    ),
    "no batch": (
        NN + "multi_head_attention",
        lambda x: of(x(3, 8), x(3, 8), x(3, 8), *ATTENTION, const(*range(256)), 8, 8, 8, 8),
        "attention without a batch axis",
    ),
    "layout": (
        OPDEF + "Convolution",
        lambda x: of(x(1, 4, 4, 2), x(3, 2, 1, 1), format="NHWC", **WINDOW),
        "the memory format NHWC, which only MegEngine's own optimized graphs have",
    ),
    "layout with a bias": (
        OPDEF + "ConvBias",
        lambda x: of(x(1, 4, 4, 2), x(3, 2, 1, 1), format="NHWC", **WINDOW),
        "the memory format NHWC, which only MegEngine's own optimized graphs have",
    ),
    "transposed to a shape": (
        OPDEF + "ConvolutionBackwardData",
        lambda x: of(x(2, 3, 1, 1), x(1, 2, 4, "W"), const(1, 3, 4, 4), **WINDOW),
        "a transposed convolution whose output shape is only known at run time",
    ),
    "normalized axes": (
        OPDEF + "GeneralNorm",
        lambda x: of(x(2, 3), axis_start=1, axis_end=3, eps=1e-5, affine=False),
        "axes 1 to 3 of 2",
    ),
    "a kernel for each image": (
        QFUNCTIONAL + "batch_conv_bias_activation",
        lambda x: of(x("N", 2, 4, 4), x("N", 3, 2, 1, 1), x(1, 3, 1, 1)),
        "a batched convolution in groups, or of a batch that is only known at run time",
    ),
    "two scales": (
        OPDEF + "FakeQuant",
        lambda x: of(x(2, 3), const(1, 2), const(0), qmin=-128, qmax=127),
        "fake quantization with more than one scale, or one that is only known at run time",
    ),
    "scale of 0": (
        OPDEF + "FakeQuant",
        lambda x: of(x(2, 3), const(0), const(0), qmin=-128, qmax=127),
        "a quantization scale of 0: expected a positive normal number",
    ),
    "a scale below the normal numbers": (
        OPDEF + "FakeQuant",
        lambda x: of(x(2, 3), const(1e-39), const(0), qmin=-128, qmax=127),
        "a quantization scale of 1e-39: expected a positive normal number",
    ),
    "cubic at positions": (
        VISION + "remap",
        lambda x: of(x(1, 2, 4, 4), x(1, 3, 3, 2), "replicate", 0.0, "cubic"),
        "interpolation mode cubic at computed positions",
    ),
}  # fmt: skip
"""What is refused: the callable, its arguments, the reason."""


@pytest.mark.parametrize("case", REFUSED)
def test_a_form_is_refused(case: str) -> None:
    key, arguments, reason = REFUSED[case]
    b = ShapeBuilder()

    def x(*shape: int | str, dtype: str = "float32", values: Any = None) -> Value:
        if values is not None:
            return b.constant(np.array(values, dtype))
        return b.input(f"x{len(b.graph.inputs)}", dtype, shape)

    found = table.find(key, VERSION)
    assert found is not None, key
    args, kwargs = arguments(x)
    with pytest.raises(RefusedError) as refused:
        found.handler(b, *args, **kwargs)
    assert refused.value.reason == reason


def test_a_callable_is_claimed_once() -> None:
    with pytest.raises(ValueError, match=r"^megengine.functional.nn.pad is lowered twice$"):
        table.add(NN + "pad", lambda b: b)
    with pytest.raises(ValueError, match=r"^megengine.functional.nn.pad is lowered or refused twice$"):
        table.refuse_all({NN + "pad": "no reason"})


def test_a_histogram() -> None:
    observer = SimpleNamespace(dtype=None, qualname="megengine.quantization.observer.HistogramObserver")
    with pytest.raises(RefusedError) as refused:
        observed(observer)  # type: ignore[arg-type]
    assert refused.value.reason == (
        "fake quantization by a HistogramObserver, whose parameters are searched for at run time"
    )


def test_scales_of_channels() -> None:
    given = SimpleNamespace(scale=SimpleNamespace(array=np.ones(3, np.float32)), zero_point=None, mode=None)
    with pytest.raises(RefusedError) as refused:
        stated(None, given)
    assert refused.value.reason == "fake quantization with a scale or zero point of 3 numbers"
