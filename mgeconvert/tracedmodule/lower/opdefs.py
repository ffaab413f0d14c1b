"""What the lowerings of raw operators share (megengine.core.ops.builtin, which functions that escape the tracer leave
behind as `Apply`).

Each is a call of the function that MegEngine builds on it. Inputs are positional, fields keywords; fields that only
choose an implementation (strategy, workspace, compute mode, device) are taken and ignored through `**tuning`.
Source: the fields of each opdef's state and its behaviour in MegEngine 1.13.
"""

from __future__ import annotations

from mgeconvert.errors import refuse

OP = "megengine.core.ops.builtin."


def nchw(format: str) -> None:
    """Refuses other orders of the axes."""
    if format not in ("NCHW", "NCDHW", "DEFAULT"):
        refuse(f"the memory format {format}, which only MegEngine's own optimized graphs have")
