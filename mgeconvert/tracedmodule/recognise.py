"""Says what a file is that is no TracedModule, and how to go on."""

from __future__ import annotations

import mmap
import re
from collections.abc import Callable, Collection
from typing import Any

from mgeconvert.errors import BadInputError

from .arrays import ArrayRecord
from .records import ModuleRecord, TensorRecord, TracedModuleRecord
from .scan import Audit

COPY_AGAIN = "download or copy the file again and compare its size with the original's"
TRACE = 'in MegEngine: mge.save(mge.traced_module.trace_module(net, x), "model.pkl")'
TRACE_WITH_WEIGHTS = f"load it into its network with net.load_state_dict(mge.load(...)), then trace that; {TRACE}"

_FOREIGN = "export it from there to ONNX; MegEngine's models come as TracedModule pickles"
_MAGIC: list[tuple[Callable[[bytes], object], str, str]] = [
    (
        re.compile(rb"\x08[\x01-\x14][\x12\x1a\x22\x2a\x32\x3a\x42\x72]").match,
        "an ONNX model",
        "rename it to {stem}.onnx",
    ),
    (lambda head: head[4:8] == b"TFL3", "a TFLite model", "rename it to {stem}.tflite"),
    (
        re.compile(rb"\x0a(.).{0,127}\xa2\x06", re.DOTALL).match,
        "a Caffe model's weights",
        "rename it to {stem}.caffemodel; its .prototxt is needed too",
    ),
    (
        lambda head: head[8:12] == b"mgv2" or head[:4] in (b"MGBC", b"mgb0", b"mgbt"),
        "a static graph written by MegEngine's trace.dump",
        f"save the network as a TracedModule instead; {TRACE}",
    ),
    (lambda head: head[:2] == b"\x1f\x8b", "compressed with gzip", "gzip -dc {path} > {stem}.unpacked.pkl"),
    (lambda head: head[:6] == b"\xfd7zXZ\0", "compressed with xz", "xz -dc {path} > {stem}.unpacked.pkl"),
    (lambda head: head[:3] == b"BZh", "compressed with bzip2", "bzip2 -dc {path} > {stem}.unpacked.pkl"),
    (lambda head: head[:4] == b"\x28\xb5\x2f\xfd", "compressed with zstd", "zstd -dc {path} > {stem}.unpacked.pkl"),
    (lambda head: head[257:262] == b"ustar", "a tar archive", "tar -xf {path}"),
    (lambda head: head[:4] == b"PK\3\4" and b"data.pkl" in head, "a PyTorch checkpoint", _FOREIGN),
    (
        lambda head: head[:14] == b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19",
        "a PyTorch checkpoint of the old format",
        _FOREIGN,
    ),
    (lambda head: head[:4] == b"PK\3\4" and b".npy" in head, "a numpy archive (.npz)", "it holds arrays, no graph"),
    (lambda head: head[:4] == b"PK\3\4", "a zip archive", "unzip {path}"),
    (lambda head: head[:6] == b"\x93NUMPY", "a numpy array (.npy)", "it holds an array, no graph"),
    (lambda head: head[:8] == b"\x89HDF\r\n\x1a\n", "an HDF5 file (Keras)", _FOREIGN),
    (lambda head: head[8:10] == b'{"' and head[4:8] == b"\0\0\0\0", "a safetensors file", "it holds weights, no graph"),
    (
        lambda head: head.startswith(b"version https://git-lfs"),
        "a Git LFS pointer, not the file itself",
        "git lfs pull",
    ),
    (
        re.compile(rb"\s*<(!doctype html|html|\?xml)", re.IGNORECASE).match,
        "a web page, not the file itself",
        "download it again; the link leads to a page",
    ),
    (
        re.compile(rb"(\(dp|\(lp|\(i|c[A-Za-z_][\w.]*\n|\}q|\]q)").match,
        "a pickle of protocol 0 or 1",
        "save it again with mge.save, which writes protocol 4",
    ),
]


def check_head(data: mmap.mmap | bytes, name: str) -> None:
    """BadInputError unless the file begins as a pickle of protocol 2 to 5; it names the formats we know."""
    head = bytes(data[:4096])
    for matches, what, hint in _MAGIC:
        if matches(head):
            stem = name.rpartition(".")[0] or name
            raise BadInputError(
                f"{name}: is {what}, expected a TracedModule pickle", hint=hint.format(path=name, stem=stem)
            )
    if head[0] != 0x80 or (len(head) > 1 and head[1] not in (2, 3, 4, 5)):
        raise BadInputError(
            f"{name}: is no pickle (it begins with {head[:8].hex(' ')}), expected a TracedModule pickle", hint=TRACE
        )


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
                hint=f'in MegEngine: mge.save(mge.load("{name}")[{key!r}], "model.pkl")',
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
