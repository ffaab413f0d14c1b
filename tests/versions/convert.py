"""Converts small models to every format and prints a digest of each file: `python convert.py FOLDER OUT`.

Runs in an environment that has mgeconvert and nothing else. `FOLDER` holds models.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import mgeconvert
from mgeconvert import registry
from mgeconvert.errors import ConversionError

TARGETS = ("onnx", "tflite", "caffe", "tm", "pytorch")


def main() -> None:
    """ONNX files are verified too: their runtime is one of what is installed."""
    folder, out = map(Path, sys.argv[1:])
    models = sorted(path for path in folder.iterdir() if path.suffix != ".caffemodel")
    digests: dict[str, str] = {}
    for model in models:
        for target in TARGETS:
            name = f"{model.name} to {target}"
            path = out / f"{model.name}.{target}" / f"m{registry.backend(target).suffixes[0]}"
            path.parent.mkdir(parents=True)
            try:
                mgeconvert.convert(model, path, target_format=target, verify=target == "onnx")
            except ConversionError as error:
                digests[name] = error.message
                continue
            for file in sorted(path.parent.iterdir()):
                digests[f"{name}: {file.suffix}"] = hashlib.sha256(file.read_bytes()).hexdigest()
    print(json.dumps(digests))


if __name__ == "__main__":
    main()
