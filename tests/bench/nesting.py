"""CPU seconds of writing 50,000 nodes as a TracedModule, and of putting their scopes together to 5,000 modules.

python nesting.py        prints both
"""

from __future__ import annotations

import io
import time

import numpy as np

from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.modules import nested
from mgeconvert.ir.scopes import Scope
from mgeconvert.registry import backend

MODULES, NODES = 5_000, 10


def chain(*, in_modules: bool) -> Graph:
    """`NODES` operators in a row in each of `MODULES` modules, or all in the top module."""
    b = Builder()
    value = b.input("x", np.float32, (1, 8))
    top = Scope("", "Net")
    for module in range(MODULES):
        around = Scope(f"m{module}", "Block", None, top) if in_modules else top
        for number in range(NODES):
            b.enter(Scope(around.path, "function", None, around))
            value = b.op("Exp" if number % 2 else "Abs", value)
    b.output("y", value)
    return b.graph


def main() -> None:
    """Print the seconds of writing and of nesting."""
    flat, tree = chain(in_modules=False), chain(in_modules=True)
    start = time.process_time()
    nested(tree)
    nesting = time.process_time()
    backend("tm").save(flat, io.BytesIO())
    print(time.process_time() - nesting, nesting - start)


if __name__ == "__main__":
    main()
