"""What a file is, from its first bytes: one table of magics for every reader.

A reader that meets something else than its own format raises `other_than(...)`, so that equal bytes are called the same
under every suffix, and the way on is one that works: a format that an installed frontend reads is only misnamed.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from .errors import BadInputError
from .registry import frontend, frontend_names

HEAD = 4096
"""How many first bytes the table needs."""
STREAM = "standard input"
"""The name of a stream that has none."""

SHOW = "mgeconvert {path}"
"""Says what can be done with a file that is of another format than the command takes."""
COPY_AGAIN = "download or copy the file again and compare its size with the original's"
TRACE = 'in MegEngine: mge.save(mge.traced_module.trace_module(net, x), "model.pkl")'
_ORIGIN = "export the model to ONNX from its framework"
_HDF5 = (
    "of Keras: export the model to ONNX; of Caffe: write it again with pycaffe, net.copy_from(FILE), "
    "net.save('NAME.caffemodel')"
)
_CAFFE = "give the .prototxt as the model; the .caffemodel is found beside it, or named with --weights"
_ARRAYS = f"it holds arrays and no graph: convert the model that they belong to; {TRACE}"

_ONNX = rb"\x08[\x01-\x14][\x12\x1a\x22\x2a\x32\x3a\x42\x72]"
_CAFFEMODEL = rb"(\x0a[\x00-\x7f].{0,127}?)?\xa2\x06"
_PROTOTXT = rb"[^\0]*?^\s*layers?\s*\{"
_OLD_PICKLE = rb"\(dp|\(lp|\(i|c[A-Za-z_][\w.]*\n|\}q|\]q"
_OLD_TORCH = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19"

STATIC = (b"MGBC", b"MGBS", b"mgbtest0", b"packed_model")
"""How MegEngine's static graphs begin, besides those of "mgv2", which has its size in front."""

Test: TypeAlias = "Callable[[bytes], object]"


def _at(offset: int, *magics: bytes) -> Test:
    return lambda head: any(head.startswith(magic, offset) for magic in magics)


def _like(pattern: bytes) -> Test:
    return lambda head: re.match(pattern, head, re.DOTALL | re.MULTILINE)


