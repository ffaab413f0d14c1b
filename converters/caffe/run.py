"""Runs a written net: in OpenCV's dnn, which has its own implementation of Caffe's layers, or in real Caffe."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.errors import BadInputError, MissingDependencyError
from mgeconvert.registry import Computed, Opinion

from .opencv_faults import faulty, may_be_faulty
from .read.files import read_prototxt, weight_files
from .read.inference import net_outputs

NOT_IN_OPENCV = {"ArgMax", "BatchReindex", "Bias", "Embed", "LSTM", "Reduction", "RNN", "SPP", "Threshold", "Tile"}
"""BVLC's layers that OpenCV lacks, or reads otherwise than Caffe."""


class OpenCVError(Exception):
    """OpenCV cannot load or compute the net; the text says why, `does` what it does to the net."""

    does = "cannot compute"


class MiscomputedError(OpenCVError):
    """OpenCV is known to compute the net wrongly."""

    does = "miscomputes"


def run(path: Path, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The net's outputs by name, in the order of the file; inputs become float32, which is what Caffe computes in.

    In OpenCV, with real Caffe as the second opinion; where OpenCV is not installed, cannot compute the net, is known
    to compute it wrongly or computes NaN, in real Caffe, and then the result says so. Raises MissingDependencyError
    without either.
    """
    from mgeconvert.reference.environment import environment

    real = environment("caffe").is_installed
    try:
        results = run_in_opencv(path, inputs)
    except MissingDependencyError:
        if not real:
            raise
        why = "OpenCV is not installed"
    except OpenCVError as error:
        if not real:
            raise MissingDependencyError(
                f"{path}: OpenCV {error.does} this net ({error}), and real Caffe is not installed",
                hint="mgeconvert reference install caffe",
            ) from error
        why = f"OpenCV {error.does} this net"
    else:
        if not real or not any(array.dtype.kind == "f" and np.isnan(array).any() for array in results.values()):
            opinion = Opinion("real BVLC Caffe", lambda: run_in_caffe(path, inputs))
            return Computed(results, "OpenCV dnn", [opinion], results.held)
        why = "OpenCV computes NaN"
    results = run_in_caffe(path, inputs)
    return Computed(results, f"real BVLC Caffe ({why})", held=results.held)


def run_in_caffe(path: Path, inputs: Mapping[str, np.ndarray]) -> Computed:
    """The same in real BVLC Caffe, in its reference environment."""
    from mgeconvert.reference import caffe

    results = caffe.run(caffe.Job(path, weight_files(path), inputs))
    return typed({top: results[top] for _, top in net_outputs(read_prototxt(path).net.layer)}, path)


def run_in_opencv(path: Path, inputs: Mapping[str, np.ndarray]) -> Computed:
    """The same in OpenCV; OpenCVError where it cannot, MissingDependencyError where it is not installed."""
    try:
        import cv2
    except ImportError:
        raise MissingDependencyError(
            "Caffe models run in OpenCV, which is not installed", hint="pip install 'opencv-python-headless<5'"
        ) from None
    layers = read_prototxt(path).net.layer
    missing = sorted(NOT_IN_OPENCV.intersection(layer.type for layer in layers))
    if missing:
        raise OpenCVError(f"it has no layer {', '.join(missing)}")
    # OpenCV calls a layer that holds a constant Const. Parts of a caffemodel joined are a caffemodel.
    text = re.sub(r'(type: *)"Parameter"', r'\1"Const"', path.read_text()).encode()
    outputs = net_outputs(layers)
    # what OpenCV would print is in its exceptions
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        module = _read_net(text, weight_files(path))
        for name, array in inputs.items():
            # cv2.Mat: three axes are not rows, columns and colours
            module.setInput(cv2.Mat(np.ascontiguousarray(array, np.float32)), name)  # type: ignore[no-untyped-call]
        wrong = faulty(layers, _shapes_before(module, inputs)) if may_be_faulty(layers) else ""
        if wrong:
            raise MiscomputedError(wrong)
        # OpenCV calls some layers by their name and some by their top
        known = set(module.getLayerNames())
        results = module.forward([layer if layer in known else top for layer, top in outputs])
    except cv2.error as error:
        raise OpenCVError(str(error).strip().splitlines()[0]) from error
    return typed({top: np.asarray(result) for (_, top), result in zip(outputs, results, strict=True)}, path)


def _read_net(text: bytes, parts: Sequence[Path]) -> Any:
    """The net of a description and its weights. A file of weights OpenCV reads itself, which holds them once less; the
    bytes of several are joined here, and those of a file whose name it cannot open on every system."""
    import cv2

    if len(parts) == 1 and str(parts[0]).isascii():
        with tempfile.TemporaryDirectory(prefix="mgeconvert-") as folder:
            described = Path(folder, "net.prototxt")
            described.write_bytes(text)
            return cv2.dnn.readNetFromCaffe(str(described), str(parts[0]))
    weights = b"".join(part.read_bytes() for part in parts)
    return cv2.dnn.readNetFromCaffe(np.frombuffer(text, np.uint8), np.frombuffer(weights, np.uint8))


def _shapes_before(module: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, Sequence[int]]:
    """The shape of each layer's first bottom as OpenCV infers it, by what OpenCV calls the layer."""
    numbers, before, _ = module.getLayersShapes([list(array.shape) for array in inputs.values()])
    return {
        module.getLayer(int(number)).name: shapes[0]
        for number, shapes in zip(numbers, before, strict=True)
        if len(shapes)
    }


def typed(results: Mapping[str, np.ndarray], path: Path) -> Computed:
    """Caffe's float32 outputs as what the comments of the file say they stand for; whole numbers are rounded."""
    types = output_types(path)
    found = {name: _typed(array, *types[name]) if name in types else array for name, array in results.items()}
    return Computed(found, held=results)


def _typed(array: np.ndarray, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    """Integers beyond the type wrap, as those of ONNX do: 2**31 is -2**31 as int32."""
    whole = array if dtype.kind == "f" else np.rint(array).astype(np.int64)
    return whole.astype(dtype).reshape(shape)


def output_types(path: Path) -> dict[str, tuple[np.dtype, tuple[int, ...]]]:
    """The comments ``# output "label" is int64[2,3]`` that mgeconvert writes where Caffe cannot tell."""
    try:
        return {
            json.loads(name): (np.dtype(dtype), tuple(int(size) for size in sizes.split(",") if size))
            for name, dtype, sizes in _OUTPUT_TYPE.findall(path.read_text())
        }
    except (TypeError, ValueError) as error:
        raise BadInputError(f"{path}: a comment on an output's type is damaged: {error}") from error


_OUTPUT_TYPE = re.compile(r"^# output (\".*\") is (\w+)\[([\d,]*)\]$", re.MULTILINE)
