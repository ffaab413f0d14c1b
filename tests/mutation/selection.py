"""The tests that reach a place of our code, from what a run of the tests has recorded (tests/reached/contexts.py)."""

from __future__ import annotations

import ast
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.reached.blocks import block_of, spans
from tests.reached.instrument import ROOT

from .mutants import Mutant


@dataclass(frozen=True)
class Reaching:
    """A test that reaches a place, its seconds, and how many blocks it enters: the fewer, the more it is about each."""

    test: str
    seconds: float
    blocks: int


class Recorded:
    """What a run has recorded, by block, for the files that are asked for."""

    def __init__(self, folder: Path, files: set[str]) -> None:
        self._blocks: dict[str, list[Reaching]] = defaultdict(list)
        for path in sorted(folder.glob("*.contexts")):
            self._read(path, files)
        self._spans = {file: spans(ast.parse((ROOT / file).read_text(encoding="utf-8")), file) for file in files}

    def _read(self, path: Path, files: set[str]) -> None:
        known: list[str] = []
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                test, passed, seconds, new, numbers = json.loads(line)
                known += [block if block.partition("::")[0] in files else "" for block in new]
                if passed:
                    reaching = Reaching(test, seconds, len(numbers))
                    for number in numbers:
                        if known[number]:
                            self._blocks[known[number]].append(reaching)

    def _named(self, mutant: Mutant) -> Iterator[str]:
        """The blocks that an import of the module stands for: all of its file."""
        return (block for block in self._blocks if block.startswith(f"{mutant.file}::"))

    def is_in_function(self, mutant: Mutant) -> bool:
        """Otherwise it is a constant, a table or a default of the module, which its import computes."""
        return mutant.kind != "default" and block_of(mutant.line, self._spans[mutant.file]) is not None

    def tests(self, mutant: Mutant) -> list[Reaching]:
        """Those that reach it, the most telling first; one of each test file by turns, so that they differ."""
        block = block_of(mutant.line, self._spans[mutant.file]) if self.is_in_function(mutant) else None
        blocks = [block] if block else list(self._named(mutant))
        found = {reaching.test: reaching for name in blocks for reaching in self._blocks.get(name, ())}
        by_file = defaultdict(list)
        for reaching in found.values():
            by_file[reaching.test.partition("::")[0]].append(reaching)
        own = f"/test_{Path(mutant.file).stem}.py"
        turns = [
            (not file.endswith(own), turn, reaching.blocks, reaching)
            for file, tests in by_file.items()
            for turn, reaching in enumerate(sorted(tests, key=lambda test: (test.blocks, test.seconds)))
        ]
        return [turn[-1] for turn in sorted(turns, key=lambda turn: turn[:3])]
