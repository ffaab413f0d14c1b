"""Kills writers and lets two write at once.

    python -m tests.cli.kills FOLDER/m.prototxt --every --random 200 --two 50

A model is written whose weights are all 1, then one whose weights are all 2 over it. Whatever happens to the second
run, what is read afterwards is all 1, all 2, or refused as a pair whose files do not belong together.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import mgeconvert
from mgeconvert import registry
from mgeconvert.calibration.driver import quantize
from mgeconvert.calibration.recipe import Recipe
from mgeconvert.errors import BadInputError
from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder

EVENTS = {"open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree"}
MOST = 300
TORN = "torn"


def network(fill: float) -> Graph:
    """Two products with matrices that hold one number."""
    b = Builder()
    x = b.input("x", "float32", (1, 64))
    for name in ("a", "b"):
        x = b.op("MatMul", x, b.constant(np.full((64, 64), fill, np.float32), name=name))
    b.output("y", x)
    return b.graph


def quantized(fill: float) -> Graph:
    """The same, as `mgeconvert quantize` makes it: only the scales differ by the number."""
    return quantize(network(fill), [{"x": np.ones((1, 64), np.float32)}], Recipe(recipe="int8-weights")).graph


def _numbers(graph: Graph) -> Iterator[float]:
    """The numbers in the weights, those that are quantized too."""
    for node in graph.nodes:
        if node.op == "DequantizeLinear":
            integers, scale = (value.array for value in node.inputs[:2])
            assert integers is not None
            assert scale is not None
            if integers.size > 1000:
                yield from np.unique(np.round(integers * np.max(scale), 3)).tolist()
    for each in graph.constants():
        if each.array.size > 1000 and each.array.dtype == np.float32:
            yield from np.unique(each.array).tolist()


def found(path: Path) -> frozenset[Any]:
    """The numbers in the weights of what is there; `TORN` where it is refused as no pair."""
    try:
        if path.suffix == ".py":
            registry.backend("pytorch").describe(path)  # type: ignore[misc]
            data = path.with_suffix(".safetensors").read_bytes()
            size = struct.unpack_from("<Q", data)[0]
            header = json.loads(data[8 : 8 + size])
            end = max(item["data_offsets"][1] for name, item in header.items() if name != "__metadata__")
            return frozenset(np.frombuffer(data[8 + size : 8 + size + end], np.float32).tolist())
        graph = mgeconvert.load(path)
    except BadInputError as error:
        if "was written with another" not in error.message:
            raise
        return frozenset([TORN])
    return frozenset(_numbers(graph))


class Trial:
    """One path, and the options it is written with."""

    def __init__(self, path: Path, *, external: bool, make: Callable[[float], Graph] = network) -> None:
        self.path, self.options, self.make = path, {"external_data": True} if external else {}, make
        self.seen: Counter[frozenset[Any]] = Counter()

    def save(self, fill: float) -> None:
        mgeconvert.save(self.make(fill), self.path, **self.options)

    def begin(self) -> None:
        shutil.rmtree(self.path.parent, ignore_errors=True)
        self.path.parent.mkdir()
        self.save(1.0)

    def forked(self, fill: float, at: int = MOST) -> int:
        """A process that writes, and kills itself before the thing number `at` that it does to a file."""
        child = os.fork()
        if child:
            return child
        seen = [0]

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            if event in EVENTS and str(arguments[0]).startswith(str(self.path.parent)):
                seen[0] += 1
                if seen[0] > at:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        self.save(fill)
        os._exit(0)

    def every(self) -> None:
        """Kill before the 1st, 2nd, ... thing, until the run does all of them."""
        for at in range(MOST):
            self.begin()
            killed = os.waitpid(self.forked(2.0, at), 0)[1]
            self.seen[found(self.path)] += 1
            if not killed:
                assert found(self.path) == {2.0}
                return
        raise AssertionError("it never ended")

    def random(self, times: int) -> None:
        """Kill after a random time, again and again, over what the kill before left."""
        r = random.Random(1)
        self.begin()
        begin = time.perf_counter()
        os.waitpid(self.forked(2.0), 0)
        usual = time.perf_counter() - begin
        for number in range(times):
            child = self.forked(float(1 + number % 2))
            time.sleep(r.uniform(0, 1.1 * usual))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            self.seen[found(self.path)] += 1

    def two(self, times: int) -> None:
        """Two runs write at once: one of the two models is there in the end."""
        for _ in range(times):
            self.begin()
            for child in [self.forked(2.0), self.forked(3.0)]:
                assert os.waitpid(child, 0)[1] == 0
            assert found(self.path) in ({2.0}, {3.0}), found(self.path)

    def left(self) -> Iterator[str]:
        """What lies there after one more run besides the model's files."""
        self.save(1.0)
        yield from sorted(path.name for path in self.path.parent.iterdir() if path.name.startswith("."))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.cli.kills")
    parser.add_argument("path", type=Path)
    parser.add_argument("--external", action="store_true")
    parser.add_argument("--quantize", action="store_true")
    parser.add_argument("--every", action="store_true")
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--two", type=int, default=0)
    given = parser.parse_args()
    trial = Trial(given.path, external=given.external, make=quantized if given.quantize else network)
    if given.every:
        trial.every()
    trial.random(given.random)
    trial.two(given.two)
    wrong = [each for each in trial.seen if each not in ({1.0}, {2.0}, {TORN})]
    counts = {"/".join(map(str, sorted(each, key=str))): count for each, count in trial.seen.items()}
    print(json.dumps({"seen": counts, "wrong": [sorted(each, key=str) for each in wrong], "left": list(trial.left())}))


if __name__ == "__main__":
    main()
