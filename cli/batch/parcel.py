"""A job done where its files are not: they come into a folder of its own, and what is written there goes back.

In the folder, a box, each file has its whole place (``file/home/me/hub/a.pkl``, ``s3/bucket/hub/a.pkl``), so that files
find each other as they do at home, and messages and documents say the places that the user knows.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mgeconvert import registry
from mgeconvert.errors import BadInputError, MgeconvertError
from mgeconvert.files import staging
from mgeconvert.files.stale import owned
from mgeconvert.version import VERSION

from .job import Job
from .pool import Crew, Result
from .urls import OWN, Url, Where

PREFIX = "mgeconvert-batch-"
TEXTS = (".json", ".html", ".csv")
"""Suffixes of what is written beside a model, in which places of files may stand."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A job with the bytes of those files that only its sender has; `version` is the sender's."""

    job: Job
    contents: Mapping[Where, bytes] = field(default_factory=dict)
    version: str = VERSION


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a job, and the bytes of files that only who sent it can write."""

    result: Result
    contents: Mapping[Where, bytes] = field(default_factory=dict)


def companions(job: Job, model: Path | None = None) -> list[Where]:
    """The files beside a job's model that belong to it, where they are; `model` is a copy of it on this machine."""
    found: list[Where] = [job.source.with_suffix(".npz")]
    frontend = registry.frontend(job.source_format) if job.source_format else None
    here = job.source if isinstance(job.source, Path) else model
    if frontend is not None and frontend.companions is not None and here is not None:
        beside = [path.relative_to(here.parent) for path in frontend.companions(here)]
        found += [job.source.parent / path.as_posix() for path in beside]
    return [place for place in found if place.is_file()]


def pack(job: Job) -> Parcel:
    """A job with what nobody else can read."""
    own = [place for place in (job.source, *job.reads) if _is_own(place)]
    if _is_own(job.source):
        own += companions(job)
    return Parcel(job, {place: _bytes_of(place) for place in own})


def _bytes_of(place: Where) -> bytes:
    try:
        return place.read_bytes()
    except OSError as error:
        raise BadInputError(f"{place}: cannot be read: {error.strerror}") from error


def perform(parcel: Parcel, crew: Crew) -> Delivery:
    """Do the job in a box. Files of URLs that can be read and written here are."""
    with _box() as box:
        try:
            result, contents = _performed(parcel, crew, box)
        except (MgeconvertError, OSError) as error:
            return Delivery(Result(parcel.job, "error", box.spoken(str(error))))
    return Delivery(result, contents)


def here(job: Job, crew: Crew) -> Result:
    """Do a job on this machine whose files are elsewhere."""
    try:
        return deliver(perform(pack(job), crew))
    except MgeconvertError as error:
        return Result(job, "error", error.message)


def deliver(delivery: Delivery) -> Result:
    """Write the files that came back: all, or none where one cannot be."""
    contents, job = delivery.contents, delivery.result.job
    here = sorted((place for place in contents if isinstance(place, Path)), key=lambda path: path != job.output)
    for place, content in contents.items():
        if isinstance(place, Url):
            place.put(content)
    for path in here:
        path.parent.mkdir(parents=True, exist_ok=True)
    with staging() as stage:
        placed = [stage.place(path) for path in here]
        for path, file in zip(here, placed, strict=True):
            file.write_bytes(contents[path])
        if placed:
            stage.publish(placed, registry.backend(job.target).leftovers if job.output in here else None)
    return delivery.result


class Box:
    """A folder with copies of files by their whole places."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._places: dict[Path, Where] = {}

    def at(self, place: Where) -> Path:
        """Where a file is, or will be, in the box."""
        name = place.mirrored if isinstance(place, Url) else f"file/{place.absolute().as_posix().lstrip('/')}"
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self._places[path] = place
        self._places.setdefault(path.parent, place.parent)
        return path

    def origin(self, path: Path) -> Where:
        """The place that a file of the box stands for."""
        if path in self._places:
            return self._places[path]
        return self.origin(path.parent) / path.name

    def files(self) -> list[Path]:
        return sorted(path for path in (self._folder).rglob("*") if path.is_file() and path.parent != self._folder)

    def spoken(self, text: str) -> str:
        """A text with the places that the user knows."""
        for path in sorted(self._places, key=lambda path: len(str(path)), reverse=True):
            text = text.replace(str(path), str(self._places[path]))
        text = text.replace(f"{self._folder}/file/", "/")
        return re.sub(re.escape(str(self._folder)) + "/([a-z0-9]+)/", r"\1://", text)


@contextlib.contextmanager
def _box() -> Iterator[Box]:
    """An empty one; those that killed runs left are removed."""
    with owned(Path(tempfile.gettempdir()), PREFIX, f"{PREFIX}{os.urandom(8).hex()}") as folder:
        yield Box(folder)


def _performed(parcel: Parcel, crew: Crew, box: Box) -> tuple[Result, dict[Where, bytes]]:
    job = parcel.job
    given = dict(parcel.contents)
    for place, content in given.items():
        box.at(place).write_bytes(content)
    for place in (job.source, *job.reads):
        if place not in given:
            _fetch(place, box)
    if not _is_own(job.source):
        for place in companions(job, box.at(job.source)):
            _fetch(place, box)
    before = {path: path.stat().st_mtime_ns for path in box.files()}
    result = crew.perform(job, job.words(lambda place: str(box.at(place))))
    written = [path for path in box.files() if before.get(path) != path.stat().st_mtime_ns]
    contents: dict[Where, bytes] = {}
    for path in written:
        place = box.origin(path)
        if path.suffix in TEXTS:
            path.write_text(box.spoken(path.read_text(encoding="utf-8")), encoding="utf-8")
        if _is_own(place):
            contents[place] = path.read_bytes()
        elif isinstance(place, Url):
            place.put(path)
    return _spoken(result, box), contents


def _fetch(place: Where, box: Box) -> None:
    assert isinstance(place, Url)
    place.fetch(box.at(place))


def _spoken(result: Result, box: Box) -> Result:
    return replace(result, message=box.spoken(result.message), document=_known(result.document, box))


def _known(content: Any, box: Box) -> Any:
    """A part of a document, with the places that the user knows."""
    if isinstance(content, dict):
        return {key: _known(value, box) for key, value in content.items()}
    if isinstance(content, list):
        return [_known(value, box) for value in content]
    return box.spoken(content) if isinstance(content, str) else content


def _is_own(place: Where) -> bool:
    """Whether no other process can read it, or write it."""
    return not isinstance(place, Url) or place.protocol in OWN
