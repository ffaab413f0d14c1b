"""What handlers make of sizes alone is limited, each constant and all of one conversion."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from mgeconvert.errors import RefusedError
from mgeconvert.ir import table_size
from tests.test_house import FILES, ROOT

MAKERS = frozenset(["arange", "zeros", "ones", "full", "eye", "indices", "meshgrid", "mgrid", "tri"])
"""What numpy makes of sizes alone; `mgeconvert.ir.table_size` has them with a limit."""


def makes_tables(path: Path) -> bool:
    """Whether a file is one of those whose handlers get sizes from a model."""
    return bool({"emit", "lower", "down", "up", "compose"} & set(path.parts[:-1]))


def of_sizes(path: Path) -> Iterator[str]:
    """The calls of a file that make an array of sizes that are not written there, and not those of an array."""
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        made = node.func if isinstance(node, ast.Call) else node.value if isinstance(node, ast.Subscript) else None
        if not isinstance(made, ast.Attribute) or ast.unparse(made.value) != "np" or made.attr not in MAKERS:
            continue
        sizes = node.args[0] if isinstance(node, ast.Call) else node
        whole = sizes.value if isinstance(sizes, ast.Subscript) and isinstance(node, ast.Call) else sizes
        is_arrays = isinstance(whole, ast.Attribute) and whole.attr == "shape"
        if not is_arrays and any(isinstance(each, ast.Name) for each in ast.walk(sizes)):
            yield f"{path}:{node.lineno}: {ast.unparse(node)}"


def test_constants_made_of_sizes_are_limited() -> None:
    found = [line for path in FILES if makes_tables(path) for line in of_sizes(path)]
    assert not found, "use the makers of mgeconvert.ir.table_size:\n" + "\n".join(found)


HUGE = 1 << 31
TOO_LARGE: dict[str, Callable[[], object]] = {
    "arange": lambda: table_size.arange(HUGE),
    "steps": lambda: table_size.arange(0, 2 * HUGE, 2),
    "zeros": lambda: table_size.zeros((1 << 12, 1 << 13)),
    "one size": lambda: table_size.zeros(HUGE),
    "no rows": lambda: table_size.indices((0, HUGE)),
    "ones": lambda: table_size.ones((HUGE,), bool),
    "full": lambda: table_size.full((1, HUGE), 1.0),
    "eye": lambda: table_size.eye(1 << 13),
    "grid": lambda: table_size.grid(np.arange(1 << 13), np.arange(1 << 12)),
    "padded": lambda: table_size.padded(np.ones((1, 4)), [(0, 0), (HUGE, 0)]),
    "repeated": lambda: table_size.repeated(np.ones(4), (HUGE,)),
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_what_is_too_large_is_refused_before_it_is_made(name: str) -> None:
    with pytest.raises(RefusedError, match=r"needs a constant of .* numbers, more than the 16,777,216 that are made"):
        TOO_LARGE[name]()


def test_the_makers_are_numpys() -> None:
    assert np.array_equal(table_size.arange(3), np.arange(3))
    assert np.array_equal(table_size.arange(7, 1, -2, dtype=np.int8), np.arange(7, 1, -2, dtype=np.int8))
    assert np.array_equal(table_size.eye(2, 3, 1, bool), np.eye(2, 3, 1, bool))
    assert np.array_equal(table_size.indices((2, 3)), np.indices((2, 3)))
    assert np.array_equal(table_size.grid(np.arange(2), np.arange(3)), np.indices((2, 3)))
    assert np.array_equal(table_size.repeated(np.arange(2), (2, 2)), np.tile(np.arange(2), (2, 2)))


def test_a_weight_may_be_widened() -> None:
    assert table_size.zeros((1 << 13, 1 << 12), np.int8, beside=1 << 22).nbytes == 1 << 25


def _of_many_nodes() -> None:
    for _ in range(table_size.TOTAL // table_size.MOST + 1):
        table_size.check_table(table_size.MOST)


def test_all_tables_of_one_conversion_are_limited() -> None:
    with table_size.limited_tables(0), pytest.raises(RefusedError, match="the operators of this model need constants"):
        _of_many_nodes()
    with table_size.limited_tables(table_size.TOTAL):
        _of_many_nodes()
