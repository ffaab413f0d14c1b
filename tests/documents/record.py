"""python -m tests.documents.record PAGE...: write what the commands of English pages print into their console blocks.

Lines that a page replaced by `...` stay so where the output still agrees. Chinese pages get the same blocks.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from tests.documents.pages import CHINESE, ROOT, Command, steps
from tests.documents.reader import agrees, follow, lay_out


def main(names: list[str]) -> None:
    """Record each page."""
    for name in names:
        page = Path(name).resolve()
        with tempfile.TemporaryDirectory() as folder:
            lay_out(Path(folder), page)
            os.chdir(folder)
            record(page)
            os.chdir(ROOT)


def record(page: Path) -> None:
    """The page with the outputs of today, and its Chinese form."""
    printed = [
        (command, command.prints if agrees(command.prints, output) else output.splitlines())
        for command, code, output in follow(page)
        if command.prints is not None and _expected(command, code, output)
    ]
    for form in (page, CHINESE / page.relative_to(ROOT / "docs")):
        if form.is_file():
            lines = form.read_text().splitlines()
            commands = [
                step for step in steps(form.read_text()) if isinstance(step, Command) and step.prints is not None
            ]
            for command, (_, output) in reversed([*zip(commands, printed, strict=True)]):
                lines[slice(*command.lines)] = output
            form.write_text("\n".join([*lines, ""]))


def _expected(command: Command, code: int, output: str) -> bool:
    if code != command.exit_code:
        raise SystemExit(f"{command.line}: exit code {code}\n{output}")
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
