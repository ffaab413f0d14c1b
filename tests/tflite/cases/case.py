"""What the cases of all families are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
IMAGE = (2, 3, 5, 7)


def real(*shape: int, low: float = -1.0, high: float = 1.0, dtype: str = "float32", seed: int = 0) -> Array:
    rng = np.random.default_rng((seed, *shape))
    if dtype == "bool":
        return rng.random(shape) > 0.5
    if dtype.startswith(("int", "uint")):
        return rng.integers(int(low), int(high), shape).astype(dtype)
    return rng.uniform(low, high, shape).astype(dtype)


def whole(*shape: int, high: int = 5, low: int = 0, seed: int = 0, dtype: str = "int32") -> Array:
    return real(*shape, low=low, high=high, dtype=dtype, seed=seed)


class Op:
    """One case: operator, operands (arrays are inputs, `C`s constants, None omitted), attributes."""

    def __init__(
        self, op: str, *operands: Any, outputs: int = 1, rtol: float = 1e-5, tag: str = "", **attrs: Any
    ) -> None:
        self.op, self.operands, self.outputs, self.rtol, self.attrs, self.tag = op, operands, outputs, rtol, attrs, tag

    def make(self, b: Any, *values: Any) -> Any:
        given = iter(values)
        operands = [operand.array if isinstance(operand, C) else operand if operand is None else next(given)
                    for operand in self.operands]  # fmt: skip
        return b.ops(self.op, self.outputs, *operands, **self.attrs)

    @property
    def inputs(self) -> tuple[Array, ...]:
        return tuple(operand for operand in self.operands if isinstance(operand, np.ndarray))

    def __str__(self) -> str:
        shapes = "_".join("x".join(map(str, getattr(o, "array", o).shape)) for o in self.operands if o is not None)
        attrs = ",".join(f"{k}={v}" for k, v in self.attrs.items() if not isinstance(v, np.ndarray))
        return f"{self.op}-{self.tag or shapes}-{attrs}"


class C:
    """A constant operand."""

    def __init__(self, array: Any, dtype: str = "float32") -> None:
        self.array = np.asarray(array, dtype)


def ints(*numbers: int) -> C:
    return C(numbers, "int64")
