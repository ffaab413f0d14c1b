"""The downgrade rules, by kind of operator. Importing the modules fills `rewrite.RULES`."""

from __future__ import annotations


def load_rules() -> None:
    """Make sure every rule is in the table."""
    from . import activation as activations
    from . import axes, indexing, movement, normalization, pooling, quantization, recurrent, scattering
    from . import elementwise as comparisons
    from . import reduction as reductions
    from . import resize as resizing
    from . import vision as sampling

    del activations, axes, comparisons, indexing, movement, normalization, pooling, quantization, recurrent
    del reductions, resizing, sampling, scattering
