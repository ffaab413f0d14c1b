"""One case a form of an IR operator, by family."""

from __future__ import annotations

from . import convolution, elementwise, index, product, sequence, shape

CASES = [
    *elementwise.CASES,
    *convolution.CASES,
    *product.CASES,
    *shape.CASES,
    *index.CASES,
    *sequence.CASES,
]
