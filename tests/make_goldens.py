"""Remake goldens with real MegEngine: python tests/make_goldens.py [FAMILY ...]

Without a family: those whose rows have changed. Needs `mgeconvert reference install`.
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
    unknown = [name for name in wanted if name not in families]
    if unknown:
        print(f"error: no tests/rows/{unknown[0]}.py; families: {', '.join(families)}", file=sys.stderr)
        return 2
    failed = 0
    for name in wanted or [name for name in families if not goldens.is_current(name)]:
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
