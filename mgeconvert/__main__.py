"""``python -m mgeconvert``: starts whatever is installed as the console script, so the core does not import the CLI."""

from __future__ import annotations

import sys

from mgeconvert.entry_points import entry_points


def main() -> None:
    """Run the installed ``mgeconvert`` command; exits with a message when the package was not installed."""
    if entry := entry_points("console_scripts").get("mgeconvert"):
        sys.argv[0] = "mgeconvert"
        sys.exit(entry.load()())
    sys.exit("error: mgeconvert is not installed\nhint: pip install -e . in the repository")


if __name__ == "__main__":
    main()
