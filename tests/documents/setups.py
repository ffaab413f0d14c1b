"""What a reader of a reference page has beside model.pkl, as commands that make it; and lines that no test can run."""

from __future__ import annotations

from collections.abc import Mapping

MANIFEST = (
    r"printf '[defaults]\ntargets = [\"onnx\"]\noutput = \"night\"\n[[model]]\npath = \"model.pkl\"\n' > batch.toml"
)
TFLITE = "mgeconvert -q tm-to-tflite model.pkl -o model.tflite"
ONNX = "mgeconvert -q tm-to-onnx model.pkl -o model.onnx"

SETUPS: Mapping[str, tuple[str, ...]] = {
    "README.md": (
        "mkdir hub",
        "cp model.pkl hub/resnet.pkl",
        "cp $EXAMPLES/digits.py net.py",
        'python -c \'import numpy; numpy.save("images.npy", numpy.zeros((1, 3, 32, 32), "f4"))\'',
    ),
    "docs/batch.md": (
        "mkdir hub",
        "cp model.pkl hub/resnet.pkl",
        MANIFEST,
        "mgeconvert --json -q batch batch.toml > yesterday.json",
    ),
    "docs/caffe.md": (ONNX, "mgeconvert -q tm-to-caffe model.pkl -o deploy.prototxt"),
    "docs/cli.md": ("mkdir hub", "cp model.pkl a.pkl", "cp model.pkl b.pkl", "cp model.pkl hub", "xz -k model.pkl"),
    "docs/comparing.md": (
        f"{ONNX} -O0",
        "cp model.onnx old.onnx",
        "mgeconvert -q optimize old.onnx -o new.onnx",
        TFLITE,
    ),
    "docs/onnx.md": (ONNX,),
    "docs/reports.md": (TFLITE, MANIFEST),
    "docs/static-graphs.md": ("cp $EXAMPLES/digits.mge model.mge", ONNX),
    "docs/surgery.md": (ONNX,),
    "docs/tflite.md": (ONNX,),
    "docs/tracedmodule.md": (ONNX, "mgeconvert -q tm-to-caffe model.pkl"),
    "docs/tracing.md": (
        "cp $EXAMPLES/digits.py net.py",
        ONNX,
        "mgeconvert -q tm-to-tflite model.pkl",
        'python -c \'import numpy; numpy.save("x.npy", numpy.zeros((1, 3, 32, 32), "f4"))\'',
    ),
}
"""By page. The commands run in a shell; $EXAMPLES is the folder examples/."""

NOT_RUN: Mapping[str, str] = {
    "mgeconvert trace --hub": "asks github.com",
    "mgeconvert reference install --python PATH": "PATH is the reader's",
}
"""Beginnings of command lines that are shown and not run, with the reason."""
