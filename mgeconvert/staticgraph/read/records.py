"""A static graph as inert records: operators with their parameters and tensors, and the values between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mgeconvert.tracedmodule.read.arrays import DType


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor that an operator holds: an input has no `array`. `packed` names a memory format other than row-major."""

    name: str
    shape: tuple[int, ...]
    dtype: DType
    array: np.ndarray | None
    packed: str = ""


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator: `type` is the class's name (``ConvolutionV2``) and `version` that of its form, `params` its
    parameter tables (kind, fields) in order, `inputs` and `outputs` the numbers of values. `output_dtype` is None where
    the file says none. `data` are bytes of its own."""

    type: str
    version: int
    name: str
    params: tuple[tuple[str, Mapping[str, Any]], ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    tensors: tuple[Tensor, ...]
    output_dtype: DType | None
    data: tuple[bytes, ...] = ()

    def param(self, kind: str) -> Mapping[str, Any] | None:
        """The fields of its first parameter table of that kind."""
        return next((fields for name, fields in self.params if name == kind), None)


@dataclass(frozen=True, slots=True)
class Variable:
    """What the file says of a value: its name, the shape of the traced run, its type; empty where it says nothing."""

    name: str = ""
    shape: tuple[int, ...] | None = None
    dtype: DType | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One test case: arrays by the names of inputs and, where the outputs are tested, of outputs."""

    inputs: Mapping[str, np.ndarray]
    outputs: Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class StaticGraph:
    """A whole file.

    `container` is mgv2 or mgb1, `wrapped` what it was wrapped in, `version` the writer's (``1.13.0``), `optimized` the
    bits of optimize_for_inference, `outputs` the numbers of the output values with their names, `cases` the test cases
    in front.
    """

    name: str
    container: str
    wrapped: str
    version: str
    optimized: int
    operators: tuple[Operator, ...]
    variables: Mapping[int, Variable]
    outputs: tuple[tuple[int, str], ...]
    cases: tuple[Case, ...] = ()
