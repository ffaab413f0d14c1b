"""Print what became of so many faults: `python -m tests.harness.file_faults TARGET COUNT`."""

from __future__ import annotations

import sys
from collections import Counter

from mgeconvert.errors import ConversionError
from mgeconvert.verification.layers.reduce import NODES
from tests.harness.faults import NETWORKS

from .injecting import injected


def main(target: str, count: int) -> None:
    good: Counter[str] = Counter()
    for family, name in NETWORKS:
        try:
            for verdict in injected(target, family, name, count // len(NETWORKS)):
                good.update(["all"] + ["named"] * verdict.named + ["good"] * verdict.is_good)
                if not verdict.is_good:
                    print(f"{verdict.fault}\n    {verdict.said}\n    {verdict.nodes} nodes, fails: {verdict.fails}")
        except ConversionError as error:
            print(f"{name}: {error.message}")
        print(f"{name}: {dict(good)}, at most {NODES} nodes", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
