"""``python -m mgeconvert``: starts whatever is installed as the console script, so the core does not import the CLI."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points


def main() -> None:
    """Run the installed ``mgeconvert`` command; exits with a message when the package was not installed."""
    for entry in entry_points(group="console_scripts", name="mgeconvert"):
        sys.argv[0] = "mgeconvert"
        sys.exit(entry.load()())
    sys.exit("error: mgeconvert is not installed\nhint: pip install -e . in the repository")


if __name__ == "__main__":
    main()
