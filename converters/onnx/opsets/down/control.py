"""Loops: Scan had a batch dimension before opset 9."""

from __future__ import annotations

from mgeconvert.errors import refuse
from mgeconvert.ir import Node

from .replacement import Replacement
from .table import Result, downgrade


@downgrade("Scan", since=9)
def scan_of_a_batch(_: Replacement, node: Node) -> Result:
    """Scan(states, inputs) has no form with a batch dimension here: refused."""
    refuse(f"the form without a batch dimension, with {len(node.inputs)} inputs")
