"""Products of dimensions, known and symbolic: what reshapes are decided by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mgeconvert.ir import Dim, Shape

Size = tuple[int, tuple[str, ...]]
"""A product: a number and the symbols, sorted."""


def product(dims: Sequence[Dim]) -> Size:
    number, symbols = 1, []
    for dim in dims:
        if isinstance(dim, int):
            number *= dim
        else:
            symbols.append(dim)
    return number, tuple(sorted(symbols))


def quotient(total: Size, part: Size) -> Size | None:
    """total / part, None where it is not a whole product."""
    if part[0] == 0 or total[0] % part[0]:
        return None
    left = Counter(total[1])
    left.subtract(part[1])
    if any(count < 0 for count in left.values()):
        return None
    return total[0] // part[0], tuple(sorted(left.elements()))


def _dim(size: Size) -> Dim:
    """A size as one dimension; a product with symbols is named by its factors."""
    number, symbols = size
    if not symbols:
        return number
    return "*".join([str(number)] * (number != 1) + list(symbols))


def resolve(total: Size, shape: Shape) -> list[Size] | None:
    """Each dimension's size in terms of the symbols in `total`; one unknown symbol is deduced from the rest."""
    known = set(total[1])
    unknown = [axis for axis, dim in enumerate(shape) if isinstance(dim, str) and dim not in known]
    sizes = [product([dim]) for dim in shape]
    if len(unknown) > 1:
        return None
    if unknown:
        others = product([dim for axis, dim in enumerate(shape) if axis != unknown[0]])
        rest = quotient(total, others)
        if rest is None:
            return None
        sizes[unknown[0]] = rest
    return sizes if product(shape) == total or unknown else None
