"""Remake goldens with real MegEngine: python tests/make_goldens.py [FAMILY ...]

A family is `pooling` or all files of `elementwise`, and `elementwise/dtypes` one of them; without one: the files whose
rows have changed. Needs `mgeconvert reference install`.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from mgeconvert.errors import MgeconvertError
from tests.harness import goldens


def main(wanted: list[str]) -> int:
    """Exit code 1 when a row fails in MegEngine, 2 for an unknown family."""
    families = goldens.families()
    files = {name: [each for each in families if f"{each}/".startswith(f"{name}/")] for name in wanted}
    unknown = [name for name, found in files.items() if not found]
    if unknown:
        print(f"error: no tests/rows/{unknown[0]}.py; families: {', '.join(families)}", file=sys.stderr)
        return 2
    chosen = [each for found in files.values() for each in found]
    failed = 0
    for name in chosen or [name for name in families if not goldens.is_current(name)]:
        try:
            path = goldens.make(name, families[name])
        except (goldens.GoldenError, MgeconvertError) as error:
            failed += 1
            print(f"error: {error}", file=sys.stderr)
        else:
            print(f"{path}: {len(families[name])} rows, {path.stat().st_size / 1024:.0f} KB")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
