"""TFLite files, in both directions."""

from __future__ import annotations

from mgeconvert.registry import (
    INPUT_SCALE,
    INPUT_ZERO_POINT,
    QUANT_PARAMS,
    STRIP_QUANTIZATION,
    Backend,
    Frontend,
    Option,
    deferred,
)

_LAYOUT = (
    "auto (channels-last where the network computes so), nhwc (4-D and 5-D channels-last), nchw (as in the source)"
)

_READ = (
    "nhwc (the file's own), nchw (4-D and 5-D channels-first), auto (channels-first where the network computes so);"
    " unset: as `mgeconvert run` takes them"
)

FRONTEND = Frontend(
    name="tflite",
    title="TensorFlow Lite / LiteRT",
    suffixes=(".tflite",),
    load=deferred(f"{__name__}.lower.frontend:load"),
    ops=deferred(f"{__name__}.support:lowered"),
    handlers=deferred(f"{__name__}.support:lowerings"),
    describe=deferred(f"{__name__}.describe:describe"),
    options=(
        Option("input_layout", str, None, f"Layout of inputs: {_READ}", ("auto", "nhwc", "nchw")),
        Option("output_layout", str, None, "Layout of outputs, likewise", ("auto", "nhwc", "nchw")),
        Option("signature", str, "", "The signature to read, where the file has several", metavar="NAME"),
        Option("state", str, "refuse", "What becomes of variables: explicit makes inputs and outputs of them",
               ("refuse", "explicit")),
    ),
)  # fmt: skip

BACKEND = Backend(
    name="tflite",
    title="TensorFlow Lite / LiteRT",
    suffixes=(".tflite",),
    save=deferred(f"{__name__}.write.save:save"),
    problems=deferred(f"{__name__}.support:problems"),
    ops=deferred(f"{__name__}.support:ops"),
    handlers=deferred(f"{__name__}.support:emitters"),
    run=deferred(f"{__name__}.run:checked_run"),
    means=deferred(f"{__name__}.run:meaning"),
    watch=deferred(f"{__name__}.watch:watch"),
    describe=deferred(f"{__name__}.describe:describe"),
    runtime="LiteRT",
    check=deferred(f"{__name__}.emit.build:check_options"),
    example="from ai_edge_litert.interpreter import Interpreter as I; print(I({0}).get_input_details())",
    narrows={"int64": "int32", "float64": "float32"},
    options=(
        Option("input_layout", str, "auto", f"Layout of inputs: {_LAYOUT}", ("auto", "nhwc", "nchw")),
        Option("output_layout", str, "auto", "Layout of outputs, likewise", ("auto", "nhwc", "nchw")),
        Option("fp16", bool, False, "Store weights as float16; computation stays float32", rtol=2e-2),
        Option("full_fp16", bool, False, "Compute in float16 too (XNNPACK, GPU; not the builtin kernels)", rtol=5e-2),
        Option("weight_int8", bool, False, "Store weights as int8; activations are quantized on the fly", rtol=1.5e-1),
        Option(
            "dynamic_activations",
            bool,
            False,
            "Quantize activations on the fly where the graph quantizes weights alone",
            rtol=1.5e-1,
        ),
        Option("allow_custom_ops", bool, False, "Write operators TFLite lacks as custom ones, for kernels of your own"),
        Option("allow_select_tf_ops", bool, False, "Write operators TFLite lacks as TensorFlow's where it has them"),
        Option(
            "io_dtype",
            str,
            "float32",
            "The type of inputs and outputs that are on a grid: integers go in and come out without casts",
            ("float32", "int8", "uint8"),
        ),
        INPUT_SCALE,
        INPUT_ZERO_POINT,
        STRIP_QUANTIZATION,
        QUANT_PARAMS,
    ),
)
