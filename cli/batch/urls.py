"""Files that are not on this machine: URLs that fsspec knows: s3, gs, http, ssh, memory and others.

`Url` has the names of a path's parts, as `pathlib.Path` does, and what a batch needs of a file: look, read, write, and
a stamp that changes with the content. What fails in fsspec, or below it, is an error with the URL in front.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit, urlunsplit

from mgeconvert.errors import BadInputError, MgeconvertError, MissingDependencyError, UsageError

OWN = frozenset({"memory"})
"""Protocols whose files only the process has that wrote them."""
WHOLE = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "memory"})
"""Protocols in which a file that is being written is not there before it is complete."""
READ_ONLY = frozenset({"http", "https", "data", "github", "zip", "tar"})
PACKAGES = {
    "s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "ssh": "paramiko", "sftp": "paramiko",
    "http": "aiohttp", "https": "aiohttp", "az": "adlfs", "abfs": "adlfs", "abfss": "adlfs",
}  # fmt: skip
"""What fsspec needs for a protocol."""
STAMPS = ("ETag", "etag", "md5", "md5Hash", "crc32c", "generation", "mtime", "LastModified", "Last-Modified", "Digest")
"""Fields of a file's description, any of which changes with its content."""
PATTERN = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, order=True)
class Url:
    """A file or a folder elsewhere, as ``s3://bucket/hub/a.pkl``."""

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def protocol(self) -> str:
        return self.text.partition("://")[0].lower()

    @property
    def name(self) -> str:
        return posixpath.basename(self._path.rstrip("/"))

    @property
    def suffix(self) -> str:
        return posixpath.splitext(self.name)[1]

    @property
    def stem(self) -> str:
        return posixpath.splitext(self.name)[0]

    @property
    def parent(self) -> Url:
        return self._with(posixpath.dirname(self._path.rstrip("/")))

    def with_suffix(self, suffix: str) -> Url:
        return self._with(posixpath.splitext(self._path)[0] + suffix)

    def __truediv__(self, name: str) -> Url:
        return self._with(f"{self._path.rstrip('/')}/{name}")

    @property
    def mirrored(self) -> str:
        """A relative path that no other file of any protocol has."""
        parts = urlsplit(self.text)
        asked = hashlib.sha256(parts.query.encode()).hexdigest()[:8] + "/" if parts.query else ""
        return f"{self.protocol}/{asked}{parts.netloc}{self._path}"

    @property
    def _path(self) -> str:
        return urlsplit(self.text).path

    def _with(self, path: str) -> Url:
        return Url(urlunsplit(urlsplit(self.text)._replace(path=path)).replace(":///", "://"))

    def is_file(self) -> bool:
        with self._opened("be looked at") as (files, path):
            return bool(files.isfile(path))

    def read_bytes(self) -> bytes:
        with self._opened("be read") as (files, path):
            content: bytes = files.cat_file(path)
            return content

    def fetch(self, to: Path) -> None:
        """Copy it to a file of this machine."""
        with self._opened("be read") as (files, path):
            files.get_file(path, os.fspath(to))

    def put(self, content: bytes | Path) -> None:
        """Write it: it is there complete, or as it was."""
        final = self if self.protocol in WHOLE else self.parent / f".{os.urandom(8).hex()}.tmp"
        with self._opened("be written") as (files, path), final._opened("be written") as (_, place):
            with contextlib.suppress(FileExistsError):
                files.makedirs(posixpath.dirname(path), exist_ok=True)
            if isinstance(content, Path):
                files.put_file(os.fspath(content), place)
            else:
                files.pipe_file(place, content)
            if final is not self:
                files.mv(place, path)

    def stamp(self) -> str:
        """Another text where the content is another."""
        with self._opened("be read") as (files, path):
            found = {key: str(value) for key, value in files.info(path).items() if key in (*STAMPS, "size")}
            if any(key in found for key in STAMPS):
                return hashlib.sha256(repr(sorted(found.items())).encode()).hexdigest()
            return hashlib.sha256(files.cat_file(path)).hexdigest()

    def glob(self) -> list[Url]:
        """The files that it is a pattern of; itself where it is none."""
        with self._opened("be listed") as (files, path):
            if not any(letter in path for letter in "*?["):
                return [self] if files.isfile(path) else []
            return sorted(self._found(path, found) for found in files.glob(path) if files.isfile(found))

    def below(self) -> list[Url]:
        """The files in the folder and in those below it; none where it is no folder."""
        with self._opened("be listed") as (files, path):
            return sorted(self._found(path, found) for found in files.find(path)) if files.isdir(path) else []

    def _found(self, path: str, found: str) -> Url:
        """The URL of a file that fsspec calls `found`, where it calls this one `path`."""
        bare = path.strip("/")
        start = self.text[: self.text.rindex(bare)] if bare in self.text else f"{self.protocol}://"
        return Url(start + found.lstrip("/"))

    @contextlib.contextmanager
    def _opened(self, what: str) -> Iterator[tuple[Any, str]]:
        """The file system and the path in it."""
        try:
            from fsspec.core import url_to_fs
        except ImportError as error:
            raise MissingDependencyError(
                f"{self}: fsspec reads URLs and is not installed", hint='pip install "fsspec>=2024.6"'
            ) from error
        try:
            files, path = url_to_fs(self.text)
        except ImportError as error:
            package = PACKAGES.get(self.protocol)
            hint = f"pip install {package}" if package else f"install what fsspec needs for {self.protocol}"
            raise MissingDependencyError(f"{self}: {error}", hint=hint) from error
        except ValueError as error:
            raise UsageError(f"{self}: {self.protocol} is no protocol that fsspec knows") from error
        try:
            yield files, path
        except MgeconvertError:
            raise
        except FileNotFoundError as error:
            raise BadInputError(f"{self}: there is no such file") from error
        except Exception as error:  # each library below fsspec has errors of its own
            kind = BadInputError if what != "be written" else MgeconvertError
            raise kind(f"{self}: cannot {what}: {type(error).__name__}: {error}") from error


Where: TypeAlias = Path | Url


def is_url(text: str) -> bool:
    return PATTERN.fullmatch(text) is not None


def where(text: str) -> Where:
    """A path, or the URL that a text is; UsageError where it climbs above its start."""
    if not is_url(text):
        return Path(text)
    if ".." in urlsplit(text).path.split("/"):
        raise UsageError(f"{text}: a URL with .. in it", hint="write the place that it means")
    if text.lower().startswith("file://"):
        return Path(urlsplit(text).path)
    return Url(text)


def joined(folder: Where, text: str) -> Where:
    """The place that a text names which stands in a file of that folder."""
    if is_url(text):
        return where(text)
    return folder / text


def stamp(place: Where) -> str:
    """Another text where the content is another."""
    from mgeconvert.files import digest

    return place.stamp() if isinstance(place, Url) else digest(place)
