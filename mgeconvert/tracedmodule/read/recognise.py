"""Says what a file is that is no TracedModule, and how to go on."""

from __future__ import annotations

import mmap
import os
import pickle
import re
import shlex
from collections.abc import Callable, Collection
from typing import Any, TypeAlias

from mgeconvert.errors import BadInputError

from .arrays import ArrayRecord
from .modules import ModuleRecord, TracedModuleRecord
from .scan import Audit
from .source import STREAM
from .values import TensorRecord

PROTO = pickle.PROTO[0]
COPY_AGAIN = "download or copy the file again and compare its size with the original's"
TRACE = 'in MegEngine: mge.save(mge.traced_module.trace_module(net, x), "model.pkl")'
TRACE_WITH_WEIGHTS = f"load it into its network with net.load_state_dict(mge.load(...)), then trace that; {TRACE}"

_FOREIGN = "export it from there to ONNX; MegEngine's models come as TracedModule pickles"
_STATIC = f"save the network itself, as a TracedModule; {TRACE}"
_ONNX = rb"\x08[\x01-\x14][\x12\x1a\x22\x2a\x32\x3a\x42\x72]"
_CAFFE = rb"\x0a[\x00-\x7f].{0,127}?\xa2\x06"
_OLD_PICKLE = rb"\(dp|\(lp|\(i|c[A-Za-z_][\w.]*\n|\}q|\]q"
_WEB_PAGE = rb"(?i)\s*<(!doctype html|html|\?xml)"
_OLD_TORCH = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19"

_Test: TypeAlias = "Callable[[bytes], object]"


def _at(offset: int, *magics: bytes) -> _Test:
    return lambda head: any(head.startswith(magic, offset) for magic in magics)


def _like(pattern: bytes) -> _Test:
    return lambda head: re.match(pattern, head, re.DOTALL)


def _zip_with(member: bytes) -> _Test:
    return lambda head: head.startswith(b"PK\3\4") and member in head


_FORMATS: tuple[tuple[_Test, str, str], ...] = (
    # how its first bytes look, what it is, how to go on
    (_at(0, _OLD_TORCH), "a PyTorch checkpoint", _FOREIGN),
    (_zip_with(b"data.pkl"), "a PyTorch checkpoint", _FOREIGN),
    (_zip_with(b".npy"), "a numpy archive (.npz)", f"it holds arrays, no graph; {TRACE}"),
    (_zip_with(b""), "a zip archive", "unzip {path}"),
    (_at(0, b"\x93NUMPY"), "a numpy array (.npy)", f"it holds an array, no graph; {TRACE}"),
    (_at(4, b"TFL3"), "a TFLite model", "mv {path} {stem}.tflite"),
    (_at(8, b"mgv2"), "a static graph of MegEngine's trace.dump", _STATIC),
    (_at(0, b"MGBC", b"mgb0", b"mgbt"), "a static graph of MegEngine's trace.dump", _STATIC),
    (_at(0, b"\x1f\x8b"), "compressed with gzip", "gzip -dc {path} > {unpacked}"),
    (_at(0, b"\xfd7zXZ\0"), "compressed with xz", "xz -dc {path} > {unpacked}"),
    (_at(0, b"BZh"), "compressed with bzip2", "bzip2 -dc {path} > {unpacked}"),
    (_at(0, b"\x28\xb5\x2f\xfd"), "compressed with zstd", "zstd -dc {path} > {unpacked}"),
    (_at(257, b"ustar"), "a tar archive", "tar -xf {path}"),
    (_at(0, b"\x89HDF\r\n\x1a\n"), "an HDF5 file (Keras)", _FOREIGN),
    (_at(4, b'\0\0\0\0{"'), "a safetensors file", f"it holds weights, no graph; {TRACE}"),
    (_at(0, b"version https://git-lfs"), "a Git LFS pointer, not the file itself", "git lfs pull"),
    (_like(_WEB_PAGE), "a web page, not the file itself", "download the file itself, not the page about it"),
    (_like(_ONNX), "an ONNX model", "mv {path} {stem}.onnx"),
    (_like(_CAFFE), "a Caffe model's weights", "mv {path} {stem}.caffemodel"),
    (_like(_OLD_PICKLE), "a pickle of protocol 0 or 1", "save it again with mge.save, which writes protocol 4"),
)


