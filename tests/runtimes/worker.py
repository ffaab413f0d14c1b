"""One file in one runtime: python worker.py RUNTIME MODEL.onnx INPUTS.npz OUTPUTS.npz

A script of its own for the environment that has the runtimes. `INPUTS.npz` holds the inputs in the model's order, by
name; outputs are written in the model's order. All compute in float32 on one processor.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np


def openvino(model: Path, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    import openvino

    core = openvino.Core()
    compiled = core.compile_model(core.read_model(model), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return list(compiled(inputs).to_tuple())


def mnn(model: Path, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    import MNN
    import MNN.expr as expr

    written = model.with_suffix(".mnn")
    tool = Path(sys.executable).with_name("mnnconvert")
    command = [tool, "-f", "ONNX", "--modelFile", model, "--MNNModel", written, "--bizCode", "x"]
    subprocess.run(command, check=True, stdout=sys.stderr)
    outputs = (model.with_suffix(".outputs")).read_text().split("\n")
    net = MNN.nn.load_module_from_file(str(written), list(inputs), outputs)
    tensors = []
    for array in inputs.values():
        tensor = expr.const(np.ascontiguousarray(array), list(array.shape), expr.NCHW, _mnn_type(expr, array.dtype))
        tensors.append(tensor if array.ndim != 4 else expr.convert(tensor, expr.NC4HW4))
    return [expr.convert(found, expr.NCHW).read().copy() for found in net.forward(tensors)]


def _mnn_type(expr: object, dtype: np.dtype) -> object:
    return expr.int if dtype.kind == "i" else expr.float  # type: ignore[attr-defined]


def ncnn(model: Path, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Through pnnx. ncnn has no batch: pnnx takes the first axis away where it is 1."""
    import ncnn

    shapes = ",".join(f"{list(array.shape)}{_pnnx_type(array.dtype)}".replace(" ", "") for array in inputs.values())
    tool = Path(sys.executable).with_name("pnnx")
    subprocess.run([tool, model, f"inputshape={shapes}", "fp16=0"], check=True, stdout=sys.stderr, cwd=model.parent)
    net = ncnn.Net()
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    parts = (net.load_param, "param"), (net.load_model, "bin")
    for load, kind in parts:
        if load(str(model.with_name(f"{model.stem}.ncnn.{kind}"))):
            raise RuntimeError(f"ncnn does not load the {kind} file that pnnx wrote")
    extractor = net.create_extractor()
    for number, array in enumerate(inputs.values()):
        extractor.input(f"in{number}", ncnn.Mat(np.ascontiguousarray(array[0])).clone())
    found = []
    for name in net.output_names():
        code, mat = extractor.extract(name)
        if code:
            raise RuntimeError(f"extract({name}) gives {code}")
        found.append(np.array(mat)[None])
    return found


def _pnnx_type(dtype: np.dtype) -> str:
    return {"f": "f32", "i": f"i{8 * dtype.itemsize}"}[dtype.kind]


RUNTIMES = {"OpenVINO": openvino, "MNN": mnn, "ncnn": ncnn}


if __name__ == "__main__":
    runtime, model, given, target = sys.argv[1:]
    with np.load(given) as archive:
        feeds = {name: archive[name] for name in archive.files}
    np.savez(target, *RUNTIMES[runtime](Path(model), feeds))
