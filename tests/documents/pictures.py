"""``python -m tests.documents.pictures``: the pictures of docs/pictures, from what the program shows today.

The report is a screenshot in headless Chromium, `inspect` is what a terminal shows, as SVG.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tests.documents.pages import ROOT
from tests.harness.browser import browser

PICTURES = ROOT / "docs" / "pictures"
EXAMPLES = ROOT / "examples"
WIDTH = 100
SHOWN = {
    "errors.png": "document.querySelector('svg')",
    "network.png": "[...document.querySelectorAll('svg')].at(-1).parentElement",
}
"""Parts of the report, and what is at the top of each."""


def printed(line: str, folder: Path) -> str:
    """What a command prints."""
    words = [sys.executable, "-m", *shlex.split(line)]
    done = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": str(WIDTH)}
    )
    return done.stdout


def main() -> None:
    """Make every picture."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in EXAMPLES.glob("demo.*"):
            shutil.copy(path, folder)
        line = "mgeconvert inspect demo.pkl --tree"
        with Path(os.devnull).open("w") as nowhere:
            console = Console(record=True, width=WIDTH, file=nowhere)
            console.print(Text(f"$ {line}\n{printed(line, folder)}"), end="")
        console.save_svg(str(PICTURES / "inspect.svg"), title="mgeconvert")
        printed("mgeconvert -q tm-to-onnx demo.pkl -o demo.onnx", folder)
        printed("mgeconvert -q verify demo.pkl demo.onnx --per-layer --report report.html", folder)
        with browser(folder / "profile") as page:
            page.open(folder / "report.html", 1100, 800)
            page.picture(PICTURES / "report.png")
            for picture, shown in SHOWN.items():
                page.ask(f"{shown}.scrollIntoView({{block: 'start'}})")
                page.picture(PICTURES / picture)


if __name__ == "__main__":
    main()
