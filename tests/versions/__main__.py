"""Make both environments, convert in both, and say where the files differ; exit code 1 where they do."""

from __future__ import annotations

import configparser
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import mgeconvert
from mgeconvert.reference.environment import cache_folder
from tests.fuzz.seeds import seed

ROOT = Path(__file__).parents[2]
RESOLUTIONS = {"lowest": "lowest-direct", "highest": "highest"}
MODELS = {"onnx": range(4), "tm": range(1, 9, 2), "tflite": range(3), "caffe": range(1, 6, 2), "mge": range(2)}
"""reader -> the numbers of the models that are converted."""
SHOWN = ("numpy", "onnx", "protobuf", "flatbuffers", "onnxruntime")


def requirements() -> list[str]:
    """What setup.cfg says that the base install needs."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    lines = config["options"]["install_requires"].splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def environment(kind: str) -> Path:
    """The Python of an environment with those versions; made where there is none for these requirements."""
    wanted = "\n".join(requirements())
    key = hashlib.sha256(f"{sys.version} {wanted} {ROOT}".encode()).hexdigest()[:12]
    folder = cache_folder() / f"versions-{kind}-{key}"
    python = folder / "bin" / "python"
    if (folder / "complete").exists():
        return python
    uv = [sys.executable, "-m", "uv"]
    install = [*uv, "pip", "install", "--quiet", "--python", str(python)]
    chosen = ["--only-binary", ":all:", "--resolution", RESOLUTIONS[kind]]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(wanted)
        file.flush()
        for line in (
            [*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)],
            [*install, *chosen, "--requirement", file.name],
            [*install, "--no-deps", "--editable", str(ROOT)],
        ):
            subprocess.run(line, check=True, env={**os.environ, "UV_CACHE_DIR": str(cache_folder() / "wheels")})
    (folder / "complete").touch()
    return python


def models(folder: Path) -> None:
    """Small models of every reader."""
    for reader, numbers in MODELS.items():
        for number in numbers:
            for name, content in seed(reader, number).items():
                (folder / f"{reader}{number}{Path(name).suffix}").write_bytes(content)


def versions(python: Path) -> str:
    program = f"import importlib.metadata as m; print(', '.join(p + ' ' + m.version(p) for p in {SHOWN}))"
    return subprocess.run([python, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def main() -> int:
    found: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "models").mkdir()
        models(Path(folder) / "models")
        for kind in RESOLUTIONS:
            python = environment(kind)
            print(f"{kind}: {versions(python)}", flush=True)
            script = str(Path(__file__).with_name("convert.py"))
            line = [str(python), "-W", "error::DeprecationWarning:mgeconvert", script, "models", kind]
            done = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                print(done.stderr)
                return 1
            found[kind] = json.loads(done.stdout)
    names = sorted({name for digests in found.values() for name in digests})
    wrong = [name for name in names if len({digests.get(name) for digests in found.values()}) > 1]
    for name in wrong:
        print(f"{name}: " + " is not ".join(str(digests.get(name)) for digests in found.values()))
    print(f"mgeconvert {mgeconvert.__version__}: {len(names)} files and refusals, {len(wrong)} of which differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
