"""Caffe: ``.prototxt`` with the ``.caffemodel`` beside it, in both directions."""

from __future__ import annotations

from dataclasses import replace

from mgeconvert.registry import INPUT_SCALE, INPUT_ZERO_POINT, QUANT_PARAMS, Backend, Frontend, Option, deferred

from .dialects import DEFAULT, DIALECTS

FRONTEND = Frontend(
    name="caffe",
    title="Caffe",
    suffixes=(".prototxt",),
    load=deferred(f"{__name__}.read.load:load"),
    ops=deferred(f"{__name__}.support:lowered"),
    handlers=deferred(f"{__name__}.support:lowerings"),
    describe=deferred(f"{__name__}.describe:describe"),
    check=deferred(f"{__name__}.read.load:check"),
    companions=deferred(f"{__name__}.read.files:companions"),
    options=(
        Option(
            "weights",
            str,
            "",
            "the caffemodel, where it is not beside the prototxt (several: separated by commas)",
            file="reads",
            metavar="FILE",
        ),
        Option(
            "input_shape",
            str,
            "",
            "shapes of inputs, also of those the file does not say: data=1,3,224,224;mask=1,1,7,7",
            metavar="NAME=SHAPE",
        ),
    ),
)

BACKEND = Backend(
    name="caffe",
    title="Caffe",
    suffixes=(".prototxt", ".caffemodel"),
    save=deferred(f"{__name__}.write.save:save"),
    problems=deferred(f"{__name__}.write.save:problems"),
    ops=deferred(f"{__name__}.support:emitted"),
    handlers=deferred(f"{__name__}.support:emitters"),
    run=deferred(f"{__name__}.run:run"),
    runtime="OpenCV dnn",
    on_grids=False,
    example="import cv2; print(cv2.dnn.readNetFromCaffe({0}, {1}).getLayerNames())",
    files=deferred(f"{__name__}.write.names:pair"),
    leftovers=deferred(f"{__name__}.write.names:leftovers"),
    check=deferred(f"{__name__}.write.save:check"),
    options=(
        Option("dialect", str, DEFAULT, "the family of Caffe that will read the file", tuple(DIALECTS)),
        Option(
            "floor_pooling", bool, False, "let poolings round down (round_mode, BVLC Caffe since 2018): fewer layers"
        ),
        Option("in_place", bool, False, "let activations and scales overwrite their input blobs"),
        Option(
            "split_weights",
            int,
            0,
            "the most megabytes of one caffemodel; more become numbered parts (0: one file)",
            metavar="MB",
        ),
        QUANT_PARAMS,
        replace(INPUT_SCALE, rtol=0.0),
        INPUT_ZERO_POINT,
        Option("fake_quant_weights", bool, False, "store weights as their quantized values say, not as trained"),
    ),
)
