"""Graphs of a shape that costs a careless pass the square of their size, beside a chain of as many operators.

python -m tests.bench.shapes SHAPE NUMBER FILE.onnx       writes one
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert_converters.onnx.write.save import save

from .measured import Row, least, mgeconvert

RUNS = 1
LIMIT = 4.0
"""How much a shape may cost beside a plain chain of as many operators."""


def chain(b: Builder, count: int) -> None:
    """Sigmoid and Exp in turns."""
    value = b.input("x", np.float32, (1, 8))
    for number in range(count):
        value = b.op("Exp" if number % 2 else "Sigmoid", value)
    b.output("y", value)


def readers(b: Builder, count: int) -> None:
    """One value that every second operator reads."""
    x = value = b.input("x", np.float32, (1, 8))
    for _ in range(count // 2):
        value = b.op("Sigmoid", b.op("Mul", x, value))
    b.output("y", value)


def concat(b: Builder, count: int) -> None:
    """One Concat of what all others compute."""
    x = b.input("x", np.float32, (1, 8))
    b.output("y", b.op("Concat", *[b.op("Pow", x, np.float32(number + 2)) for number in range(count)], axis=0))


def deep(b: Builder, count: int) -> None:
    """Residual blocks in a row, through which twice as many paths go with each."""
    value = b.input("x", np.float32, (1, 8))
    for _ in range(count // 2):
        value = b.op("Add", value, b.op("Sigmoid", value))
    b.output("y", value)


def constants(b: Builder, count: int) -> None:
    """A constant of one element for every operator, all different."""
    value = b.input("x", np.float32, (1, 8))
    for number in range(count):
        value = b.op("Pow" if number % 2 else "Max", value, np.float32(number + 1.25))
    b.output("y", value)


SHAPES: dict[str, tuple[Callable[[Builder, int], None], int]] = {
    "chain": (chain, 20_000),
    "readers": (readers, 40_000),
    "concat": (concat, 20_000),
    "deep": (deep, 10_000),
    "constants": (constants, 100_000),
}
"""Name -> what builds the graph, and of how many operators."""
TARGETS = {"onnx": ".onnx", "tflite": ".tflite", "tm": ".pkl"}


def shape_rows(folder: Path) -> list[Row]:
    """Each shape from ONNX to three targets, without verification."""
    rows: list[Row] = []
    each_of: dict[str, float] = {}
    for name, (_, count) in SHAPES.items():
        path = folder / f"{name}.onnx"
        subprocess.run([sys.executable, "-m", __spec__.name, name, str(count), path], check=True)
        for target, suffix in TARGETS.items():
            command = [
                f"onnx-to-{target}",
                path,
                "-o",
                folder / f"{name}.out{suffix}",
                "--no-verify",
                "--quiet",
                "--force",
            ]
            found = least([mgeconvert(*command)], RUNS)[0]
            each = found.seconds / count
            beside = each / each_of.setdefault(target, each)
            what = f"onnx-to-{target}, {name} of {count:,}"
            said = f"{found.seconds:.2f} s, {each * 1e6:.0f} us an operator"
            rows.append(Row(what, said, f"{beside:.2f}x the chain", beside, LIMIT, f"{LIMIT:g}x"))
    return rows


def main() -> None:
    """Write one graph."""
    name, count, path = sys.argv[1:]
    b = Builder(Graph(name))
    SHAPES[name][0](b, int(count))
    save(b.graph, Path(path))


if __name__ == "__main__":
    main()
