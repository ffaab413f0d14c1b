"""Test rows: one line per form of an operator, judged by MegEngine's own outputs in every backend.

A row names a MegEngine callable and its arguments (`cases`); `source` turns it into the module that the reference
environment traces; `goldens` keeps the traced pickle with MegEngine's outputs; `check` converts and compares.
"""

from .cases import Case, Code, Network, P, X
from .source import OP, F, M, T

__all__ = ["OP", "Case", "Code", "F", "M", "Network", "P", "T", "X"]
