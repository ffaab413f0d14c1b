"""A proof beside a verified file: what was compared with what, by which programs, and the figures.

``NAME.proof.json`` holds SHA-256 hashes of the source, the written files and the recorded data, so that anyone can see
in a moment whether the files are still those that were compared, and compute the figures again.
"""

from __future__ import annotations

import contextlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from mgeconvert.errors import BadInputError
from mgeconvert.files import digest
from mgeconvert.version import NAME, VERSION

from .report import VerificationReport
from .tolerance import Limit

FORMAT, SUFFIX = "mgeconvert proof", ".proof.json"
PACKAGES = ("numpy", "onnx", "onnxruntime", "ai-edge-litert", "opencv-python-headless", "protobuf", "flatbuffers")
"""What can change a figure; those that are installed are named with their versions."""
HINT = "mgeconvert convert MODEL OUT --proof writes one"


@dataclass(frozen=True, slots=True)
class Change:
    """A file of a proof that is not what it was: `role` is source, output or recorded."""

    role: str
    path: Path
    fact: str

    def __str__(self) -> str:
        return f"{self.role} {self.path}: {self.fact}"


def proof_path(output: Path) -> Path:
    """``model.onnx.proof.json`` for ``model.onnx``: files of several formats may share a name."""
    return output.with_name(f"{output.name}{SUFFIX}")


def proved(path: Path) -> Path:
    """The file that a proof is of, where the path is the proof's own."""
    return path.with_name(path.name.removesuffix(SUFFIX))


def proof(
    report: VerificationReport,
    source: Path,
    outputs: Sequence[Path],
    recorded: Path | None,
    did: Mapping[str, Any],
    at: Path,
) -> dict[str, Any]:
    """The document, to be written to `at`: paths in it are relative to its folder where they are below it. `did` says
    how the file was made: the options that were given, the passes that changed something, and whether an edit or a
    quantization made it another model (`is_of_run`)."""
    files = [("source", source), *(("output", path) for path in outputs)]
    files += [] if recorded is None else [("recorded", recorded)]
    return {
        "format": FORMAT,
        "version": VERSION,
        "files": [{"role": role, "path": _spoken(path, at), "sha256": digest(path)} for role, path in files],
        **did,
        "versions": {NAME: VERSION, "python": platform.python_version(), "platform": platform.platform()}
        | dict(_installed()),
        "judge": {"runtime": report.runtime, "truth": report.truth, "method": report.method},
        "limit": asdict(report.limit),
        "passed": report.passed,
        "outputs": [asdict(output) for output in report.outputs],
        "notes": list(report.notes),
    }


def read_proof(path: Path) -> dict[str, Any]:
    """The document of a file; BadInputError for what is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != FORMAT:
            raise KeyError("format")
        for each in found["files"]:
            if not all(isinstance(each[key], str) for key in ("role", "path", "sha256")):
                raise TypeError(each)
        if not all(isinstance(each["name"], str) for each in found["outputs"]):
            raise TypeError("outputs")
        limit_of(found)
        return dict(found)
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read: {error.strerror or error}", hint=HINT) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInputError(f"{path}: is no proof of mgeconvert", hint=HINT) from error


def files_of(found: Mapping[str, Any], at: Path, role: str) -> list[Path]:
    """The files of a role, where the proof at that place says they are."""
    return [at.parent / each["path"] for each in found["files"] if each["role"] == role]


def limit_of(found: Mapping[str, Any]) -> Limit:
    """The limits that the file was judged by; TypeError where they are none."""
    limit = Limit(**found["limit"])
    if not all(isinstance(each, float | int | None) for each in (limit.rtol, limit.cosine)) or limit.rtol is None:
        raise TypeError("limit")
    return limit


def changes(found: Mapping[str, Any], at: Path) -> list[Change]:
    """The files that are not those that were compared."""
    made = []
    for each in found["files"]:
        path = at.parent / each["path"]
        if not path.is_file():
            made.append(Change(each["role"], path, "no such file"))
        elif digest(path) != each["sha256"]:
            made.append(Change(each["role"], path, "has other bytes than were compared"))
    return made


def worse(found: Mapping[str, Any], report: VerificationReport) -> list[str]:
    """Outputs that a new run finds failing, or further off than the proof says and its limit allows."""
    was = {each["name"]: each.get("max_rel") for each in found["outputs"]}
    lines = [f"{output.name}: {output.problem}" for output in report.failed]
    lines += [f"{output.name}: is not in the proof" for output in report.outputs if output.name not in was]
    return lines + [f"{name}: is not computed any more" for name in was if name not in {o.name for o in report.outputs}]


def _installed() -> list[tuple[str, str]]:
    found = []
    for name in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found.append((name, metadata.version(name)))
    return found


def _spoken(path: Path, at: Path) -> str:
    """Relative to the proof's folder where the file is below it, else absolute."""
    path, folder = path.absolute(), at.absolute().parent
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
