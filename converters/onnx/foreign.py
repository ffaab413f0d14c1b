"""What a file is that is no ONNX model: a guess from its first bytes, and what to do with it."""

from __future__ import annotations

MAGICS: tuple[tuple[int, bytes, str, str | None], ...] = (
    (0, b"\x80\x02", "it is a pickle", "a TracedModule is read with --from tm"),
    (0, b"\x80\x03", "it is a pickle", "a TracedModule is read with --from tm"),
    (0, b"\x80\x04", "it is a pickle", "a TracedModule is read with --from tm"),
    (0, b"\x80\x05", "it is a pickle", "a TracedModule is read with --from tm"),
    (0, b"mgb", "it is a MegEngine static graph (.mge)", "trace the Python module with `mgeconvert trace`"),
    (4, b"TFL3", "it is a TFLite model", "TFLite is written, not read: convert the model it was made of"),
    (0, b"PK\x03\x04", "it is a zip archive, such as PyTorch writes", "export the model to ONNX from its framework"),
    (0, b"\x89HDF", "it is an HDF5 file, such as Keras writes", "export the model to ONNX from its framework"),
    (0, b"\x1f\x8b", "it is compressed with gzip", "unpack it with gunzip"),
    (0, b"\xfd7zXZ", "it is compressed with xz", "unpack it with unxz"),
    (0, b"version https://git-lfs", "it is a Git LFS pointer, not the file itself", "fetch it with `git lfs pull`"),
    (0, b"<", "it is markup, such as a web page that a download gave instead", "fetch the file again"),
)
"""(offset, bytes, what the file is, what to do)."""


def foreign_kind(head: bytes, size: int) -> tuple[str, str | None]:
    """(what the file is, a hint) from its first bytes and its length."""
    if size == 0:
        return "the file is empty", None
    for offset, magic, kind, hint in MAGICS:
        if head[offset : offset + len(magic)] == magic:
            return kind, hint
    if head.isascii() and b"\0" not in head:
        return "it is text", None
    return "it is damaged, cut off, or of another format", None
