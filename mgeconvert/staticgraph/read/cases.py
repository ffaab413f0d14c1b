"""Test cases: what `dump(input_data=...)` puts in front of a graph and into it.

Each tested output is ``AssertEqual(expected, output, error)``, where the expected value is an input of the model, named
after the output. A test case is a graph of constants: the values of all inputs, in the order of their names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mgeconvert.errors import BadInputError

from .records import Case, Operator, StaticGraph

ASSERT = "AssertEqual"
INPUT = "Host2DeviceCopy"


def with_cases(graph: StaticGraph, cases: Sequence[StaticGraph]) -> StaticGraph:
    """The graph without its tests, which become `cases`."""
    by_output = {value: operator for operator in graph.operators for value in operator.outputs}
    tested: dict[str, str] = {}
    outputs: list[tuple[int, str]] = []
    for value, name in graph.outputs:
        operator = by_output[value]
        if operator.type == ASSERT and len(operator.inputs) >= 2:
            expected, value = operator.inputs[:2]
            name = graph.variables[value].name if value in graph.variables else ""
            tested[_input_name(by_output[expected])] = name
        outputs.append((value, name))
    if not tested and not cases:
        return graph
    names = sorted(_input_name(operator) for operator in graph.operators if operator.type == INPUT)
    found = tuple(_case(dict(zip(names, _arrays(case, len(names)), strict=True)), tested) for case in cases)
    return replace(graph, outputs=tuple(outputs), operators=_needed(graph.operators, outputs), cases=found)


def _input_name(operator: Operator) -> str:
    return operator.tensors[0].name if operator.tensors else ""


def _arrays(case: StaticGraph, count: int) -> list[np.ndarray]:
    held = {
        value: tensor.array
        for operator in case.operators
        for value, tensor in zip(operator.outputs, operator.tensors, strict=False)
    }
    arrays = [array for value, _ in case.outputs if (array := held.get(value)) is not None]
    if len(arrays) != count:
        raise BadInputError(f"a test case holds {len(arrays)} arrays, the model has {count} inputs")
    return arrays


def _case(arrays: dict[str, np.ndarray], tested: dict[str, str]) -> Case:
    inputs = {name: array for name, array in arrays.items() if name not in tested}
    return Case(inputs, {name: arrays[expected] for expected, name in tested.items()})


def _needed(operators: Sequence[Operator], outputs: Sequence[tuple[int, str]]) -> tuple[Operator, ...]:
    """The operators that the outputs depend on."""
    live = {value for value, _ in outputs}
    kept: list[Operator] = []
    for operator in reversed(operators):
        if not live.isdisjoint(operator.outputs):
            live.update(operator.inputs)
            kept.append(operator)
    return tuple(reversed(kept))