def check_head(data: mmap.mmap | bytes, name: str) -> None:
    """BadInputError unless the file begins as a pickle of protocol 2 to 5; it names the formats we know."""
    head = bytes(data[:4096])
    if head[0] == PROTO and 2 <= head[1 % len(head)] <= 5 and not head.startswith(_OLD_TORCH):
        return
    for matches, what, hint in _FORMATS:
        if matches(head):
            raise BadInputError(f"{name}: is {what}, expected a TracedModule pickle", hint=_filled(hint, name))
    begins = head[:8].hex(" ")
    raise BadInputError(f"{name}: is no pickle (it begins with {begins}), expected a TracedModule", hint=TRACE)


def _filled(hint: str, name: str) -> str:
    """A hint with the file's names in it."""
    path = _shown(name)
    stem, suffix = os.path.splitext(path)
    unpacked = stem if suffix in (".gz", ".xz", ".bz2", ".zst") else f"{stem}.unpacked{suffix}"
    return hint.format(path=shlex.quote(path), stem=shlex.quote(stem), unpacked=shlex.quote(unpacked))


def _shown(name: str) -> str:
    """The file's name, as it stands in a command."""
    return "FILE" if name == STREAM else name


def check_root(audit: Audit, data: mmap.mmap | bytes, name: str, foreign: Collection[str]) -> None:
    """BadInputError for a pickled network: its class is the user's own, but its state is a megengine Module's."""
    root = audit.root
    if root is not None and root.qualname in foreign and data.find(b"_forward_pre_hooks") >= 0:
        raise _plain_module(name, root.qualname)


def not_traced(root: Any, name: str) -> BadInputError:
    """Why the records of a pickle are no TracedModule."""
    if isinstance(root, ModuleRecord):
        return _plain_module(name, root.qualname)
    if isinstance(root, TensorRecord | ArrayRecord):
        return BadInputError(f"{name}: holds one array, expected a TracedModule", hint=TRACE)
    if isinstance(root, dict):
        return _dictionary(root, name)
    return BadInputError(f"{name}: holds a {type(root).__name__}, expected a TracedModule", hint=TRACE)


def _plain_module(name: str, qualname: str) -> BadInputError:
    return BadInputError(
        f"{name}: is a pickled Module ({qualname}), whose forward() is Python code that the file does not hold; "
        "expected a TracedModule",
        hint=f"trace it where its code is; {TRACE}",
    )


def _dictionary(root: dict[Any, Any], name: str) -> BadInputError:
    for key, value in root.items():
        if isinstance(value, TracedModuleRecord):
            return BadInputError(
                f"{name}: is a dict with a TracedModule under {key!r}, expected the TracedModule itself",
                hint=f'in MegEngine: mge.save(mge.load("{_shown(name)}")[{key!r}], "traced.pkl")',
            )
    tensors = [key for key, value in root.items() if isinstance(value, TensorRecord | ArrayRecord)]
    if tensors and len(tensors) == len(root):
        return BadInputError(
            f"{name}: is a state dict ({_some(tensors, 'tensor')}): weights without a graph, expected a TracedModule",
            hint=TRACE_WITH_WEIGHTS,
        )
    if _holds_tensors(root):
        return BadInputError(
            f"{name}: is a checkpoint ({_some(list(root), 'entry')}): weights without a graph, expected a TracedModule",
            hint=TRACE_WITH_WEIGHTS,
        )
    return BadInputError(f"{name}: is a dict ({_some(list(root), 'entry')}), expected a TracedModule", hint=TRACE)


def _holds_tensors(value: Any, depth: int = 0) -> bool:
    if isinstance(value, TensorRecord | ArrayRecord):
        return True
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return depth < 8 and any(_holds_tensors(part, depth + 1) for part in parts)


def _some(keys: list[Any], noun: str) -> str:
    nouns = noun if len(keys) == 1 else "entries" if noun == "entry" else f"{noun}s"
    shown = ", ".join(str(key)[:60] for key in keys[:3])
    return f"{len(keys)} {nouns}: {shown}{', ...' if len(keys) > 3 else ''}"
