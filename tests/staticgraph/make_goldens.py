"""Remake the goldens of static graphs with real MegEngine: python tests/staticgraph/make_goldens.py

Needs `mgeconvert reference install`.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.staticgraph import files

if __name__ == "__main__":
    for path in files.make():
        print(f"{path}: {path.stat().st_size / 1024:.0f} KB")
