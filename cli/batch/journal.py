"""What a batch has done, kept beside the outputs, so that a killed run goes on where it was.

A job is skipped when its fingerprint is that of an entry, and the files of that entry are still what was written. What
a model or its target cannot be is kept as what could be; what came of the machine (a limit, a process that died, a
package that is missing) is tried again. The fingerprint covers the bytes of the model, of the files that are read with
it, the command line and our version. A folder of this machine has one file with a line of JSON for each entry;
elsewhere, where nothing can be added to a file, each entry is a file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable
from typing import Any

from mgeconvert import __version__
from mgeconvert.errors import BadInputError

from .job import Job
from .parcel import companions
from .pool import Result
from .urls import Url, Where, stamp, where

NAME = ".mgeconvert-batch.jsonl"
FOLDER = ".mgeconvert-batch"
"""The same in a folder that is a URL."""


GOOD = ("verified", "written")
FINAL = ("UnsupportedError", "ConversionError", "VerificationError", "BadInputError", "UnsafePickleError")
"""Errors that the same files, options and version give again."""


def written(folder: Where) -> frozenset[str]:
    """The names of the files in a folder that batches have written there."""
    names: set[str] = set()
    for text in _texts(folder):
        with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
            names |= {where(place).name for place in json.loads(text)["files"]}
    return frozenset(names)


class Journal:
    """The entries of all output folders of a batch."""

    def __init__(self) -> None:
        self._entries: dict[Where, dict[str, Any]] = {}
        self._stamps: dict[Where, str] = {}
        self._companions: dict[Where, list[Where]] = {}

    def fingerprint(self, job: Job) -> str:
        """Changes when anything changes that the result depends on."""
        if job.source not in self._companions:
            self._companions[job.source] = companions(job)
        parts = [__version__, *job.words()]
        for place in (job.source, *self._companions[job.source], *job.reads):
            if place not in self._stamps and place.is_file():
                self._stamps[place] = stamp(place)
            if place in self._stamps:
                parts += [place.name, self._stamps[place]]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()

    def unchanged(self, job: Job) -> Result | None:
        """The result of an earlier run that still holds."""
        entry = self._of(job.output.parent).get(_key(job.name, job.target))
        if not entry or not entry.get("is_final") or entry["fingerprint"] != self.fingerprint(job):
            return None
        places = ((where(text), was) for text, was in entry["files"].items())
        if any(not place.is_file() or stamp(place) != was for place, was in places):
            return None
        good = entry["state"] in GOOD
        state, message = ("unchanged", entry["state"]) if good else (entry["state"], entry["message"])
        return Result(job, state, message, document=entry["document"], kind=entry["kind"])

    def note(self, result: Result) -> None:
        """Keep a result; it is on the disk when this returns."""
        job = result.job
        files = [where(file["path"]) for file in result.document.get("files", [])]
        entry = {
            "name": job.name,
            "target": job.target,
            "fingerprint": self.fingerprint(job),
            "state": result.state,
            "message": result.message,
            "kind": result.kind,
            "is_final": result.state in GOOD or result.kind in FINAL,
            "files": {str(place): stamp(place) for place in files if place.is_file()},
            "document": result.document,
        }
        folder, key = job.output.parent, _key(job.name, job.target)
        if isinstance(folder, Url):
            name = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:32]
            (folder / FOLDER / f"{name}.json").put(json.dumps(entry).encode())
        else:
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / NAME).open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")
                file.flush()
                os.fsync(file.fileno())
        self._of(folder)[key] = entry

    def _of(self, folder: Where) -> dict[str, Any]:
        if folder not in self._entries:
            entries: dict[str, Any] = {}
            for text in _texts(folder):
                with contextlib.suppress(ValueError, KeyError, TypeError):  # the last line of a killed run
                    entry = json.loads(text)
                    entries[_key(entry["name"], entry["target"])] = entry
            self._entries[folder] = entries
        return self._entries[folder]


def _texts(folder: Where) -> Iterable[str]:
    """The entries of a folder, the newest of a job last."""
    if isinstance(folder, Url):
        for file in (folder / FOLDER).below():
            with contextlib.suppress(BadInputError, UnicodeDecodeError):
                yield file.read_bytes().decode("utf-8")
        return
    with contextlib.suppress(FileNotFoundError):
        yield from (folder / NAME).read_text(encoding="utf-8").splitlines()


def _key(name: str, target: str) -> str:
    return f"{name}\0{target}"
