"""ONNX: the `BACKEND` and `FRONTEND` records. Nothing heavy is imported until a function is called."""

from __future__ import annotations

from mgeconvert.registry import QUANT_PARAMS, STRIP_QUANTIZATION, Backend, Frontend, Option, deferred

FRONTEND = Frontend(
    name="onnx",
    title="ONNX",
    suffixes=(".onnx",),
    load=deferred(f"{__name__}.opsets.up.driver:load"),
    ops=deferred(f"{__name__}.support:lowered"),
    options=(
        Option(
            "input_shape",
            str,
            None,
            "numbers for sizes the file leaves open: x=1,3,224,224;y=1,5",
            metavar="NAME=SHAPE",
        ),
    ),
    describe=deferred(f"{__name__}.describe:describe"),
    handlers=deferred(f"{__name__}.support:upgrades"),
    check=deferred(f"{__name__}.opsets.up.input_shape:check"),
    companions=deferred(f"{__name__}.read.companions:companions"),
)

BACKEND = Backend(
    name="onnx",
    title="ONNX",
    suffixes=(".onnx",),
    leftovers=deferred(f"{__name__}.write.external:leftovers"),
    save=deferred(f"{__name__}.write.save:save"),
    problems=deferred(f"{__name__}.write.save:problems"),
    ops=deferred(f"{__name__}.support:emitted"),
    run=deferred(f"{__name__}.run:run"),
    watch=deferred(f"{__name__}.watch:watch"),
    describe=deferred(f"{__name__}.describe:describe"),
    runtime="onnxruntime",
    example="import onnxruntime as o; print([(x.name, x.shape) for x in o.InferenceSession({0}).get_inputs()])",
    introduces=deferred(f"{__name__}.support:introduced"),
    rewritten=deferred(f"{__name__}.write.save:rewritten_by"),
    handlers=deferred(f"{__name__}.support:downgrades"),
    check=deferred(f"{__name__}.write.save:check"),
    options=(
        Option(
            "opset",
            int,
            None,
            "the operator set to write, 7 or newer; unset: 17, or the lowest that is enough",
            metavar="N",
        ),
        Option("external_data", bool, False, "put the weights into a second file beside the model"),
        Option("functions", bool, False, "write each module as a local function; opset 15 or newer"),
        Option("fp16", bool, False, "compute and store weights in float16", rtol=5e-2),
        Option("fp16_io", bool, False, "with --fp16: inputs and outputs are float16 too"),
        Option(
            "qdq_activations",
            str,
            None,
            "the integers of quantized activations; unset: uint8, for which onnxruntime has kernels, where MegEngine"
            " quantized, else as in the source",
            ("uint8", "int8", "source"),
        ),
        Option("exact_rounding", bool, False, "round every half as MegEngine does, in floats: slow"),
        STRIP_QUANTIZATION,
        QUANT_PARAMS,
    ),
)
