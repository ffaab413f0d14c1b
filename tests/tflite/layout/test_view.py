"""Views: what transposes and reshapes do to the order of elements, without operators."""

from __future__ import annotations

import numpy as np
import pytest

from mgeconvert.ir import Shape
from mgeconvert_converters.tflite.layout.sizes import resolve
from mgeconvert_converters.tflite.layout.view import View, plain, runs
from mgeconvert_converters.tflite.model import channels_last, identity


def realised(view: View, stored: np.ndarray) -> np.ndarray:
    """The IR value that a tensor with these bytes holds."""
    atoms = stored.reshape([int(view.atoms[atom]) for atom in view.order])
    return atoms.transpose(np.argsort(view.order)).reshape([int(dim) for dim in view.shape])


STEPS = [
    [("transpose", (0, 2, 3, 1))],
    [("reshape", (2, 3, 2, 4, 5)), ("transpose", (0, 2, 1, 3, 4)), ("reshape", (2, 6, 4, 5))],
    [("reshape", (2, 120))],
    [("reshape", (12, 20)), ("transpose", (1, 0)), ("reshape", (4, 5, 2, 6))],
    [("reshape", (1, 2, 6, 1, 20)), ("transpose", (4, 3, 2, 1, 0)), ("reshape", (20, 12))],
    [("reshape", (240,)), ("reshape", (2, 2, 3, 4, 5)), ("transpose", (4, 3, 2, 1, 0))],
]


@pytest.mark.parametrize("steps", STEPS, ids=str)
@pytest.mark.parametrize("layout", [identity(4), channels_last(4), (3, 1, 0, 2)], ids=str)
def test_steps_cost_nothing(steps: list[tuple[str, Shape]], layout: tuple[int, ...]) -> None:
    """Whatever layout the tensor is in, its bytes stay and the view follows numpy."""
    value = np.arange(240).reshape(2, 6, 4, 5)
    stored = value.transpose(layout).copy()
    view = plain(value.shape, layout)
    for name, argument in steps:
        if name == "transpose":
            value, view = value.transpose(argument), view.transposed(argument)
        else:
            reshaped = view.reshaped(argument)
            assert reshaped is not None
            value, view = value.reshape(argument), reshaped
        np.testing.assert_array_equal(realised(view, stored), value)


def test_an_axis_that_straddles_atoms() -> None:
    assert plain((2, 3), (0, 1)).reshaped((3, 2)) is None
    assert plain((4, 6), (0, 1)).reshaped((8, 3)) is not None


def test_natural_layouts() -> None:
    image = plain((1, 8, 4, 4), channels_last(4))
    assert image.natural([]) == (0, 2, 3, 1)
    flat = image.reshaped((1, 128))
    assert flat is not None
    assert flat.natural([]) is None
    pooled = plain((1, 8, 1, 1), channels_last(4)).reshaped((1, 8))
    assert pooled is not None
    assert pooled.natural([]) == (0, 1)


def test_axes_of_size_one_are_free() -> None:
    column = plain((1, 8), (0, 1)).reshaped((1, 8, 1, 1))
    assert column is not None
    assert column.has(channels_last(4))
    assert column.has(identity(4))


def test_symbols() -> None:
    view = plain(("N", 8, 4, 4), channels_last(4)).reshaped(("N", 2, 4, 4, 4))
    assert view is not None
    assert view.atoms == ("N", 2, 4, 4, 4)
    merged = plain(("N", 3, 4), (0, 1, 2)).reshaped(("rows", 4))
    assert merged is not None
    assert merged.groups == (2, 1)
    assert resolve((24, ("N",)), ("unknown", 4)) == [(6, ("N",)), (4, ())]
    assert resolve((24, ("N",)), ("a", "b")) is None


def test_the_shortest_transpose() -> None:
    """A channel shuffle in NHWC moves two runs; N, H and W stay together."""
    view = plain((1, 2, 4, 6, 6), (0, 3, 4, 1, 2)).transposed((0, 2, 1, 3, 4))
    grouped, order = runs(view, view.sequence((0, 3, 4, 1, 2)))
    assert [[view.atoms[atom] for atom in run] for run in grouped] == [[6, 6], [2], [4]]
    assert order == [0, 2, 1]


def test_towards_ends_at_the_target() -> None:
    view = plain((2, 3, 2, 3, 2, 3, 2, 2), identity(8))
    target = (7, 5, 3, 1, 6, 4, 2, 0)
    for _ in range(len(target)):
        if view.order == target:
            break
        view = View(view.shape, view.atoms, view.groups, view.towards(target))
    assert view.order == target
