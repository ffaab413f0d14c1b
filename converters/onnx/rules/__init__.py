"""The downgrade rules, by kind of operator. Importing the modules fills `rewrite.RULES`."""

from __future__ import annotations


def load_rules() -> None:
    """Make sure every rule is in the table."""
    from . import (
        activations,
        axes,
        comparisons,
        indexing,
        movement,
        normalization,
        pooling,
        quantization,
        recurrent,
        reductions,
        resizing,
        sampling,
        scattering,
    )

    del activations, axes, comparisons, indexing, movement, normalization, pooling, quantization, recurrent
    del reductions, resizing, sampling, scattering
