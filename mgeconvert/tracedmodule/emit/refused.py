"""Operators that are refused in every form, with the reason."""

from __future__ import annotations

from collections.abc import Mapping

REFUSED: Mapping[str, str] = {
    **dict.fromkeys(("If", "Loop", "Scan"), "a TracedModule has no control flow"),
}
UNKNOWN = "MegEngine has no such operator and no rewrite is known"
"""The reason for an operator that no table has."""

LACKING = frozenset(["AveragePool", "GatherND", "LSTM", "MaxPool", "RNN", "Resize"])
"""Operators of which MegEngine has no form that `mgeconvert.compose` names: they are composed of others."""
