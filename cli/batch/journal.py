"""What a batch has done: one line of JSON per job beside the outputs, so that a killed run goes on where it was.

A job is skipped when its fingerprint is that of a line that ended well, and the files of that line are still what was
written. The fingerprint covers the bytes of the model, of the .npz beside it, the command line and our version.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from mgeconvert import __version__
from mgeconvert.files import digest

from .manifest import Job
from .pool import Result

NAME = ".mgeconvert-batch.jsonl"


class Journal:
    """The lines of all output folders of a batch."""

    def __init__(self) -> None:
        self._lines: dict[Path, dict[str, Any]] = {}
        self._digests: dict[Path, str] = {}

    def fingerprint(self, job: Job) -> str:
        """Changes when anything changes that the result depends on."""
        parts = [__version__, *job.args]
        for path in (job.source, job.source.with_suffix(".npz"), job.source.with_suffix(".caffemodel")):
            if path.is_file():
                self._digests.setdefault(path, digest(path))
                parts += [path.name, self._digests[path]]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()

    def unchanged(self, job: Job) -> Result | None:
        """The result of an earlier run that still holds."""
        line = self._of(job.output.parent).get(f"{job.name}\0{job.target}")
        if not line or line["fingerprint"] != self.fingerprint(job) or line["state"] not in ("verified", "written"):
            return None
        if any(not Path(path).is_file() or digest(Path(path)) != was for path, was in line["files"].items()):
            return None
        return Result(job, "unchanged", line["state"], document=line["document"])

    def note(self, result: Result) -> None:
        """Keep a result; it is on the disk when this returns."""
        job = result.job
        files = [Path(file["path"]) for file in result.document.get("files", [])]
        line = {
            "name": job.name,
            "target": job.target,
            "fingerprint": self.fingerprint(job),
            "state": result.state,
            "files": {str(path): digest(path) for path in files if path.is_file()},
            "document": result.document,
        }
        folder = job.output.parent
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / NAME).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self._of(folder)[f"{job.name}\0{job.target}"] = line

    def _of(self, folder: Path) -> dict[str, Any]:
        if folder not in self._lines:
            lines: dict[str, Any] = {}
            with contextlib.suppress(FileNotFoundError):
                for text in (folder / NAME).read_text(encoding="utf-8").splitlines():
                    with contextlib.suppress(ValueError, KeyError, TypeError):  # the last line of a killed run
                        line = json.loads(text)
                        lines[f"{line['name']}\0{line['target']}"] = line
            self._lines[folder] = lines
        return self._lines[folder]
