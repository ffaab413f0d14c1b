"""The one policy on size: a rewrite must not make the file larger than it was.

What a rewrite frees are nodes, and constants that nothing else reads; what it stores are its new constants. A user may
allow every single rewrite some bytes more (``--allow-growth``).
"""

from __future__ import annotations

from mgeconvert.ir import Node, Value

from .outcome import Decline
from .rewriter import Rewriter

NODE_BYTES = 64
"""What a node takes in a file, at the least: how much larger constants may become when one goes."""


def share(r: Rewriter, value: Value | None) -> int:
    """The bytes that go when one reader of a constant goes: none while others read it."""
    if value is None or value.array is None:
        return 0
    return value.array.nbytes if r.uses(value) == 1 else 0


def freed(r: Rewriter, *nodes: Node) -> int:
    """The bytes that go with these nodes and the constants that only they read."""
    return sum(NODE_BYTES + sum(share(r, value) for value in node.inputs) for node in nodes)


def check_growth(r: Rewriter, stored: int, freed: int, fact: str) -> None:
    """Decline where a rewrite stores more bytes than it frees; `fact` says what takes them."""
    if stored > freed + r.allowed_growth:
        raise Decline(f"{fact}: the file would grow by {stored - freed:,} bytes")
