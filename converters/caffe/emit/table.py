"""The table of emitters: ONNX operator to Caffe layers.

An emitter has the ONNX operator's own signature: its inputs in order, then its attributes as keywords with ONNX's
defaults. An input annotated `Blob` is a computed value (a constant becomes a Parameter layer), `Array` must be a
constant, `Operand` may be either. The keywords `out`, `outs`, `dtype`, `in_dtype` and `infinite` are given by the
driver: the shape of the first output, those of all, the first output's and the first input's type, and for each input
whether infinite constants take part in it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np

from .net import Blob

Array: TypeAlias = np.ndarray
Operand: TypeAlias = "Blob | np.ndarray"
Emitted: TypeAlias = "Blob | Sequence[Blob]"
Handler: TypeAlias = Callable[..., Emitted]
H = TypeVar("H", bound=Handler)

GIVEN = ("out", "outs", "dtype", "in_dtype", "infinite")


@dataclass(frozen=True, slots=True)
class Emitter:
    """One row of the table: the handler, its signature without the net, and what to know about the result."""

    handler: Handler
    signature: inspect.Signature
    note: str


EMITTERS: dict[str, Emitter] = {}


def emit(*ops: str, note: str = "") -> Callable[[H], H]:
    """Claim ONNX operators for a handler `(net, *inputs, **attributes)`."""

    def register(handler: H) -> H:
        signature = inspect.signature(handler)
        parameters = list(signature.parameters.values())[1:]
        for op in ops:
            assert op not in EMITTERS, op
            EMITTERS[op] = Emitter(handler, signature.replace(parameters=parameters), note)
        return handler

    return register
