"""Put the page, its worker and the wheels that it loads into a folder that any web server can serve.

    python examples/browser/build.py build/browser
    python -m http.server -d build/browser

Pyodide itself (Python 3.14 as WebAssembly, with numpy, protobuf, ml-dtypes and click) is loaded from its public
address, or from a folder `pyodide/` beside the page, for use without a network.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
VERSION = "314.0.7"
ADDRESS = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"
PLATFORM = ("--python-version", "3.14", "--platform", "pyemscripten_2026_0_wasm32", "--only-binary", ":all:")
"""What Pyodide's release is built for; onnx has such a wheel in the package index, the others are pure Python."""
PACKAGES = ("onnx", "flatbuffers", "tflite", "typing_extensions")


def pip(*words: str) -> None:
    """Run pip quietly."""
    subprocess.run([sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *words], check=True)


def main(folder: Path) -> None:
    """Fill the folder."""
    wheels = folder / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    pip("wheel", "--no-deps", "--wheel-dir", str(wheels), str(ROOT))
    pip("download", "--no-deps", "--dest", str(wheels), *PLATFORM, *PACKAGES)
    for name in ("index.html", "worker.mjs"):
        shutil.copy(HERE / name, folder)
    files = [f"wheels/{path.name}" for path in sorted(wheels.glob("*.whl"))]
    (folder / "wheels.json").write_text(json.dumps({"pyodide": ADDRESS, "files": files}, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
