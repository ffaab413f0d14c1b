"""Kinds of expressions that are no tensor: whole numbers, lists of them, several results."""

from __future__ import annotations


class Whole(str):
    """Text of a Python int."""

    __slots__ = ()


class Sizes(str):
    """Text of a list, tuple or torch.Size of Python ints."""

    __slots__ = ()


class Many(str):
    """Text of an expression with several results."""

    __slots__ = ()