def _zip_with(member: bytes) -> Test:
    return lambda head: head.startswith(b"PK\3\4") and member in head


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: `format` is the short name of the format of ours that it is of, with the `suffix` it should have;
    `hint` how to go on where no frontend reads it, with ``{path}``, ``{stem}`` and ``{unpacked}`` for file names."""

    what: str
    matches: Test
    hint: str = ""
    format: str = ""
    suffix: str = ""


KINDS: tuple[Kind, ...] = (
    Kind("a PyTorch checkpoint", _at(0, _OLD_TORCH), _ORIGIN),
    Kind("a PyTorch checkpoint", _zip_with(b"data.pkl"), _ORIGIN),
    Kind("a numpy archive (.npz)", _zip_with(b".npy"), _ARRAYS),
    Kind("a Keras archive", _zip_with(b"model.weights.h5"), _ORIGIN),
    Kind("a zip archive", _zip_with(b""), "unzip {path}"),
    Kind("a pickle", _at(0, *(bytes([0x80, protocol]) for protocol in range(2, 6))), TRACE, "tm", ".pkl"),
    Kind("a pickle of protocol 0 or 1", _like(_OLD_PICKLE), "save it again with mge.save, which writes protocol 4"),
    Kind("a numpy array (.npy)", _at(0, b"\x93NUMPY"), _ARRAYS),
    Kind(
        "a TFLite model",
        _at(4, b"TFL3"),
        "convert the model that it was made of",
        "tflite",
        ".tflite",
    ),
    Kind(
        "a static graph of MegEngine's trace.dump",
        lambda head: head.startswith(b"mgv2", 8) or head.startswith(STATIC),
        f"save the network itself, as a TracedModule; {TRACE}",
        "mge",
        ".mge",
    ),
    Kind("compressed with gzip", _at(0, b"\x1f\x8b"), "gzip -dc {path} > {unpacked}"),
    Kind("compressed with xz", _at(0, b"\xfd7zXZ\0"), "xz -dc {path} > {unpacked}"),
    Kind("compressed with bzip2", _at(0, b"BZh"), "bzip2 -dc {path} > {unpacked}"),
    Kind("compressed with zstd", _at(0, b"\x28\xb5\x2f\xfd"), "zstd -dc {path} > {unpacked}"),
    Kind("a 7z archive", _at(0, b"7z\xbc\xaf\x27\x1c"), "7z x {path}"),
    Kind("a tar archive", _at(257, b"ustar"), "tar -xf {path}"),
    Kind("an HDF5 file", _at(0, b"\x89HDF\r\n\x1a\n"), _HDF5),
    Kind("a safetensors file", _at(4, b'\0\0\0\0{"'), _ARRAYS),
    Kind("a TensorRT engine", _at(0, b"ftrt", b"ptrt"), _ORIGIN),
    Kind("an ncnn model", _at(0, b"7767517\n", b"7767517\r\n"), _ORIGIN),
    Kind("a Git LFS pointer, not the file itself", _at(0, b"version https://git-lfs"), "git lfs pull"),
    Kind("an OpenVINO model", _like(rb"\s*<\?xml[^>]*>\s*<net\b"), _ORIGIN),
    Kind(
        "a web page, not the file itself",
        _like(rb"(?i)\s*<(!doctype html|html|\?xml)"),
        "download the file itself, not the page about it",
    ),
    Kind("an ONNX model", _like(_ONNX), "", "onnx", ".onnx"),
    Kind("a Caffe model's weights", _like(_CAFFEMODEL), _CAFFE, "caffe", ".caffemodel"),
    Kind("a Caffe net description (prototxt)", _like(_PROTOTXT), _CAFFE, "caffe", ".prototxt"),
)
"""The first that matches counts."""


def recognise(head: bytes) -> Kind | None:
    """The kind of a file with these first bytes (`HEAD` of them), None where no row of the table matches."""
    return next((kind for kind in KINDS if kind.matches(head)), None)


def other_than(expected: str, suffix: str, head: bytes, name: str, hint: str | None = None) -> BadInputError:
    """The error of a reader of files with that suffix which met a file with these first bytes.

    `expected` is what it reads, in words; `hint` how to go on with a file that no row of the table matches.
    """
    kind = recognise(head)
    if not head:
        return BadInputError(f"{name}: is empty, expected {expected}", hint=COPY_AGAIN)
    if kind is None:
        what = "text" if head.isascii() and b"\0" not in head else f"of no known format ({_beginning(head)})"
        return BadInputError(f"{name}: is {what}, expected {expected}", hint=hint)
    if kind.suffix == suffix:
        return BadInputError(f"{name}: is damaged or cut off, expected {expected}", hint=COPY_AGAIN)
    return BadInputError(f"{name}: is {kind.what}, expected {expected}", hint=_hint(kind, name))


def _beginning(head: bytes) -> str:
    return f"it begins with {head[:8].hex(' ')}"


def _hint(kind: Kind, name: str) -> str:
    """What to do with a file of that kind, as a command with the file's names in it."""
    if kind.format in frontend_names():
        if name == STREAM:
            return f"mgeconvert load - --from {kind.format}"
        if name.endswith(kind.suffix):
            return filled(SHOW if name.endswith(frontend(kind.format).suffixes) else kind.hint, name)
        return filled(f"mv {{path}} {{stem}}{kind.suffix}", name)
    return filled(kind.hint, name)


def filled(hint: str, name: str) -> str:
    """A hint with the names of the file in it: ``{path}``, ``{stem}`` without suffix, ``{unpacked}`` uncompressed."""
    path = shown(name)
    stem, suffix = os.path.splitext(path)
    unpacked = stem if suffix in (".gz", ".xz", ".bz2", ".zst") else f"{stem}.unpacked{suffix}"
    names = {"path": path, "stem": stem, "unpacked": unpacked}
    return re.sub(r"\{(path|unpacked|stem)\}(\.\w+)?", lambda found: _quoted(names[found[1]], found[2]), hint)


def _quoted(name: str, suffix: str | None) -> str:
    return shlex.quote(name + (suffix or ""))


def shown(name: str) -> str:
    """The file's name, as it stands in a command."""
    return "FILE" if name == STREAM else name
