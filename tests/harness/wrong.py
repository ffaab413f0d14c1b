"""Rows of ONNX operators that a target gets wrong, and how: strict xfails, so that what is mended leaves the table."""

from __future__ import annotations

from collections.abc import Mapping

_NO_JUDGE = {"Where-bool5-bool5-bool5": "onnxruntime has no Where of booleans to compare with"}
_CHECKER = {"MeanVarianceNormalization-2x3x5x7": "the checker's inference rejects the form of an old opset"}
_NAN = "a comparison with NaN is not false"
_POSITIONS = "[nan,1.0,-1.0,inf,-inf,0.0,2.5,-0.5]"

WRONG: Mapping[str, Mapping[str, str]] = {
    "onnx": {
        **_CHECKER,
        **{
            f"Resize-1x3x5x6-_-_-cint64[1,3,7,13]-{attrs}": "scales of sizes are rounded where the opset has no sizes"
            for attrs in (
                "mode=linear-coordinate_transformation_mode=asymmetric",
                "mode=nearest-coordinate_transformation_mode=asymmetric-nearest_mode=floor",
            )
        },
    },
    "onnx, read back": _CHECKER,
    "tflite": {
        **_NO_JUDGE,
        "ScatterND-3-int64[0,1,1]-[inf,1.0,2.0]-reduction=add": "infinity becomes NaN",
        "DequantizeLinear-int322x3@-50:50-c[0.30000001192092896]": "LiteRT has no DEQUANTIZE of int32",
        "GridSample-1x1x5x5-1x2x41x2-mode=nearest-padding_mode=reflection": "ties of nearest reflected positions",
    },
    "caffe": {
        **_NO_JUDGE,
        f"GreaterOrEqual-{_POSITIONS}-[-0.5,2.5,0.0,-inf,inf,-1.0,1.0,nan]": _NAN,
        f"LessOrEqual-{_POSITIONS}-{_POSITIONS}": _NAN,
        f"Equal-{_POSITIONS}-{_POSITIONS}": _NAN,
    },
    "real caffe": {
        "PRelu-2x3x4x5x2-c3x1x1x1": "real Caffe's PReLU aborts on more than four axes",
        "ScatterND-3-int64[0,1,1]-[inf,1.0,2.0]-reduction=add": "infinity becomes NaN in a product with zeros",
        "Gather-c5-int64[-2]": "indices below zero are not counted from the end: Embed reads before its table",
        "OneHot-int643x4@-5:5-cint64[5]-c[0.0,1.0]": "indices below zero are not counted from the end",
    },
    "tm": {
        "CumSum-float162x3-cint64[1]": "sums in float16 where onnxruntime sums in float32",
    },
}
