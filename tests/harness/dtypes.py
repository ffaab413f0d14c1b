"""Rows of one form in several dtypes: ``*matrices({"sum": ("F.sum(x)", ALL)})`` makes ``sum-float16``, ``sum-int8`` ...

What MegEngine answers to argmax of bools and max pooling of float16 is memory it did not write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .cases import Code, P, X

NARROW = ("uint8", "int8", "int16")
INTEGERS = ("int8", "uint8", "int16", "int32")
NUMBERS = ("float16", *INTEGERS)
ALL = (*NUMBERS, "bool")


def ints(*values: object) -> P:
    """A constant of int32."""
    return P(values=list(values), dtype="int32")


def matrices(forms: Mapping[str, tuple[str, Sequence[str]]]) -> list[Code]:
    """Of (2, 3), from 1 to 3. Name to the body of forward() and the dtypes that MegEngine takes there."""
    return [
        Code(
            body,
            X(2, 3, dtype=dtype) if dtype == "bool" else X(2, 3, dtype=dtype, low=1, high=4),
            id=f"{name}-{dtype}",
            rtol=2e-3 if dtype == "float16" else 1e-5,
            reason="float16 has 11 bits, and kernels round between steps" if dtype == "float16" else "",
        )
        for name, (body, dtypes) in forms.items()
        for dtype in dtypes
    ]


def images(forms: Mapping[str, tuple[str, str]]) -> list[Code]:
    """Of (1, 2, 6, 6), from 0 to 99. Name to the body of forward() and the dtypes, as words."""
    return [
        Code(body, X(1, 2, 6, 6, dtype=dtype, low=0, high=100), id=f"{name}-{dtype}")
        for name, (body, dtypes) in forms.items()
        for dtype in dtypes.split()
    ]


def wrapping(forms: Mapping[str, str], dtypes: Sequence[str] = INTEGERS) -> list[Code]:
    """Five integers, with Python numbers in the body that their dtype cannot hold. Name to the body of forward()."""
    return [
        Code(body, X(values=[0, 1, 5, 100, 127], dtype=dtype), id=f"{name}-{dtype}")
        for name, body in forms.items()
        for dtype in dtypes
    ]


def beyond_int32(forms: Mapping[str, str]) -> list[Code]:
    """`wrapping` with numbers that int32 cannot hold either. Not of int32: Caffe computes in float32, which cannot hold
    the results (see tests/tracedmodule/lower/test_operands.py)."""
    return wrapping({f"{name}-beyond-int32": body for name, body in forms.items()}, NARROW)
