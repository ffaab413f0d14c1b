"""Weights of 1 MB to 6 GB, all different: seconds and memory beside `cat in > out`."""

from __future__ import annotations

from pathlib import Path

from .measured import Point, Row, least, mgeconvert, write_chain

CHANNELS = {1: 128, 10: 256, 100: 1024, 1_000: 2048, 6_000: 4096}
"""Megabytes of weights -> channels of the convolutions that hold them."""
SMALL = 100
"""Megabytes up to which `make bench` goes without being asked for more."""
CONVOLUTION = 4
"""One of so many operators of a chain is a convolution."""


def size_rows(folder: Path, largest: int = SMALL) -> list[Row]:
    """To ONNX, without verification. Reading and writing once is three times what the system takes for a copy at most:
    a pickle's weights become arrays of Python."""
    rows: list[Row] = []
    for megabytes, channels in CHANNELS.items():
        if megabytes > largest:
            continue
        path, out = folder / f"weights{megabytes}.pkl", folder / "out.onnx"
        write_chain(path, CONVOLUTION * max(1, megabytes * 10**6 // (4 * channels**2)), channels)
        weights = path.stat().st_size
        command = mgeconvert("tm-to-onnx", path, "-o", out, "--no-verify", "--quiet", "--force")
        copying = least([["cat", str(path)]], 2, folder / "copied")[0]
        found = least([command], 2)[0]
        room = weights * 1.3 + 90e6
        said = f"{found.seconds:.2f} s, {found.memory / 1e6:,.0f} MB, {found.memory / weights:.2f}x weights"
        points = (Point("weights", "tm-to-onnx", weights / 1e6, found.seconds),
                  Point("weights", "cat in > out", weights / 1e6, max(copying.seconds, 1e-3)))  # fmt: skip
        text = f"weights x 1.3 + 90 MB = {room / 1e6:,.0f} MB"
        row = Row(f"tm-to-onnx, {weights / 1e6:,.0f} MB of weights", said, f"cat in > out: {copying.seconds:.3f} s",
                  found.memory, room, text, points)  # fmt: skip
        rows.append(row)
        path.unlink()
        for each in folder.glob("out.onnx*"):
            each.unlink()
    return rows
