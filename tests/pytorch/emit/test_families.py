"""Who knows the name of an operator, or of a call of MegEngine, knows the file of its handler."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mgeconvert.ir.families import ONNX
from mgeconvert.tracedmodule.families import family
from mgeconvert_converters.pytorch.emit import table
from mgeconvert_converters.pytorch.emit.refused import REFUSED
from mgeconvert_converters.pytorch.support import emitters

ROOM = table.__name__.removesuffix("table")


@pytest.mark.parametrize(("name", "handler"), emitters(), ids=lambda item: item if isinstance(item, str) else "")
def test_a_handler_stands_in_the_file_of_its_family(name: str, handler: Callable[..., object]) -> None:
    assert handler.__module__.removeprefix(ROOM).partition(".")[0] == (ONNX.get(name) or family(name))


def test_every_operator_is_written_or_refused_in_every_form_and_has_a_family() -> None:
    assert [name for name in REFUSED if name not in ONNX] == []
    assert table.EMITTERS.keys() & REFUSED.keys() == set()
