"""Loops of older opsets."""

from __future__ import annotations

from mgeconvert.errors import refuse
from mgeconvert.ir.builder import Builder

from .table import Form, upgrade


@upgrade("Scan", since=9)
def scan(_: Builder, form: Form) -> Form:
    """Scan of opset 8 has a batch dimension, which no newer form has: refused."""
    refuse(f"the form of opset 8, with {len(form.inputs)} inputs")
