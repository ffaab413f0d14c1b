"""Who knows a layer's or an operator's name knows the file of its handler."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from mgeconvert.ir import families
from mgeconvert.ir.families import FAMILIES
from mgeconvert_converters.caffe import emit, lower
from mgeconvert_converters.caffe.families import LAYERS
from tests.caffe.lower import layer_rows

LOWERED = {name: row.handler for name, row in lower.LOWERINGS.items()}
EMITTED = {name: row.handler for name, row in emit.EMITTERS.items()}


@pytest.mark.parametrize(
    ("room", "families", "handlers"), [("lower", LAYERS, LOWERED), ("emit", families.ONNX, EMITTED)]
)
def test_a_handler_stands_in_the_file_of_its_family(
    room: str, families: dict[str, str], handlers: dict[str, Callable[..., object]]
) -> None:
    elsewhere = {
        name: handler.__module__
        for name, handler in handlers.items()
        if f"mgeconvert_converters.caffe.{room}.{families[name]}." not in f"{handler.__module__}."
    }
    assert elsewhere == {}


def test_rows_of_a_layer_stand_in_the_table_of_its_family() -> None:
    tables = {family: getattr(layer_rows, family.upper(), []) for family in FAMILIES}
    assert sum(map(len, tables.values())) + len(layer_rows.NETS) == len(layer_rows.ROWS)
    types = [(family, row.id, re.findall(r'type: "(\w+)"', row.layers)) for family in tables for row in tables[family]]
    assert [row for family, row, layers in types if LAYERS[layers[0]] != family] == []


def test_every_layer_type_of_a_table_has_a_family() -> None:
    tables = {*lower.LOWERINGS, *lower.REFUSED, *lower.TRAINING, *lower.DATA, "Input"}
    assert tables ^ LAYERS.keys() == set()
    assert set(LAYERS.values()) <= FAMILIES.keys()


def test_a_layer_with_the_name_of_an_operator_is_of_its_family() -> None:
    assert {name: family for name, family in LAYERS.items() if families.ONNX.get(name, family) != family} == {}
