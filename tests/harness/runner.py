"""Runs command lines in this process, and looks at the last line of each error: the code that explains it.

`more: mgeconvert explain CODE` ends every error; it is checked and taken away here, so that the tests say the texts
of messages alone.
"""

from __future__ import annotations

import re
from typing import Any

from click.testing import CliRunner, Result

from mgeconvert.explanations import kinds

MORE = re.compile(rb"^more: mgeconvert explain ((?:MGE\d{3} ?)+)\n", re.MULTILINE)


class Runner(CliRunner):
    """A `CliRunner` whose results have no `more:` line."""

    def invoke(self, *arguments: Any, **options: Any) -> Result:
        result = super().invoke(*arguments, **options)
        said = MORE.findall(result.stderr_bytes or b"")
        assert result.exit_code == 0 or said or b"error: " not in (result.stderr_bytes or b""), result.stderr
        for codes in said:
            assert {*codes.decode().split()} <= {*kinds()}
        result.stderr_bytes = MORE.sub(b"", result.stderr_bytes or b"")
        result.output_bytes = MORE.sub(b"", result.output_bytes)
        return result
