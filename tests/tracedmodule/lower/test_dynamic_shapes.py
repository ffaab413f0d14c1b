"""Numbers that equal a size which varies: taken for it and said, or kept."""

from __future__ import annotations

import re

import pytest

from mgeconvert.errors import RefusedError, UsageError
from mgeconvert.tracedmodule.lower.dynamic_shapes import _shape, kept, sizes_when_traced
from mgeconvert.tracedmodule.lower.shapes import ShapeBuilder, reshape


@pytest.mark.parametrize(
    ("numbers", "guesses", "shape"),
    [((), ["model: 48 is taken for W"], ("W",)), ((48,), [], (48,)), ((3,), ["model: 48 is taken for W"], ("W",))],
)
def test_numbers_follow_sizes_or_are_kept(numbers: tuple[int, ...], guesses: list[str], shape: tuple[object]) -> None:
    b = ShapeBuilder({"H": 32, "W": 48}, numbers)
    x = b.input("x", "float32", (1, 3, "H", "W"))
    assert reshape(b, x, [-1, 48]).shape[1:] == shape  # type: ignore[index]
    assert b.guesses == guesses


@pytest.mark.parametrize(
    ("shape", "sizes", "found"),
    [((1, 3, 32, "W"), (-1, 48), [-1, 48]), (("N", 3, "H", "W"), (2, -1, 48), [0, -1, 48])],
)
def test_what_the_elements_leave_is_not_what_they_left_when_traced(
    shape: tuple[int | str, ...], sizes: tuple[int, ...], found: list[int]
) -> None:
    """48 is kept, so that the -1 beside it varies instead."""
    b = ShapeBuilder({"N": 2, "H": 32, "W": 48}, (48,))
    y = reshape(b, b.input("x", "float32", shape), list(sizes))
    (node,) = [node for node in b.graph.nodes if node.outputs == [y]]
    assert node.inputs[1] is not None
    assert node.inputs[1].array is not None
    assert node.inputs[1].array.tolist() == found


def test_a_batch_of_one_is_not_said() -> None:
    b = ShapeBuilder({"N": 1})
    reshape(b, b.input("x", "float32", ("N", 4, 4)), [1, 16])
    assert b.guesses == []


@pytest.mark.parametrize("shape", [(1, 4), (4, 1, 1, 4)])
def test_a_number_of_elements_that_does_not_fit(shape: tuple[int, ...]) -> None:
    b = ShapeBuilder()
    text = re.escape(f"float32[1,4,9,17] has not the elements of a shape of {list(shape)}")
    with pytest.raises(RefusedError, match=text):
        reshape(b, b.input("x", "float32", (1, 4, 9, 17)), list(shape))


def test_the_option() -> None:
    assert kept("48, 3") == {48, 3}
    assert kept(None) == frozenset()
    with pytest.raises(UsageError) as refusal:
        kept("48,W")
    assert (refusal.value.message, refusal.value.hint) == (
        "--keep-constant 48,W: expected numbers",
        "--keep-constant 48,3",
    )


def test_shapes_that_do_not_fit_the_trace() -> None:
    with pytest.raises(UsageError) as refusal:
        _shape("x=N,4", "x", "N,4", {"x": (1, 3, 4)})
    assert refusal.value.message == "--dynamic-shape x=N,4: 2 sizes, x was traced as 1,3,4"
    with pytest.raises(UsageError) as refusal:
        sizes_when_traced({"x": ("N", 4), "y": ("N", "N")}, {"x": (3, 4), "y": (3, 5)})
    assert (refusal.value.message, refusal.value.hint) == (
        "--dynamic-shape y: N stands for 5 here and for 3 elsewhere",
        "give dimensions of different sizes different names",
    )
